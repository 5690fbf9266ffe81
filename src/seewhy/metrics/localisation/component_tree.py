"""All connected regions of a map at all of its levels, found in one sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIDES = ((0, 1), (1, 0))
CORNERS = ((1, 1), (1, -1))


@dataclass(frozen=True)
class Regions:
    """Regions of pixels of at least some level; each lives while the level sinks through a range.

    A region of the level t is one with `died` < t ≤ `born`.
    """

    born: np.ndarray
    died: np.ndarray
    """int (n,)."""
    corners: np.ndarray
    """int (n, 4): left, top, right, bottom, these the first behind the region."""
    first: np.ndarray
    """int (n,): its first pixel in reading order."""
    area: np.ndarray
    """float (n,): sum of what each pixel was said to add."""


def regions(levels: np.ndarray, adds: np.ndarray, corners: bool) -> Regions:
    """All regions of pixels of at least t, for all t.

    levels: int (rows, cols). adds: float (rows, cols), what pixels add to a region's area.
    corners: whether pixels that touch at corners belong together.

    Pixels of one level that touch are joined first; then these zones are joined from the highest
    level down, each pair at the lower one's level (Kruskal's order, so that every region is made
    once).
    """
    ends = pairs(levels.shape, corners)
    flat = levels.ravel()
    same = flat[ends[0]] == flat[ends[1]]
    owners = zones(flat.size, ends[:, same])
    count = int(owners.max()) + 1
    low, high = np.sort(owners[ends[:, ~same]], axis=0)
    # as one number each, since sorting pairs takes ten times as long
    touching = np.stack(np.divmod(np.unique(low * count + high), count))
    heights = np.zeros(count, int)
    heights[owners] = flat
    at = heights[touching].min(axis=0)
    order = np.argsort(-at, kind="stable")
    return _joined(heights, _measured(owners, levels.shape, adds), touching[:, order], at[order])


def pairs(shape: tuple[int, ...], corners: bool) -> np.ndarray:
    """int (2, n): the numbers of pixels that touch."""
    numbers = np.arange(shape[0] * shape[1]).reshape(shape)
    neighbours = []
    for down, across in SIDES + (CORNERS if corners else ()):
        here = numbers[: shape[0] - down, max(0, -across) : shape[1] - max(0, across)]
        there = numbers[down:, max(0, across) : shape[1] + min(0, across)]
        neighbours.append(np.stack([here.ravel(), there.ravel()]))
    return np.concatenate(neighbours, axis=1)


def zones(count: int, ends: np.ndarray) -> np.ndarray:
    """The number of each pixel's zone, from 0 on: all that are linked have one."""
    labels = np.arange(count)
    while ends.size:
        pair = labels[ends]
        low, high = pair.min(axis=0), pair.max(axis=0)
        if (low == high).all():
            break
        np.minimum.at(labels, high, low)
        while True:  # each label is that of its label, until nothing moves
            further = labels[labels]
            if (further == labels).all():
                break
            labels = further
    numbers: np.ndarray = np.unique(labels, return_inverse=True)[1]
    return numbers


def _measured(owners: np.ndarray, shape: tuple[int, ...], adds: np.ndarray) -> list[list[float]]:
    """For each zone left, top, -right, -bottom, its first pixel, and what it adds.

    All but the last are minima, so that zones are joined alike in all of them.
    """
    count = int(owners.max()) + 1
    pixels = np.arange(owners.size)
    rows, cols = np.divmod(pixels, shape[1])
    columns: list[list[float]] = []
    for values in (cols, rows, -(cols + 1), -(rows + 1), pixels):
        least = np.full(count, owners.size)
        np.minimum.at(least, owners, values)
        columns.append(least.tolist())
    columns.append(np.bincount(owners, adds.ravel(), count).tolist())
    return columns


def _joined(
    heights: np.ndarray, measures: list[list[float]], pairs: np.ndarray, at: np.ndarray
) -> Regions:
    """Join zones pair by pair, and note what each region was before it grew."""
    born = heights.tolist()
    parents = list(range(len(born)))
    *minima, areas = measures
    rows: list[tuple[float, ...]] = []

    def root(k: int) -> int:
        while parents[k] != k:
            parents[k] = parents[parents[k]]
            k = parents[k]
        return k

    def note(k: int, level: int) -> None:
        # what grows again at the level where it began was never a region by itself
        if born[k] > level:
            rows.append((born[k], level, *(column[k] for column in minima), areas[k]))
            born[k] = level

    for first, second, level in zip(*pairs.tolist(), at.tolist(), strict=True):
        keep, gone = root(first), root(second)
        if keep == gone:
            continue
        note(keep, level)
        note(gone, level)
        parents[gone] = keep
        areas[keep] += areas[gone]
        for column in minima:
            if column[gone] < column[keep]:
                column[keep] = column[gone]
    bottom = int(heights.min()) - 1
    for k in range(len(born)):
        if parents[k] == k:
            note(k, bottom)
    table = np.array(rows, "float64")
    whole = table[:, :-1].astype(int)
    corners = np.concatenate([whole[:, 2:4], -whole[:, 4:6]], axis=1)
    return Regions(whole[:, 0], whole[:, 1], corners, whole[:, 6], table[:, -1])
