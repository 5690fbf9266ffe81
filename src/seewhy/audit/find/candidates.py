"""Candidates for findings: photos of a class with evidence at one place, the strongest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from seewhy.audit.find.cell_scores import CellSample, flagged
from seewhy.audit.find.clusters import LEAST, clusters_of, regularity
from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.audit.find.groups import Group
from seewhy.audit.regions import Region, hot_region

SAME_REGION, SAME_MEMBERS = 0.5, 0.5
"""Candidates of one class that share more of their cells and of their photos are the same."""
LEAST_REGULAR = 0.3
"""Mean cosine of the maps of a cluster of features, or of photos hottest at one place."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Photos of a group whose evidence has something in common."""

    group: Group
    found_by: str
    """"maps", "features", "cells" or "place"."""
    members: np.ndarray = field(repr=False)
    """int (n,): their places among the rows."""
    region: Region
    regularity: float
    """Mean cosine of pairs of their maps."""

    @property
    def strength(self) -> float:
        """By which candidates are ordered."""
        share = len(self.members) / len(self.group.members)
        # a handful of photos in one place is a coincidence; beyond a fifth more says little
        common = min(share / 0.2, 1.0) ** 0.5
        certain = len(self.members) / (len(self.members) + 2 * LEAST)
        compact = 1 - float(self.region.cells.mean())
        kind = 1.0 if self.group.kind == "predicted" else 0.5
        return float(self.regularity * common * certain * compact * kind)


def candidates_of(
    rows: EvidenceRows,
    groups: Sequence[Group],
    samples: Callable[[Group], tuple[CellSample, CellSample] | None],
    random: np.random.Generator,
    most: int,
) -> list[Candidate]:
    """The `most` strongest candidates, the strongest first, without those that are the same.

    samples: gives the cells of photos of a group and of other classes; None where there are none.
    """
    found: list[Candidate] = []
    for group in groups:
        found += _of_maps(rows, group, random)
        found += _of_features(rows, group, random)
        found += _of_places(rows, group)
        cells = samples(group)
        if cells is not None:
            found += _of_cells(rows, group, *cells)
    found.sort(key=lambda each: -each.strength)
    kept: list[Candidate] = []
    for each in found:
        if len(kept) == most:
            break
        if not any(same(each, other) for other in kept):
            kept.append(each)
    return kept


def same(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are of one class, place and photos."""
    return one.region.overlap(other.region) >= SAME_REGION and _share_photos(one, other)


def inside(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are of one class and photos, and one's place lies in the other's."""
    cells, others = one.region.cells, other.region.cells
    common = (cells & others).sum() / min(cells.sum(), others.sum())
    return bool(common >= SAME_REGION) and _share_photos(one, other)


def _share_photos(one: Candidate, other: Candidate) -> bool:
    if one.group.index != other.group.index:
        return False
    common = len(np.intersect1d(one.members, other.members, assume_unique=True))
    return common > SAME_MEMBERS * min(len(one.members), len(other.members))


def _of_maps(rows: EvidenceRows, group: Group, random: np.random.Generator) -> Iterator[Candidate]:
    maps = rows.maps[group.members]
    names = clusters_of(maps.reshape(len(maps), -1), random)
    for name in range(names.max() + 1):
        yield from _candidate(rows, group, "maps", group.members[names == name])


def _of_features(
    rows: EvidenceRows, group: Group, random: np.random.Generator
) -> Iterator[Candidate]:
    if rows.features is None:
        return
    names = clusters_of(rows.features[group.members], random)
    for name in range(names.max() + 1):
        for each in _candidate(rows, group, "features", group.members[names == name]):
            if each.regularity >= LEAST_REGULAR:
                yield each


def _of_places(rows: EvidenceRows, group: Group) -> Iterator[Candidate]:
    """Photos that are hottest in one cell, or in cells beside each other along a border."""
    maps = rows.maps[group.members].reshape(len(group.members), -1)
    hottest = maps.argmax(axis=1)
    for places in [np.array([cell]) for cell in np.unique(hottest)] + _borders(rows.grid):
        members = group.members[np.isin(hottest, places)]
        for each in _candidate(rows, group, "place", members):
            if each.regularity >= LEAST_REGULAR:
                yield each


def _borders(grid: tuple[int, int]) -> list[np.ndarray]:
    """The cells along each side of the grid."""
    cells = np.arange(grid[0] * grid[1]).reshape(grid)
    return [cells[0], cells[-1], cells[:, 0], cells[:, -1]]


def _of_cells(
    rows: EvidenceRows, group: Group, own: CellSample, other: CellSample
) -> Iterator[Candidate]:
    """Photos whose evidence is alike at one place, beyond what other classes show there."""
    hit, cells, _ = flagged(own, other)
    counts = np.bincount(cells[hit], minlength=own.evidence.shape[1]).reshape(rows.grid)
    if counts.max() < LEAST:
        return
    often = counts >= max(2, counts.max() / 4)
    named, number = ndimage.label(often)
    for name in range(1, number + 1):
        region = Region(named == name)
        inside = hit & region.cells.ravel()[cells]
        if inside.sum() >= LEAST:
            for each in _candidate(rows, group, "cells", own.places[inside]):
                yield replace(each, region=region)


def _candidate(
    rows: EvidenceRows, group: Group, found_by: str, members: np.ndarray
) -> Iterator[Candidate]:
    if len(members) < LEAST:
        return
    maps = rows.maps[members]
    alike = regularity(maps.reshape(len(maps), -1))
    yield Candidate(group, found_by, np.sort(members), hot_region(maps), alike)
