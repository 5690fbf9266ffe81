"""Where the cells of a tensor lie in the image: axis by axis, in pixels of the network's input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

Shape = tuple[int, ...]


def per_axis(value: Any, axes: int) -> list[Any]:
    """One entry an axis of what Keras takes as a number or as a tuple."""
    return list(value) if isinstance(value, list | tuple) else [value] * axes


@dataclass(frozen=True)
class AxisFrame:
    """One space axis of the image in a tensor.

    Coordinates are continuous pixels of the network's input. The cells lie side by side from
    `start` to `stop`; start > stop where they run backwards.
    """

    at: int | None
    """Which axis of the tensor it is. None where it is none: one cell alone, or part of units.

    Several axes of the image at one place are tokens: in the order of rows, then columns. At 0 are
    the steps of a TimeDistributed layer, as so many images of one batch.
    """
    cells: int
    start: float
    stop: float
    low: float
    high: float
    """What of the image the cells can see at all: low <= high."""
    reach: float = 0.0
    """How far the cells see beyond their own edges, in pixels."""

    even: tuple[float, float] | None = None
    """The same edges if every convolution and pooling covered what it is given, as maps are laid
    everywhere; None where no window was in front."""
    border: tuple[float, float] = (0.0, 0.0)
    """Cells at both ends that a padding added for the window behind it."""

    @property
    def cell(self) -> float:
        """The width of a cell, signed."""
        return (self.stop - self.start) / max(1, self.cells)

    def sliced(self, first: float, last: float, step: int = 1) -> AxisFrame:
        """Only cells first to last (exclusive), every step-th of them; the rest is not seen."""
        count = max(0, math.ceil((last - first) / step))
        shift = first + (1 - step) / 2
        seen = sorted(self.start + at * self.cell for at in (first, last))
        return replace(
            self.between(shift, shift + count * step, count),
            low=max(self.low, seen[0] - self.reach),
            high=min(self.high, seen[1] + self.reach),
            border=(0.0, 0.0),
        )

    def padded(self, before: float, behind: float) -> AxisFrame:
        """With cells of nothing at both ends; negative numbers cut off."""
        kept = self
        if min(before, behind) < 0:
            kept = self.sliced(max(0.0, -before), self.cells - max(0.0, -behind))
        before, behind = max(0.0, before), max(0.0, behind)
        cells = round(kept.cells + before + behind)
        return replace(
            kept.between(-before, kept.cells + behind, cells),
            border=(kept.border[0] + before, kept.border[1] + behind),
        )

    def resized(self, cells: int) -> AxisFrame:
        return replace(self, cells=cells, border=(0.0, 0.0))

    def flipped(self) -> AxisFrame:
        even = self.even and self.even[::-1]
        return replace(self, start=self.stop, stop=self.start, even=even, border=self.border[::-1])

    def windowed(self, size: int, step: int, before: int, cells: int) -> AxisFrame:
        """What a convolution or pooling gives: windows of `size` cells, `step` apart, the first of
        them beginning `before` cells in front of the first."""
        start = size / 2 - before - step / 2
        placed = self.between(start, start + cells * step, cells)
        even = self.even or (self.start, self.stop)
        width = (even[1] - even[0]) / max(1, self.cells)
        half = (size - 1) // 2
        inner = even[0] + min(self.border[0], half) * width
        outer = even[1] - min(self.border[1], size - 1 - half) * width
        return replace(
            placed,
            even=(inner, outer),
            border=(0.0, 0.0),
            reach=self.reach + max(0.0, (size - step) / 2) * abs(self.cell),
        )

    def between(self, first: float, last: float, cells: int) -> AxisFrame:
        """So many cells from the place of one to that of another, in cells as they are."""
        start, stop = (self.start + at * self.cell for at in (first, last))
        even = None
        if self.even is not None:
            width = (self.even[1] - self.even[0]) / max(1, self.cells)
            even = (self.even[0] + first * width, self.even[0] + last * width)
        return replace(self, cells=cells, start=start, stop=stop, even=even)

    @property
    def extent(self) -> tuple[float, float]:
        """Where a grid of these cells is laid.

        Over all that is seen, or evenly over what the steps in front left, as maps are enlarged
        everywhere, if the cells' own place is within one cell of that: strides and borders move it
        by parts of a cell. Else at their own place.
        """
        forwards = self.start <= self.stop
        whole = (self.low, self.high) if forwards else (self.high, self.low)
        for place in (whole, self.even):
            if place is not None and self._is_near(place):
                return place
        return self.start, self.stop

    def _is_near(self, place: tuple[float, float]) -> bool:
        slack = abs(self.cell) + 1e-6
        return abs(self.start - place[0]) <= slack and abs(self.stop - place[1]) <= slack


@dataclass(frozen=True)
class Frame:
    """All space axes of one input's image in a tensor."""

    axes: tuple[AxisFrame, ...]
    input: int = 0
    """Which of the model's inputs the image is."""
    batch: int = 1
    """How many images there are."""
    moved: bool = False
    """Whether a step in front crops, pads, resizes, flips or swaps axes."""
    doubts: tuple[str, ...] = ()
    """Steps in front that could not be followed, by their names."""
    changed: bool = False
    """Whether one of these gave a grid of other proportions."""
    recurrent: bool = False
    """Whether a recurrent layer stands in front."""

    @classmethod
    def of_image(cls, space: Sequence[int], first: int, input: int = 0, batch: int = 1) -> Frame:
        """The image itself. space: its sizes. first: its first space axis in the tensor."""
        sides = enumerate(space)
        return cls(
            tuple(AxisFrame(first + k, n, 0.0, float(n), 0.0, float(n)) for k, n in sides),
            input,
            batch,
        )

    def moving(self, axes: Sequence[AxisFrame]) -> Frame:
        return replace(self, axes=tuple(axes), moved=True)

    def with_axes(self, axes: Sequence[AxisFrame]) -> Frame:
        return replace(self, axes=tuple(axes))

    def doubting(self, step: str, changed: bool = False) -> Frame:
        return replace(
            self, doubts=(*self.doubts, step), changed=self.changed or changed, moved=True
        )

    @property
    def places(self) -> tuple[int | None, ...]:
        return tuple(axis.at for axis in self.axes)

    @property
    def is_grid(self) -> bool:
        """Whether every axis of the image has an axis of its own in the tensor."""
        return None not in self.places and len(set(self.places)) == len(self.places)

    @property
    def is_tokens(self) -> bool:
        """Whether one axis of the tensor holds all axes of the image."""
        return None not in self.places and len(set(self.places)) == 1 < len(self.places)

    @property
    def folded(self) -> int:
        """How many steps of each image lie in the axis of the batch; 0 if none do."""
        return next((axis.cells for axis in self.axes if axis.at == 0), 0)

    def refolded(self, old: Shape, new: Shape) -> Frame | None:
        """The frame where steps were made images, or images steps again; None for all else."""
        moved = {axis.at: axis for axis in self.axes if axis.at in (0, 1)}
        if 1 in moved and 0 not in moved and new == (old[0] * old[1], *old[2:]):
            change = -1
        elif (
            0 in moved
            and new[:1] == (self.batch,)
            and new == (self.batch, moved[0].cells, *old[1:])
        ):
            change = 1
        else:
            return None
        return self.with_axes(
            [axis if axis.at is None else replace(axis, at=axis.at + change) for axis in self.axes]
        )

    @property
    def bands(self) -> int | None:
        """The axis of the image along which alone the tensor has cells; None for grids."""
        present = [k for k, axis in enumerate(self.axes) if axis.at is not None]
        return present[0] if len(present) == 1 < len(self.axes) else None

    def without_units_axis(self, shape: Shape) -> Frame:
        """The same where a layer made another number of units of an axis of the image."""
        last = len(shape) - 1
        return self.with_axes(
            [
                replace(axis, at=None, cells=1)
                if axis.at == last and shape[last] != axis.cells
                else axis
                for axis in self.axes
            ]
        )

    def joined(self, other: Frame) -> Frame:
        """What is made of both, cell by cell: it sees what either sees."""
        cells = [[axis.cells for axis in frame.axes] for frame in (self, other)]
        if other.places != self.places or other.input != self.input or cells[0] != cells[1]:
            return self
        pairs = zip(self.axes, other.axes, strict=True)
        axes = [replace(a, low=min(a.low, b.low), high=max(a.high, b.high)) for a, b in pairs]
        doubts = tuple(dict.fromkeys((*self.doubts, *other.doubts)))
        return replace(
            self,
            axes=tuple(axes),
            moved=self.moved or other.moved,
            doubts=doubts,
            changed=self.changed or other.changed,
            recurrent=self.recurrent or other.recurrent,
        )

    def fits(self, shape: Shape) -> bool:
        """Whether a tensor of this shape can lie so."""
        cells: dict[int, int] = {0: self.batch}
        for axis in self.axes:
            if axis.at is not None:
                cells[axis.at] = cells.get(axis.at, 1) * axis.cells
        return all(at < len(shape) and shape[at] == count for at, count in cells.items())
