"""Find where a layer looks by what changes in it: for steps that cannot be followed.

Bands of a random image are drawn anew, one at a time, and the layer's cells that change are noted.
That takes forward passes of the part in front of the layer only, and no gradient.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from seewhy.backend.compile_options import CompileOptions
from seewhy.models.input_specs import Shape
from seewhy.models.wrapped_model import WrappedModel
from seewhy.plan.cuts import Cut

BANDS = 12
"""Bands along each axis of the image."""
# Changes smaller than this part of the largest are rounding.
_NOISE = 1e-5
# The answers of bands lie on a line with this correlation where the layer's cells have places.
_CLEAR = 0.9
# So many cells, or this share of all, may what is found lie beside what is expected.
_CELLS, _SHARE = 1.0, 0.15


@dataclass(frozen=True)
class FoundAxis:
    """Where the cells of a layer were found along one axis of the image, in its pixels."""

    grid_axis: int
    """Which axis of the layer's grid it is."""
    start: float
    stop: float
    low: float
    high: float
    clear: bool
    """Whether the bands agree on it."""


@dataclass(frozen=True)
class _Probe:
    run: Callable[[np.ndarray], np.ndarray]
    """Images (batch, …) → activations (batch, *grid, units)."""
    image: np.ndarray
    other: np.ndarray
    first: int
    """The image's first space axis, without the batch axis."""
    usual: np.ndarray

    def changes(self, axis: int, ranges: Sequence[tuple[int, int]]) -> np.ndarray:
        """(ranges, *grid): how much each cell changes with each range of pixels along an axis."""
        copies = np.stack([self.image] * len(ranges))
        for copy, (start, stop) in zip(copies, ranges, strict=True):
            where = (*[slice(None)] * (self.first + axis), slice(start, stop))
            copy[where] = self.other[where]
        changes: np.ndarray = np.abs(self.run(copies) - self.usual).sum(axis=-1)
        return changes


def find_axes(
    backend: ModuleType,
    wrapped: WrappedModel,
    cut: Cut,
    specs: Sequence[tuple[Shape, str]],
    shown: int,
) -> tuple[FoundAxis, ...] | None:
    """Where the layer's grid lies along each axis of the image; None where nothing changes it."""
    first, last = wrapped.space_range(specs[shown][0])
    probe = _make_probe(backend, wrapped, cut, specs, shown)
    sides = probe.image.shape[first - 1 : last - 1]
    bands = [_bands(side) for side in sides]
    answers = [probe.changes(axis, ranges) for axis, ranges in enumerate(bands)]
    largest = max(float(answer.max()) for answer in answers)
    if not 0 < largest < np.inf:
        return None
    centres = [_centres(np.where(answer > largest * _NOISE, answer, 0)) for answer in answers]
    grid_axes = _matched_axes(centres, probe.usual.shape[:-1])
    return tuple(
        _found_axis(
            probe, axis, bands[axis], centres[axis][grid_axes[axis]], grid_axes[axis], largest
        )
        for axis in range(len(sides))
    )


def _make_probe(
    backend: ModuleType,
    wrapped: WrappedModel,
    cut: Cut,
    specs: Sequence[tuple[Shape, str]],
    shown: int,
) -> _Probe:
    from keras import ops

    random = np.random.default_rng(0)
    inputs = [_random_values(random, shape[1:], dtype) for shape, dtype in specs]
    head = backend.compile(
        lambda images: cut.layout.arrange(ops.cast(cut.split.run_head(*images)[0], "float32")),
        wrapped.variables,
        CompileOptions(often=False),
    )
    fixed = wrapped.inputs[0].batch

    def run(copies: np.ndarray) -> np.ndarray:
        size = fixed or len(copies)
        parts = []
        for start in range(0, len(copies), size):
            part = copies[start : start + size]
            part = np.concatenate([part, np.repeat(part[:1], size - len(part), axis=0)])
            batch = [np.stack([value] * size) for value in inputs]
            batch[shown] = part
            parts.append(ops.convert_to_numpy(head(batch)))
        return np.concatenate(parts)[: len(copies)]

    image = inputs[shown]
    other = _random_values(random, image.shape, str(image.dtype))
    first = wrapped.space_range(specs[shown][0])[0] - 1
    return _Probe(run, image, other, first, run(image[None])[0])


