"""Methods that hide parts of the image, and look at what becomes of the score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from keras import ops

from seewhy.methods.registry import method
from seewhy.methods.tensors import linear

Tensor = Any

FAMILY = "perturbation"


@method(
    "occlusion",
    paper="Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2",
    family=FAMILY,
    cost="1 a window",
    use="A plain question: which patch is missed when it is gone?",
    avoid="Objects much larger than the window: no single patch is missed.",
)
def occlusion(
    images: Tensor,
    score_images: Callable[..., Any],
    *,
    window: float = 0.25,
    stride: float = 0.125,
    baseline: float = 0.0,
) -> Tensor:
    """How much the score falls when a window is put over each part of the image.

    images: (batch, *space, channels), as the network gets them. window, stride: as shares of each
    side. baseline: the value that the window puts in. Returns signed maps (batch, *space) of the
    image's size: of each pixel the mean fall over the windows that cover it. Needs no gradient.
    """
    sides = tuple(int(side) for side in images.shape[1:-1])
    windows = Windows(sides, window, stride)
    rows = windows.corners
    falls = score_images(
        covered_by_window, (np.full((1, 2 * len(sides)), -1),), np.float32(baseline)
    )
    scores = score_images(covered_by_window, (rows,), np.float32(baseline))
    total = np.zeros((scores.shape[1], *sides))
    times = np.zeros(sides)
    for row, fall in zip(rows, falls[0] - scores, strict=True):
        place = tuple(slice(a, b) for a, b in row.reshape(-1, 2))
        total[(slice(None), *place)] += fall.reshape(-1, *(1,) * len(sides))
        times[place] += 1
    means: np.ndarray = total / np.maximum(times, 1)
    return means


@dataclass(frozen=True)
class Windows:
    """Windows over space, each axis covered from end to end."""

    sides: tuple[int, ...]
    window: float
    stride: float

    @property
    def corners(self) -> np.ndarray:
        """int (windows, 2 · axes): start and end along each axis."""
        along = []
        for side in self.sides:
            size = max(1, round(self.window * side))
            step = max(1, round(self.stride * side))
            starts = [*range(0, max(1, side - size), step), max(0, side - size)]
            along.append([(start, min(side, start + size)) for start in dict.fromkeys(starts)])
        return np.array([sum(pairs, ()) for pairs in product(*along)])


def covered_by_window(images: Tensor, rows: tuple[Tensor, ...], baseline: Tensor) -> Tensor:
    """Images with a window of the baseline's value; with none where the row is below 0."""
    (corners,) = rows
    inside = None
    for axis, side in enumerate(images.shape[2:-1]):
        at = ops.arange(side)
        along_axis = ops.logical_and(
            at >= corners[:, 2 * axis, None], at < corners[:, 2 * axis + 1, None]
        )
        shape = [-1, 1, *(side if k == axis else 1 for k in range(len(images.shape) - 3)), 1]
        along_axis = ops.reshape(along_axis, shape)
        inside = along_axis if inside is None else ops.logical_and(inside, along_axis)
    return ops.where(inside, baseline, images)


@method(
    "rise",
    paper="Petsiuk et al. 2018, arXiv:1806.07421, eq. 6 of centred scores, masks of section 3.2",
    family=FAMILY,
    cost="masks",
    use="Any model whatever is inside, if there is time.",
    avoid="In a hurry, and for fine details: the masks are coarse.",
)
def rise(
    images: Tensor,
    score_images: Callable[..., Any],
    *,
    masks: int = 2000,
    cells: int = 8,
    probability: float = 0.5,
    seed: int = 0,
) -> Tensor:
    """How much higher the score is than usual in random masks that show a pixel.

    images: (batch, *space, channels). masks: how many. cells: of the random grid along each axis;
    it is enlarged to one cell more than the image and shifted at random. probability: that a cell
    is shown. Returns signed maps (batch, *space) of the image's size: eq. 6 of the scores less
    their mean, so that 0 means that it makes no difference whether a pixel is shown. Needs no
    gradient.
    """
    sides = tuple(int(side) for side in images.shape[1:-1])
    rows = drawn_masks(masks, cells, sides, probability, seed)
    scores = score_images(shown_through, rows)
    total = sum_of_masks(rows, scores - scores.mean(axis=0), sides)
    means: np.ndarray = total / (masks * probability)
    return means


def drawn_masks(
    count: int, cells: int, sides: tuple[int, ...], probability: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Random smooth masks as grids float32 (count, *cells) of 0 and 1, and where they begin.

    A grid is enlarged to one cell more than the image; of each axis the part from int32
    (count, axes) on is the mask.
    """
    grids = np.empty((count, *(cells,) * len(sides)), "float32")
    shifts = np.empty((count, len(sides)), "int32")
    for row in range(count):
        random = np.random.default_rng([seed, row])
        grids[row] = random.random(grids.shape[1:]) < probability
        shifts[row] = [random.integers(0, -(-side // cells)) for side in sides]
    return grids, shifts


def _weights(cells: int, side: int) -> np.ndarray:
    """float32 (cells, pixels): how much of each cell a pixel of the enlarged grid takes."""
    return linear(cells, (cells + 1) * -(-side // cells))


def shown_through(images: Tensor, rows: tuple[Tensor, Tensor]) -> Tensor:
    """Images (1, batch, *space, channels) times masks of `drawn_masks`."""
    masks, shifts = rows
    sides = images.shape[2:-1]
    for axis, side in enumerate(sides):
        weights = ops.convert_to_tensor(_weights(int(masks.shape[axis + 1]), int(side)))
        pixels = ops.expand_dims(shifts[:, axis], -1) + ops.arange(side, dtype="int32")
        each = ops.moveaxis(ops.take(weights, pixels, axis=1), 0, 1)  # (rows, cells, side)
        each = ops.reshape(each, (-1, *(1,) * (len(sides) - 2), *each.shape[1:]))
        last = ops.moveaxis(masks, axis + 1, -1)
        flat = len(sides) == 1  # a matrix product has two axes
        last = ops.matmul(ops.expand_dims(last, 1) if flat else last, each)
        masks = last[:, 0] if flat else ops.moveaxis(last, -1, axis + 1)
    return images * ops.expand_dims(ops.expand_dims(masks, 1), -1)


def sum_of_masks(
    rows: tuple[np.ndarray, np.ndarray], factors: np.ndarray, sides: tuple[int, ...]
) -> np.ndarray:
    """float64 (batch, *sides): the sum of all masks, each times its factors (count, batch).

    Grids that begin at the same place are added up before they are enlarged.
    """
    grids, shifts = rows
    cells = grids.shape[1]

    def added(chosen: np.ndarray, axis: int) -> np.ndarray:
        if axis == len(sides):
            return np.tensordot(factors[chosen].astype("float64"), grids[chosen], axes=(0, 0))
        side, starts = sides[axis], shifts[chosen, axis]
        weights = _weights(cells, side).astype("float64")
        total: Any = 0.0
        for start in np.unique(starts):
            part = added(chosen[starts == start], axis + 1)
            larger = np.tensordot(part, weights[:, start : start + side], axes=(1 + axis, 0))
            total = total + np.moveaxis(larger, -1, 1 + axis)
        return np.asarray(total)

    return added(np.arange(len(grids)), 0)
