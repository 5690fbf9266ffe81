"""Regions of the network's input: of cells, moved about, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

HOT = 0.5
"""A cell belongs to the hot region if it has so much of the mean map's largest value."""
LARGEST = 0.4
"""The share of the grid that a hot region has at most; of more, the hottest cells are kept."""
_THIRD = 1 / 3


@dataclass(frozen=True, eq=False)
class Region:
    """Some cells of the grid, and where they lie in the network's input."""

    cells: np.ndarray = field(repr=False)
    """bool (rows, cols)."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Top, left, bottom and right, 0..1 of the grid."""
        rows, cols = self.cells.shape
        down, across = (
            np.flatnonzero(self.cells.any(axis=1)),
            np.flatnonzero(self.cells.any(axis=0)),
        )
        return (
            float(down[0] / rows),
            float(across[0] / cols),
            float((down[-1] + 1) / rows),
            float((across[-1] + 1) / cols),
        )

    @property
    def center(self) -> tuple[float, float]:
        """Row and column of the cells' centre, 0..1."""
        at = np.argwhere(self.cells).mean(axis=0) + 0.5
        return float(at[0] / self.cells.shape[0]), float(at[1] / self.cells.shape[1])

    @property
    def border(self) -> float:
        """How many of the cells lie on the border, 0..1."""
        inner = self.cells[1:-1, 1:-1].sum()
        return float(1 - inner / self.cells.sum())

    @property
    def place(self) -> str:
        """Where it lies, in words and figures."""
        top, left, bottom, right = self.box
        return f"{self.words}: rows {top:.2f} to {bottom:.2f}, columns {left:.2f} to {right:.2f}"

    @property
    def words(self) -> str:
        top, left, bottom, right = self.box
        down = _along(top, bottom, ("top", "bottom"))
        across = _along(left, right, ("left", "right"))
        return " ".join(word for word in (down, across) if word) or "centre"

    def overlap(self, other: Region) -> float:
        """Cells in both, as a share of those in either."""
        either = (self.cells | other.cells).sum()
        return float((self.cells & other.cells).sum() / either)


def _along(start: float, stop: float, names: tuple[str, str]) -> str:
    middle = (start + stop) / 2
    if middle < _THIRD + 1e-9 and stop < 0.75:
        return names[0]
    return names[1] if middle > 1 - _THIRD - 1e-9 and start > 0.25 else ""


def hot_region(maps: np.ndarray) -> Region:
    """The cells around the largest of the mean map that are at least half as hot, connected.

    maps: float32 (n, rows, cols), not negative.
    """
    mean = maps.astype("float64").mean(axis=0)
    most = max(1, int(LARGEST * mean.size))
    least = max(HOT * mean.max(), np.sort(mean.ravel())[-most])
    named, _ = ndimage.label(mean >= least, structure=np.ones((3, 3)))
    return Region(named == named.ravel()[mean.argmax()])


def region_of_cells(cells: Sequence[tuple[int, int]], grid: tuple[int, int]) -> Region:
    """The region of these rows and columns. grid: (rows, cols)."""
    inside = np.zeros(grid, bool)
    inside[tuple(np.array(cells).T)] = True
    return Region(inside)


def pixel_cells(
    grid: tuple[int, int], input: tuple[int, int], manifest: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The row of cells that each row of pixels lies in, and the same of columns.

    input: (height, width) of the network's input. manifest: of the store, which has where the grid
    lies. Pixels outside of it belong to its outermost cells.
    """
    extents = manifest.get("extents") or []
    found = []
    for axis, (cells, side) in enumerate(zip(grid, input, strict=True)):
        start, stop = extents[axis][:2] if extents else (0.0, float(side))
        at = (np.arange(side) + 0.5 - start) / (stop - start) * cells
        found.append(np.clip(np.floor(at), 0, cells - 1).astype(int))
    return found[0], found[1]


def pixel_mask(region: Region, where: tuple[np.ndarray, np.ndarray], margin: float) -> np.ndarray:
    """bool (height, width): the region's pixels, and those within `margin` cells around it."""
    down, across = where
    mask: np.ndarray = region.cells[np.ix_(down, across)]
    rows, cols = region.cells.shape
    by = round(margin * len(down) / rows), round(margin * len(across) / cols)
    if max(by):
        around = np.ones((2 * by[0] + 1, 2 * by[1] + 1), bool)
        mask = ndimage.binary_dilation(mask, around)
    return mask


def moved_masks(mask: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """bool (count, height, width): the same mask moved to random places, with the same area.

    None covers more than half of the mask itself, as far as there is room; the image is taken as a
    ring where the mask is too large to be moved otherwise.
    """
    height, width = mask.shape
    area = int(mask.sum())
    masks = []
    for _ in range(count):
        best, least = mask, area + 1
        for _ in range(12):
            by = int(random.integers(0, height)), int(random.integers(0, width))
            moved = np.roll(mask, by, axis=(0, 1))
            common = int((moved & mask).sum())
            if common < least:
                best, least = moved, common
            if common <= area / 4:
                break
        masks.append(best)
    return np.stack(masks)
