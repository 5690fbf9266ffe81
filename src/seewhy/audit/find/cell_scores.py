"""Evidence compared cell by cell: alike within a class, beyond what others show at that place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from seewhy.audit.find.evidence_rows import unit_length

BEST = 5
"""So many of the best cosines are averaged."""
POSITIVE = 0.1
"""A cell has evidence if it has so much of its map's largest value."""
QUANTILE = 0.95


@dataclass(frozen=True, eq=False)
class CellSample:
    """Photos with what the layer gives in each cell."""

    places: np.ndarray
    """int (n,): among the rows of the audit."""
    looks: np.ndarray = field(repr=False)
    """float32 (n, cells, units), of length 1."""
    evidence: np.ndarray = field(repr=False)
    """float32 (n, cells): the map's positive values, the largest of each photo is 1."""

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: slice | np.ndarray) -> CellSample:
        return CellSample(self.places[rows], self.looks[rows], self.evidence[rows])

    @classmethod
    def of(cls, places: np.ndarray, activations: np.ndarray, maps: np.ndarray) -> CellSample:
        """activations: float32 (n, rows, cols, units). maps: float32 (n, rows, cols)."""
        count, cells = len(maps), maps.shape[1] * maps.shape[2]
        flat = np.maximum(maps.reshape(count, cells), 0)
        largest = flat.max(axis=1, keepdims=True)
        evidence = np.divide(flat, largest, out=np.zeros_like(flat), where=largest > 0)
        return cls(places, unit_length(activations.reshape(count, cells, -1)), evidence)


def cell_scores(own: CellSample, other: CellSample) -> tuple[np.ndarray, np.ndarray]:
    """(float32 (n,), int (n,)): how much more alike a photo's evidence is to that of its own class
    at the same cell than to what the others show there, at the cell where that is most; -inf for
    photos without evidence.

    For each photo and cell with evidence: the mean of the five largest cosines with photos of its
    own class that have evidence there, too, less that of the five largest with the others. The
    weight of a cell changes no cosine, so that what is compared are the layer's activations.
    """
    count, cells = own.evidence.shape
    found = np.full((count, cells), -np.inf, "float32")
    for cell in range(cells):
        here = np.flatnonzero(own.evidence[:, cell] >= POSITIVE)
        if len(here) <= BEST or len(other) < BEST:
            continue
        looks = own.looks[here, cell]
        among = looks @ looks.T
        np.fill_diagonal(among, -np.inf)
        beside = looks @ other.looks[:, cell].T
        found[here, cell] = _best(among) - _best(beside)
    return found.max(axis=1), found.argmax(axis=1)


def flagged(own: CellSample, other: CellSample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(bool (n,), int (n,), float32 (n,)): which photos of a class score above 95 % of the others,
    their cells, and their scores. Both samples are taken of one size, since of more photos the
    five best are better."""
    size = min(len(own), len(other))
    scores, cells = cell_scores(own, other[:size])
    beside, _ = cell_scores(other[:size], own[:size])
    finite = beside[np.isfinite(beside)]
    threshold = max(float(np.quantile(finite, QUANTILE)) if len(finite) else 0.0, 0.0)
    return scores > threshold, cells, scores


def _best(cosines: np.ndarray) -> np.ndarray:
    best = np.partition(cosines, -BEST, axis=1)[:, -BEST:]
    mean: np.ndarray = best.mean(axis=1)
    return mean
