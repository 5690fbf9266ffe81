"""Where two stores differ: the same photos and questions, explained by two models or methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, overload

import numpy as np

from seewhy.datasets.open_store import Store, open_store
from seewhy.datasets.places.places import Place
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import OptionError
from seewhy.images.geometry import enlarge
from seewhy.maps.correlation import correlation
from seewhy.maps.scaling import finish

if TYPE_CHECKING:
    from pandas import DataFrame

Key = tuple[str, str]
ROUNDING = 2 / 1024
"""Heatmaps that differ by less everywhere are the same but for how stores round."""


@dataclass(frozen=True)
class StoreDifference:
    """How differently two stores explain one photo and question."""

    id: str
    source: str
    question: str
    label: str | None
    figure: float
    """1 less the correlation of the heatmaps: 0 for equal ones, 1 for unrelated, up to 2; NaN where
    a map has values that are not finite."""
    target_a: str | None
    target_b: str | None
    predicted_a: str | None
    predicted_b: str | None
    score_a: float | None
    score_b: float | None
    note: str
    """What the figure does not tell: another class, an empty map."""


@dataclass(frozen=True)
class StoreDiff(Sequence[StoreDifference]):
    """Photos of two stores by how differently they are explained, the most different first."""

    differences: tuple[StoreDifference, ...]
    only_a: int
    """Rows of the first store that the second does not have, or of photos that either could not
    read."""
    only_b: int

    def __len__(self) -> int:
        return len(self.differences)

    @overload
    def __getitem__(self, index: int) -> StoreDifference: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[StoreDifference]: ...

    def __getitem__(self, index: int | slice) -> StoreDifference | Sequence[StoreDifference]:
        return self.differences[index]

    @property
    def changed(self) -> tuple[StoreDifference, ...]:
        """Those of which the two predict different classes."""
        return tuple(each for each in self if each.predicted_a != each.predicted_b)

    @property
    def figures(self) -> np.ndarray:
        """float64 (n,): the figures, largest first, those that are NaN behind."""
        return np.array([each.figure for each in self], float)

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each. Raises DependencyError without pandas."""
        from seewhy.render.notebooks.frames import data_frame

        names = [each.name for each in fields(StoreDifference)]
        return data_frame([asdict(each) for each in self.differences], names)


def compare_stores(a: Store | str | Place, b: Store | str | Place) -> StoreDiff:
    """Two stores, photo by photo: rows of the same id and question are compared.

    Of maps of two grids the coarser is enlarged to the finer. Neither photos nor models are needed.
    Raises OptionError for stores whose photos were fitted in different ways, StoreError.
    """
    first, second = (each if isinstance(each, Store) else open_store(each) for each in (a, b))
    fits = [each.manifest["options"]["fit"] for each in (first, second)]
    if fits[0] != fits[1]:
        raise OptionError(
            f"the photos of one store were fitted by {fits[0]!r}, those of the other by "
            f"{fits[1]!r}: their maps lie on other parts of the photos. Run one again with --fit "
            f"{fits[0]}."
        )
    places = _places(second)
    found = [_difference(one, other) for one, other in _pairs(first, second, places)]
    # NaN, of which nothing is known, behind all others
    found.sort(key=lambda each: (np.isnan(each.figure), -each.figure))
    return StoreDiff(tuple(found), len(first) - len(found), len(second) - len(found))


def _places(store: Store) -> dict[Key, tuple[int, int]]:
    """Where each photo and question stands: its part, and its place in that."""
    return {
        key: (part, place)
        for part in range(store.parts)
        for place, key in enumerate(store.keys_of(part))
    }


def _pairs(
    first: Store, second: Store, places: dict[Key, tuple[int, int]]
) -> Iterator[tuple[StoredRow, StoredRow]]:
    read = lru_cache(maxsize=2)(lambda part: list(second.rows_of(part)))
    for one in first:
        place = places.get((one.id, one.question))
        if place is None or one.map is None:
            continue
        other = read(place[0])[place[1]]
        if other.map is not None:
            yield one, other


def _difference(one: StoredRow, other: StoredRow) -> StoreDifference:
    figure, notes = _figure(one, other)
    if one.predicted != other.predicted:
        notes.append(f"A decides {one.predicted}, B decides {other.predicted}.")
    if one.target != other.target:
        notes.append("The maps speak of two classes.")
    return StoreDifference(
        id=one.id,
        source=one.source,
        question=one.question,
        label=one.label,
        figure=figure,
        target_a=one.target,
        target_b=other.target,
        predicted_a=one.predicted,
        predicted_b=other.predicted,
        score_a=one.score,
        score_b=other.score,
        note=" ".join(notes),
    )


def _figure(one: StoredRow, other: StoredRow) -> tuple[float, list[str]]:
    """How much the heatmaps differ, and what must be known of them."""
    maps = [np.zeros(0) if row.map is None else row.map for row in (one, other)]
    if not all(np.isfinite(map).all() for map in maps):
        return float("nan"), ["A map has values that are not finite."]
    size = max((map.shape for map in maps), key=lambda shape: shape[0] * shape[1])
    first, second = (finish(map if map.shape == size else enlarge(map, size)) for map in maps)
    empty = [name for name, map in (("A", first), ("B", second)) if not map.any()]
    notes = [f"There is no positive evidence in {' and '.join(empty)}."] if empty else []
    same = bool(np.abs(first - second).max() <= ROUNDING)
    return 0.0 if same else 1 - correlation(first, second), notes