def _random_values(random: np.random.Generator, shape: Shape, dtype: str) -> np.ndarray:
    if "int" in dtype:
        return random.integers(0, 100, shape).astype(dtype)
    return random.uniform(0, 1, shape).astype(dtype if "float" in dtype else "float32")


def _bands(side: int) -> list[tuple[int, int]]:
    edges = np.unique(np.linspace(0, side, min(side, BANDS) + 1).round().astype(int)).tolist()
    return list(itertools.pairwise(edges))


def _centres(answer: np.ndarray) -> list[np.ndarray]:
    """For each axis of the grid: where along it each band changes most, in cells; NaN if nowhere.

    answer: (bands, *grid).
    """
    centres = []
    for axis in range(1, answer.ndim):
        others = tuple(k for k in range(1, answer.ndim) if k != axis)
        weights = answer.sum(axis=others) ** 2
        with np.errstate(invalid="ignore"):
            centres.append(weights @ np.arange(weights.shape[1]) / weights.sum(axis=1))
    return centres


def _matched_axes(
    centres: Sequence[Sequence[np.ndarray]], grid: tuple[int, ...]
) -> tuple[int, ...]:
    """Which axis of the grid goes with each of the image: along which bands move the changes."""

    def moved(axis: int, grid_axis: int) -> float:
        at = centres[axis][grid_axis]
        at = at[np.isfinite(at)]
        return float(np.ptp(at)) / grid[grid_axis] if len(at) else 0.0

    orders = itertools.permutations(range(len(grid)))
    return max(orders, key=lambda order: sum(moved(k, at) for k, at in enumerate(order)))


def _found_axis(
    probe: _Probe,
    axis: int,
    bands: Sequence[tuple[int, int]],
    centres: np.ndarray,
    grid_axis: int,
    largest: float,
) -> FoundAxis:
    seen = np.flatnonzero(np.isfinite(centres))
    side, cells = bands[-1][1], probe.usual.shape[grid_axis]
    if not len(seen):
        return FoundAxis(grid_axis, 0.0, side, 0.0, side, clear=False)

    def changes(start: int, stop: int) -> bool:
        return bool(probe.changes(axis, [(start, stop)]).max() > largest * _NOISE)

    first, last = bands[seen[0]], bands[seen[-1]]
    low = _bisected(lambda pixels: changes(first[0], first[0] + pixels), first[1] - first[0])
    high = _bisected(lambda pixels: changes(last[1] - pixels, last[1]), last[1] - last[0])
    ends = float(first[0] + low), float(last[1] - high)
    at = np.array([(start + stop) / 2 for start, stop in bands])[seen]
    found = centres[seen]
    if cells == 1 or len(seen) < 3 or np.ptp(found) == 0:
        return FoundAxis(grid_axis, *ends, *ends, clear=cells == 1)
    slope, offset = np.polyfit(at, found, 1)
    clear = abs(float(np.corrcoef(at, found)[0, 1])) >= _CLEAR
    start, stop = ends if slope > 0 else ends[::-1]
    expected = (at - start) / (stop - start) * cells - 0.5
    if np.median(np.abs(expected - found)) > max(_CELLS, _SHARE * cells):
        start, stop = (-0.5 - offset) / slope, (cells - 0.5 - offset) / slope
    return FoundAxis(grid_axis, float(start), float(stop), *ends, clear=clear)


def _bisected(changes: Callable[[int], bool], width: int) -> int:
    """How many pixels at the edge of a band of this width change nothing."""
    none, some = 0, width
    if changes(1):
        return 0
    while some - none > 1:
        middle = (none + some) // 2
        none, some = (none, middle) if changes(middle) else (middle, some)
    return none
