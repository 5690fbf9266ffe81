"""Where the pixels of a photo lie in the network's input, and back from a grid to the photo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

import numpy as np

from seewhy.errors import MapError

Size = tuple[int, int]
"""(height, width)."""
Sides = tuple[int, ...]
"""(steps,), (height, width), or (depth, height, width)."""
Enlargement = Literal["linear", "monotone"]


@dataclass(frozen=True)
class Extent:
    """What a layer sees of one axis of the network's input, in the input's pixels."""

    start: float
    stop: float
    """The outer edges of the first and last cell of its grid; start > stop where it runs backwards.
    """
    low: float
    high: float
    """From where to where the network sees the input at all."""


@dataclass(frozen=True)
class Geometry:
    """An axis-parallel map from the photo to the network's input, for any number of space axes.

    Every tuple has one entry an axis: (steps,), (height, width) or (depth, height, width).
    Coordinates are continuous, pixel i covers [i, i + 1):
    input coordinate = photo coordinate * scale + offset.
    """

    photo: Sides
    input: Sides
    scale: tuple[float, ...]
    offset: tuple[float, ...]
    extents: tuple[Extent, ...] = ()
    """Where grids lie in the input, an entry an axis; () where they cover all of it."""

    @classmethod
    def squash(cls, photo: Sides, input: Sides) -> Geometry:
        """The whole photo fills the whole input; its aspect ratio may change."""
        return cls(photo, input, _ratios(input, photo), (0.0,) * len(photo))

    @classmethod
    def crop(cls, photo: Sides, input: Sides) -> Geometry:
        """The largest centred part of the photo with the input's aspect ratio fills the input."""
        factor = max(_ratios(input, photo))
        pairs = zip(photo, input, strict=True)
        offset = tuple((taken - side * factor) / 2 for side, taken in pairs)
        return cls(photo, input, (factor,) * len(photo), offset)

    @classmethod
    def letterbox(cls, photo: Sides, input: Sides) -> Geometry:
        """The whole photo, scaled to fit, lies in the middle of the input on whole pixels."""
        factor = min(_ratios(input, photo))
        inner = tuple(max(1, round(side * factor)) for side in photo)
        pairs = zip(inner, input, strict=True)
        offset = tuple(float((whole - part) // 2) for part, whole in pairs)
        return cls(photo, input, _ratios(inner, photo), offset)

    @classmethod
    def identity(cls, size: Sides) -> Geometry:
        """The photo is the network's input."""
        return cls(size, size, (1.0,) * len(size), (0.0,) * len(size))

    def of_size(self, photo: Sides) -> Geometry:
        """The same for the photo brought to another size."""
        scale = tuple(a * b for a, b in zip(self.scale, _ratios(self.photo, photo), strict=True))
        return replace(self, photo=photo, scale=scale)

    @property
    def seen(self) -> np.ndarray:
        """bool, of the photo's size: whether a pixel's centre lies in the network's input."""
        seen: np.ndarray = reduce(np.logical_and.outer, map(self._inside, range(len(self.photo))))
        return seen

    @property
    def sees_all(self) -> bool:
        """Whether the network saw every pixel of the photo."""
        return all(self._inside(axis).all() for axis in range(len(self.photo)))

    def sees(self, pixel: Sequence[int]) -> bool:
        """Whether the network saw one pixel of the photo, given by its indices."""
        return all(bool(self._inside(axis)[i]) for axis, i in enumerate(pixel))

    @property
    def of_input(self) -> Geometry:
        """The same for what covers the whole input, whatever the layer sees of it."""
        return replace(self, extents=())

    def to_input(self, grid: np.ndarray) -> np.ndarray:
        """A grid where it lies in the network's input → float32 of the input's size.

        Enlarged as by `to_photo`.
        """
        axes = len(self.input)
        same = replace(self, photo=self.input, scale=(1.0,) * axes, offset=(0.0,) * axes)
        return same.to_photo(grid)

    def to_photo(self, grid: np.ndarray, enlarge: Enlargement = "linear") -> np.ndarray:
        """A grid over what the layer sees of the input → float32 of the photo's size.

        grid: as many axes as the photo has, of any lengths.
        enlarge: "linear" between the centres of grid cells along each axis, as OpenCV and Pillow
            enlarge; "monotone" by cubic curves that exceed no cell (Fritsch and Butland 1984),
            without the edges that linear pieces have.
        Constant outside of the outermost centres; 0 where the network did not see the photo.
        Raises MapError for another number of axes.
        """
        self._check_axes(grid.shape)
        if enlarge == "monotone":
            return self._monotone(grid)
        # float64 inside, so that equal cells give exactly their value
        enlarged = grid.astype("float64")
        for axis, cells in enumerate(grid.shape):
            weights = self._weights(axis, cells)
            shape = enlarged.shape
            if axis == grid.ndim - 1:
                enlarged = enlarged.reshape(-1, cells) @ weights.T
            else:
                enlarged = weights @ enlarged.reshape(*shape[:axis], cells, -1)
            enlarged = enlarged.reshape(*shape[:axis], len(weights), *shape[axis + 1 :])
        return enlarged.astype("float32")

    def _monotone(self, grid: np.ndarray) -> np.ndarray:
        from scipy.interpolate import PchipInterpolator

        enlarged = grid.astype("float64")
        for axis, cells in enumerate(grid.shape):
            at = self._in_cells(axis, cells)
            if cells == 1:
                enlarged = np.repeat(enlarged, len(at), axis)
            else:
                enlarged = PchipInterpolator(np.arange(cells), enlarged, axis)(at)
        seen = reduce(np.logical_and.outer, map(self._inside, range(grid.ndim)))
        # rounding may leave the range of the cells by a hair
        return np.where(seen, np.clip(enlarged, grid.min(), grid.max()), 0).astype("float32")

    def cell_edges(self, axis: int, cells: int) -> np.ndarray:
        """Where the edges of grid cells lie along one axis of the photo, in its pixels: float64
        (cells + 1), also outside of the photo."""
        extent = self._extent(axis)
        edges = np.linspace(extent.start, extent.stop, cells + 1)
        on_photo: np.ndarray = (edges - self.offset[axis]) / self.scale[axis]
        return on_photo

    def from_photo(self, map: np.ndarray, grid: Sides) -> np.ndarray:
        """A map over the whole photo → float64 (*grid) over what the layer sees of the input.

        map, grid: as many axes as the photo has, of any lengths. The map is linear along each axis
        between the centres of its own cells and constant outside of them. A cell takes it at its
        centre, or the mean of as many points as cells of the map lie in it; points where the input
        shows no photo count 0. Raises MapError for another number of axes.
        """
        self._check_axes(map.shape)
        values = map.astype("float64")
        for axis, cells in enumerate(grid):
            weights = self._weights_of_cells(axis, map.shape[axis], cells)
            values = np.moveaxis(np.tensordot(weights, values, (1, axis)), 0, axis)
        return values

    def within(self, mask: np.ndarray, grid: Sides) -> np.ndarray:
        """How much of what `to_photo` makes of each grid cell lies within a mask.

        mask: of the photo's size; bool, or numbers that pixels count. grid: as many axes. Returns
        float64 (*grid): its sum over all cells, each times its value, equals the sum of the
        enlarged grid over the mask. Raises MapError for another number of axes.
        """
        self._check_axes(grid)
        # of the photo's pixels there are many, and whole numbers of float32 are exact
        left = mask.astype("float32")
        for axis, cells in enumerate(grid):
            weights = self._weights(axis, cells).astype(left.dtype)
            left = np.moveaxis(np.tensordot(weights.T, left, (1, axis)), 0, axis)
            left = left.astype("float64")
        return left

    def at_pixel(self, grids: np.ndarray, pixel: Sequence[int]) -> np.ndarray:
        """What `to_photo` gives at the centre of one pixel, for many grids at once.

        grids: (count, *grid). pixel: indices into the photo. Returns float64 (count,).
        """
        self._check_axes(grids.shape[1:])
        values = grids.astype("float64")
        for axis, i in reversed(list(enumerate(pixel))):
            values = values @ self._weights(axis, values.shape[-1])[i]
        return values

    def _check_axes(self, grid: Sides) -> None:
        if len(grid) != len(self.photo):
            raise MapError(
                f"a map has as many axes as what was explained: that has the size {self.photo}, "
                f"the map the shape {grid}. Choose a layer that keeps the axes of space."
            )

    def _inside(self, axis: int) -> np.ndarray:
        at = self._centres(axis)
        # a centre on the very edge counts as inside at both ends, whichever way it was rounded
        slack = 1e-9 * self.input[axis]
        extent = self._extent(axis)
        low, high = max(0.0, extent.low), min(float(self.input[axis]), extent.high)
        inside: np.ndarray = (at >= low - slack) & (at <= high + slack)
        return inside

    def _extent(self, axis: int) -> Extent:
        side = float(self.input[axis])
        return self.extents[axis] if self.extents else Extent(0.0, side, 0.0, side)

    def _centres(self, axis: int) -> np.ndarray:
        pixels = np.arange(self.photo[axis]) + 0.5
        centres: np.ndarray = pixels * self.scale[axis] + self.offset[axis]
        return centres

    def _weights(self, axis: int, cells: int) -> np.ndarray:
        """(pixels of the photo, grid cells): how much of each cell a pixel takes."""
        distances = np.abs(self._in_cells(axis, cells)[:, None] - np.arange(cells))
        weights: np.ndarray = np.maximum(1 - distances, 0) * self._inside(axis)[:, None]
        return weights

    def _in_cells(self, axis: int, cells: int) -> np.ndarray:
        """Where the pixels' centres lie between the centres of cells 0 to cells - 1."""
        extent = self._extent(axis)
        at = (self._centres(axis) - extent.start) * (cells / (extent.stop - extent.start)) - 0.5
        inside: np.ndarray = np.clip(at, 0, cells - 1)
        return inside

    def _weights_of_cells(self, axis: int, given: int, cells: int) -> np.ndarray:
        """(cells, given): how much a cell over the input takes of each of a map over the photo."""
        extent = self._extent(axis)
        width = extent.stop - extent.start
        shown = given * abs(width) / (self.scale[axis] * self.photo[axis])
        points = max(1, math.ceil(shown / cells - 1e-9))
        centres = extent.start + (np.arange(cells * points) + 0.5) * (width / (cells * points))
        on_photo = (centres - self.offset[axis]) / (self.scale[axis] * self.photo[axis])
        at = np.clip(on_photo * given - 0.5, 0, given - 1)
        low = np.minimum(at.astype(int), max(given - 2, 0))
        inside = (on_photo >= 0) & (on_photo <= 1)
        weights = np.zeros((cells * points, given))
        every = np.arange(cells * points)
        weights[every, low] = (1 - (at - low)) * inside
        weights[every, np.minimum(low + 1, given - 1)] += (at - low) * inside
        mean: np.ndarray = weights.reshape(cells, points, given).mean(axis=1)
        return mean


def enlarge(grid: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """A grid brought to another size, float32: linear between the centres of its cells."""
    return Geometry.identity(tuple(size)).to_photo(grid)


def _ratios(sides: Sides, others: Sides) -> tuple[float, ...]:
    return tuple(side / other for side, other in zip(sides, others, strict=True))
