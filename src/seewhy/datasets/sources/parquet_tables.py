"""Photos that Parquet files name or hold: a column of paths, or of the bytes of image files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from seewhy.datasets.arrow import parquet, pyarrow
from seewhy.datasets.places.places import changed, for_arrow, place_of, whole
from seewhy.datasets.sources.entry import Entry, as_text, beside, entry_of, path_of, source_text
from seewhy.errors import ImageError, ImageNotFoundError, SeewhyError

PATHS = ("path", "file", "filename", "file_name", "photo", "image", "source")
LABELS = ("label", "class", "true", "category", "target")
BYTES = ("image", "img", "photo", "bytes", "jpg", "png", "image_bytes", "data")
_READING = threading.Lock()


def entries_of_parquet(path: str, *, from_folder: bool = False) -> Iterator[Entry]:
    """The photos of one file, read in small batches.

    A column of bytes goes before one of paths; it is binary, or a struct with a binary field
    "bytes", as the library datasets writes it. Raises ImageError where there is neither.
    """
    try:
        file = parquet().ParquetFile(for_arrow(path))
        kinds = file.schema_arrow
        held, named = _bytes_column(kinds), _named(kinds, PATHS, pyarrow().types.is_string)
        if held is None and named is None:
            raise ImageError(
                f"{path!r} has no column of photos: one of bytes called {', '.join(BYTES[:-1])} or "
                f"{BYTES[-1]}, or one of paths called {', '.join(PATHS[:-1])} or {PATHS[-1]}. It "
                f"has {', '.join(kinds.names)}."
            )
        label, name = _named(kinds, LABELS), _named(kinds, ("id",))
        part = kinds.names[0] == "row" and b"seewhy" in (kinds.metadata or {})
        columns = [each for each in (label, name, None if held else named) if each]
        columns += ["row"] if part else []
        if not file.metadata.num_rows:
            raise ImageNotFoundError(f"{path!r} has no rows.")
        yield from _of_rows(file, path, columns, (held, named, label, name), from_folder)
    except SeewhyError:  # some of which are errors of files, too
        raise
    except (OSError, pyarrow().ArrowException) as error:
        raise ImageError(f"{path!r} cannot be read ({error}): give a whole file.") from error


def _of_rows(
    file: Any,
    path: str,
    columns: list[str],
    which: tuple[str | None, str | None, str | None, str | None],
    from_folder: bool,
) -> Iterator[Entry]:
    held, named, label, name = which
    count, before = 0, None
    for batch in file.iter_batches(columns=columns):
        for row in batch.to_pylist() if columns else [{}] * batch.num_rows:
            true = None if label is None or row[label] is None else str(row[label])
            own = None if name is None or row[name] is None else str(row[name])
            if held is not None:
                place = f"{whole(path)}!{count}"
                known = as_text(own or f"{Path(path).name}!{count}")
                yield Entry(known, source_text(place), true and as_text(true))
            elif named is not None and row[named] and (before is None or before != row.get("row")):
                before = row.get("row")  # a part of a store has a row for each question
                place = path_of(row[named])
                found = beside(place_of(path).parent, place)
                yield entry_of(own or place, found, true, from_folder=from_folder)
            count += 1


def bytes_in_parquet(path: str, name: str) -> bytes:
    """The bytes of the photo in one row. Raises ImageError."""
    try:
        row, start = int(name), 0
        metadata = _metadata(path, changed(path))
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if row < start + rows:
                break
            start += rows
        else:
            raise ImageNotFoundError(f"there is no row {row} in {path!r} any more.")
        with _READING:  # so that threads that wait for a group find it read
            values = _group(path, changed(path), group)
        value = values[row - start].as_py()
    except SeewhyError:
        raise
    except (OSError, ValueError, pyarrow().ArrowException) as error:
        raise ImageError(f"row {name} of {path!r} cannot be read ({error}).") from error
    data = value.get("bytes") if isinstance(value, dict) else value
    if data is None:
        raise ImageError(f"row {name} of {path!r} has no photo.")
    return bytes(data)


@lru_cache(maxsize=8)
def _metadata(path: str, when: int) -> Any:  # noqa: ARG001
    return parquet().read_metadata(for_arrow(path))


@lru_cache(maxsize=2)
def _group(path: str, when: int, group: int) -> Any:  # noqa: ARG001
    file = parquet().ParquetFile(for_arrow(path))
    column = _bytes_column(file.schema_arrow)
    return file.read_row_group(group, columns=[column])[column]


def _bytes_column(kinds: Any) -> str | None:
    types = pyarrow().types

    def holds(kind: Any) -> bool:
        if types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
            kind = kind.field("bytes").type
        return bool(types.is_binary(kind) or types.is_large_binary(kind))

    return _named(kinds, BYTES, holds)


def _named(kinds: Any, names: tuple[str, ...], fits: Any = lambda _: True) -> str | None:
    """The first column of these names, in any case, whose type fits."""
    own = {each.name.lower(): each for each in kinds if fits(each.type)}
    return next((own[name].name for name in names if name in own), None)
