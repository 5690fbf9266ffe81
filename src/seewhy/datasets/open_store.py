"""Stores of runs, read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from seewhy import checks
from seewhy.datasets.arrow import parquet, pyarrow
from seewhy.datasets.manifest import read_manifest
from seewhy.datasets.places.places import Place, for_arrow
from seewhy.datasets.row_places import rising_places
from seewhy.datasets.store_files import part_paths, store_place
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import OptionError, StoreError
from seewhy.maps.stored_maps import unscaled
from seewhy.results.prediction import Prediction

if TYPE_CHECKING:
    from pandas import DataFrame

    from seewhy.datasets.gallery.write_gallery import Gallery

_LATER = ("photo_sha256",)
"""Columns that stores of earlier versions do not have."""
_FIELDS = tuple(each.name for each in fields(StoredRow) if each.name not in ("manifest", "map"))


def open_store(store: str | Place) -> Store:
    """What `seewhy.datasets.run` found, as far as its parts are whole.

    Needs neither the model nor Keras. Raises StoreError for what is no store.
    """
    folder = store_place(store)
    manifest = read_manifest(folder)
    if manifest is None:
        raise StoreError(
            f"{str(folder)!r} is no store: it has no manifest.json. Give the folder that "
            f"seewhy run was given with --output."
        )
    files = _read(folder, lambda _: tuple(part_paths(folder)))
    kept = tuple(np.arange(_read(path, _rows_in)) for path in files)
    return Store(folder, manifest, files, kept)


def _rows_in(path: Place) -> int:
    return int(parquet().read_metadata(for_arrow(path)).num_rows)


def _read(path: Place, read: Callable[[Place], Any]) -> Any:
    """What a function reads of one part, which is closed behind it: there may be more parts than a
    process may open files. Raises StoreError."""
    try:
        return read(path)
    except (OSError, pyarrow().ArrowException) as error:
        raise StoreError(
            f"{str(path)!r} cannot be read ({str(error).strip()}): remove that part, and run the "
            f"same command again to make it anew."
        ) from error


@dataclass(frozen=True, eq=False)
class Store:
    """Rows of a store, one a photo and question, in the order of the photos.

    They are read part by part: what is in memory does not grow with their number, but for `maps`
    and `to_frame`, which hold all.
    """

    folder: Place
    manifest: dict[str, Any]
    """What the store was made with: model, method, layer, options, versions, photos."""
    files: tuple[Place, ...]
    """The parts that are whole, in their order."""
    kept: tuple[np.ndarray, ...]
    """Of each part the places of the rows that are in."""

    def __len__(self) -> int:
        return sum(map(len, self.kept))

    def __repr__(self) -> str:
        about = self.manifest
        return (
            f"Store({str(self.folder)!r}: {len(self)} rows, {about['method']} at "
            f"{about['layer']} of {about['model']['name']})"
        )

    def __iter__(self) -> Iterator[StoredRow]:
        for part in range(self.parts):
            yield from self.rows_of(part)

    @property
    def parts(self) -> int:
        """How many parts are there."""
        return len(self.files)

    def rows_of(self, part: int) -> Iterator[StoredRow]:
        """The rows of one part."""
        if len(self.kept[part]):
            yield from self._rows(self._table(part))

    def columns_of(self, part: int, names: Sequence[str]) -> Any:
        """Columns of the rows of one part, by name, as a table of pyarrow."""
        return self._table(part, names)

    def keys_of(self, part: int) -> list[tuple[str, str]]:
        """(id, question) of the rows of one part."""
        columns = self._table(part, ["id", "question"])
        return list(zip(columns["id"].to_pylist(), columns["question"].to_pylist(), strict=True))

    @overload
    def __getitem__(self, index: int) -> StoredRow: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | np.ndarray) -> Store: ...

    def __getitem__(self, index: int | slice | Sequence[int] | np.ndarray) -> StoredRow | Store:
        """One row, or some of them: row k of a part of many is found without reading the others.

        index: a place; or a slice, a mask with a bool for each row, or places that rise, which all
        give a store. Raises IndexError for places that there are not, and for other orders.
        """
        if isinstance(index, slice):
            index = np.arange(len(self))[index]
        if isinstance(index, bool) or not isinstance(index, int | np.integer):
            return self._chosen(rising_places(index, len(self)))
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} of a store of {len(self)} rows")
        (row,) = self._chosen(np.array([index % len(self)]))
        return row

    def where(self, condition: Callable[[StoredRow], Any] | None = None, **values: Any) -> Store:
        """The rows for which a function says yes, and whose fields have these values.

        values: by name of a field of a row, as in label="cat"; a field with several values, such
        as warnings, has to contain it. Raises OptionError for unknown fields.
        """
        known = (*_FIELDS, "predicted", "right")
        unknown = [name for name in values if name not in known]
        if unknown:
            raise OptionError(f"a row has no field {unknown[0]!r}: it has {', '.join(known)}.")

        def fits(row: StoredRow) -> bool:
            same = all(_is(getattr(row, name), value) for name, value in values.items())
            return same and (condition is None or bool(condition(row)))

        kept = []
        for part, places in enumerate(self.kept):
            # the maps are most of a part, and only a function may look at them
            table = self._table(part, with_maps=condition is not None) if len(places) else None
            hit = [] if table is None else [fits(row) for row in self._rows(table)]
            kept.append(places[np.array(hit, bool)])
        return replace(self, kept=tuple(kept))

    @property
    def maps(self) -> np.ndarray:
        """float32 (n, rows, cols), signed; NaN where a photo could not be read."""
        parts = [
            _maps(self._table(part, ["map", "scale"]), self._grid)
            for part in range(self.parts)
            if len(self.kept[part])
        ]
        return np.concatenate(parts) if parts else np.zeros((0, *self._grid), "float32")

    @property
    def features(self) -> np.ndarray:
        """float32 (n, units); NaN where there is no positive evidence, or no photo. Raises
        OptionError for a store without features."""
        if "units" not in self.manifest:
            raise OptionError(
                f"the store {str(self.folder)!r} has no features: run again with --features into "
                f"another folder."
            )
        found = [np.zeros((0, self.manifest["units"]), "float32")]
        for part in range(self.parts):
            if len(self.kept[part]):
                column = self._table(part, ["features"])["features"].combine_chunks()
                rows = np.full((len(column), found[0].shape[1]), np.nan, "float32")
                values = np.asarray(column.flatten())  # a list that is null has none here
                rows[~np.asarray(column.is_null())] = values.reshape(-1, rows.shape[1])
                found.append(rows)
        return np.concatenate(found)

    def to_frame(self, *, maps: bool = False) -> DataFrame:
        """A data frame of pandas with a row for each. maps: whether it has the maps, too, as flat
        lists divided by their scale. Raises DependencyError where pandas is not installed."""
        from seewhy.render.notebooks.frames import data_frame

        names = [*_FIELDS, "map"] if maps else list(_FIELDS)
        if not len(self):
            return data_frame([], names)
        tables = [self._table(part, names) for part in range(self.parts) if len(self.kept[part])]
        data_frame([], names)  # tells where pandas is missing
        frame: DataFrame = pyarrow().concat_tables(tables).select(names).to_pandas()
        return frame

    def gallery(self, folder: str | Path, *, side: int = 384, limit: int | None = None) -> Gallery:
        """Write these rows into a folder as one page, index.html, with pictures beside it.

        side: pixels of the longer side of pictures, 32..2048; those that are there are kept.
        limit: how many rows are shown, the first ones. Photos that are gone are told in the page
        and in `problems`. Raises OptionError for a folder that has another page or cannot be
        written.
        """
        from seewhy.datasets.gallery.write_gallery import write_gallery

        shown = self if limit is None else self[: checks.count("limit", limit)]
        return write_gallery(shown, len(shown), self.manifest, Path(folder), side)

    @property
    def _grid(self) -> tuple[int, ...]:
        return tuple(self.manifest["grid"])

    @cached_property
    def _ends(self) -> np.ndarray:
        ends: np.ndarray = np.cumsum([len(places) for places in self.kept])
        return ends

    def _chosen(self, indices: np.ndarray) -> Store:
        """The rows at these places among those that are in, in the order of the store."""
        parts = np.searchsorted(self._ends, indices, side="right")
        starts = self._ends - [len(places) for places in self.kept]
        kept = [
            places[np.sort(indices[parts == part] - starts[part])]
            for part, places in enumerate(self.kept)
        ]
        return replace(self, kept=tuple(kept))

    def _table(
        self, part: int, columns: Sequence[str] | None = None, *, with_maps: bool = True
    ) -> Any:
        """Columns of the rows of one part that are in; all of them if none is named."""
        names = columns or ([*_FIELDS, "map"] if with_maps else list(_FIELDS))

        def read(path: Place) -> Any:
            with parquet().ParquetFile(for_arrow(path), page_checksum_verification=True) as file:
                return _with_all(file.read(columns=list(names)), names)

        table = _read(self.files[part], read)
        return table.take(pyarrow().array(self.kept[part]))

    def _rows(self, table: Any) -> Iterator[StoredRow]:
        maps = _maps(table, self._grid) if "map" in table.column_names else None
        for k, values in enumerate(table.select(list(_FIELDS)).to_pylist()):
            readable = values["error"] is None
            values["top"] = None if values["top"] is None else self._predictions(values["top"])
            values["warnings"] = tuple(values["warnings"]) if readable else None
            own = maps[k] if maps is not None and readable else None
            yield StoredRow(**values, map=own, manifest=self.manifest)

    def _predictions(self, top: Sequence[dict[str, Any]]) -> tuple[Prediction, ...]:
        classes = self.manifest["classes"]
        found = []
        for each in top:
            wnid, name = classes[each["index"]]
            found.append(Prediction(each["index"], wnid, name, each["probability"]))
        return tuple(found)


def _with_all(table: Any, names: Sequence[str]) -> Any:
    """The same with a column without values for each that stores of earlier versions lack."""
    for name in _LATER:
        if name in names and name not in table.column_names:
            arrow = pyarrow()
            table = table.append_column(name, arrow.nulls(len(table), arrow.string()))
    return table


def _is(own: Any, value: Any) -> bool:
    if isinstance(own, tuple) and not isinstance(value, tuple | list):
        return value in own
    return bool(own == value)


def _maps(table: Any, grid: tuple[int, ...]) -> np.ndarray:
    """The maps as they were, float32 (n, rows, cols); NaN where there is none."""
    column = table["map"].combine_chunks()
    missing = np.asarray(column.is_null())
    shares = np.full((len(column), int(np.prod(grid))), np.nan, "float32")
    # a list that is null has no values here
    flat = np.asarray(column.flatten()).astype("float32")
    shares[~missing] = flat.reshape(-1, shares.shape[1])
    scale = table["scale"].to_numpy().astype("float32")
    maps: np.ndarray = unscaled(scale, shares).reshape(-1, *grid)
    return maps
