"""Boxes of all outlines of a map's regions at many cuts, as OpenCV's findContours draws them."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache

import numpy as np

from seewhy.maps import regions
from seewhy.metrics.localisation import component_tree
from seewhy.metrics.localisation.component_tree import Regions


def boxes(levels: np.ndarray, cuts: np.ndarray, every: bool) -> tuple[np.ndarray, np.ndarray]:
    """Boxes around what lies above each cut.

    levels: int (rows, cols). cuts: int (n,). every: the boxes of all outlines, also of holes, or
    at each cut only that with the largest area.
    Returns for each box the place of its cut int (m,), and its corners int (m, 4): left, top,
    right, bottom, these the first behind it. An outline runs through the centres of the outermost
    pixels, and pixels that touch at corners belong together.
    """
    regions, holes = _swept(levels.tobytes(), levels.shape)
    owners, numbers = _alive(regions, cuts + 1)
    if not every:
        chosen = _largest(levels, (regions, holes), owners, numbers)
        return owners[chosen], regions.corners[numbers[chosen]]
    holders, inner = _alive(holes, -cuts)
    # the outline of a hole runs through the pixels around it
    grown = holes.corners[inner] + np.array([-1, -1, 1, 1])
    return (
        np.concatenate([owners, holders]),
        np.concatenate([regions.corners[numbers], grown]),
    )


@lru_cache(maxsize=4)  # the largest box and every box are asked of one map after the other
def _swept(levels: bytes, shape: tuple[int, ...]) -> tuple[Regions, Regions]:
    """All regions, and all holes: what is not above a cut, and cut off from the edge.

    Holes live on negative levels, from the deepest on.
    """
    values = np.frombuffer(levels, int).reshape(shape)
    regions = component_tree.regions(values, _outlined(values), corners=True)
    under = component_tree.regions(-values, np.zeros(shape), corners=False)
    left, top, right, bottom = under.corners.T
    cut_off = (left > 0) & (top > 0) & (right < shape[1]) & (bottom < shape[0])
    return regions, Regions(*(getattr(under, each.name)[cut_off] for each in fields(Regions)))


def _alive(regions: Regions, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of levels, and numbers of the regions that there are at them."""
    there = (regions.died < levels[:, None]) & (levels[:, None] <= regions.born)
    owners, numbers = np.nonzero(there)
    return owners, numbers


def _outlined(levels: np.ndarray) -> np.ndarray:
    """What each pixel adds to the area between the centres of its region's pixels.

    Four pixels in a square enclose a whole unit, three of them half of one: the third and the
    fourth that come above the cut add a half each.
    """
    adds = np.zeros(levels.size)
    numbers = np.arange(levels.size).reshape(levels.shape)

    def squares(values: np.ndarray) -> np.ndarray:
        parts = [values[:-1, :-1], values[:-1, 1:], values[1:, :-1], values[1:, 1:]]
        return np.stack([part.ravel() for part in parts])

    order = np.argsort(squares(levels), axis=0, kind="stable")
    lowest = np.take_along_axis(squares(numbers), order[:2], axis=0)
    np.add.at(adds, lowest.ravel(), 0.5)
    return adds.reshape(levels.shape)


def _largest(
    levels: np.ndarray, swept: tuple[Regions, Regions], owners: np.ndarray, numbers: np.ndarray
) -> np.ndarray:
    """Which of the living is the largest at each cut; of equal ones that which begins last.

    The area inside of an outline counts holes in. It is between the region's own area and that
    of its box, which mostly tells already which is the largest.
    """
    regions, holes = swept
    least = regions.area.copy()
    most = (regions.corners[:, 2:] - regions.corners[:, :2] - 1).prod(axis=1)
    best = np.zeros(int(owners.max(initial=-1)) + 1)
    np.maximum.at(best, owners, least[numbers])
    able = most[numbers] >= best[owners]
    owners, numbers, places = owners[able], numbers[able], np.flatnonzero(able)
    rivals = np.bincount(owners)[owners]
    for k in np.unique(numbers[(rivals > 1) & (most[numbers] > least[numbers])]).tolist():
        if not _holed(regions, k, holes):
            continue
        least[k] = _filled(levels >= regions.born[k], regions.corners[k], int(regions.first[k]))
    order = np.lexsort((regions.first[numbers], least[numbers], owners))
    last = np.diff(owners[order], append=-1) != 0
    chosen: np.ndarray = places[order[last]]
    return chosen


def _holed(regions: Regions, k: int, holes: Regions) -> bool:
    """Whether there are holes inside of one region when it begins."""
    level = 1 - int(regions.born[k])
    corners = regions.corners[k]
    inside = (holes.corners[:, :2] > corners[:2]).all(axis=1)
    inside &= (holes.corners[:, 2:] < corners[2:]).all(axis=1)
    return bool((inside & (holes.died < level) & (level <= holes.born)).any())


def _filled(above: np.ndarray, corners: np.ndarray, first: int) -> float:
    """The area inside of the outline of one region, its holes filled."""
    left, top, right, bottom = corners.tolist()
    labels, _ = regions.regions(above[top:bottom, left:right])
    row, col = divmod(first, above.shape[1])
    region = labels == labels[row - top, col - left]
    outside = np.pad(~region, 1, constant_values=True)
    # what the frame reaches without stepping over corners is outside
    full = ~_reached(outside)[1:-1, 1:-1]
    corners_in = sum(
        full[i : full.shape[0] - 1 + i, j : full.shape[1] - 1 + j].astype(int)
        for i in range(2)
        for j in range(2)
    )
    counts = np.asarray(corners_in)
    return float((counts == 4).sum() + 0.5 * (counts == 3).sum())


def _reached(free: np.ndarray) -> np.ndarray:
    """What is connected to the first pixel over sides, among what is free."""
    pairs = component_tree.pairs(free.shape, corners=False)
    flat = free.ravel()
    labels = component_tree.zones(free.size, pairs[:, flat[pairs[0]] & flat[pairs[1]]])
    same: np.ndarray = (labels == labels[0]).reshape(free.shape)
    return same
