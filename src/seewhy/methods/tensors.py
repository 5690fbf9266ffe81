"""What formulas share: axes, division, blurring, noise, enlarging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

Tensor = Any


def space(values: Tensor) -> tuple[int, ...]:
    """The space axes of (batch, *space, units)."""
    return tuple(range(1, len(values.shape) - 1))


def divide(a: Tensor, b: Tensor) -> Tensor:
    """a / b, and 0 where b is 0."""
    zero = ops.equal(b, 0)
    return ops.where(zero, ops.zeros_like(a * b), a / ops.where(zero, ops.ones_like(b), b))


def spread(per_row: Tensor, values: Tensor) -> Tensor:
    """(rows,) → (rows, 1, …) beside values (any, batch, *space, units)."""
    return ops.reshape(per_row, (-1,) + (1,) * (len(values.shape) - 1))


def normalised(grids: Tensor, first: int) -> Tensor:
    """Each grid moved and scaled to 0..1; 0 where it is the same everywhere.

    first: the first of its axes.
    """
    axes = tuple(range(first, len(grids.shape)))
    least = ops.min(grids, axis=axes, keepdims=True)
    return divide(grids - least, ops.max(grids, axis=axes, keepdims=True) - least)


def enlarged(grids: Tensor, size: tuple[int, ...], first: int = 2) -> Tensor:
    """Grids → size, linearly along each axis between the centres of cells, constant outside.

    first: the first of the axes of space; those in front and behind are kept.
    """
    for axis, side in enumerate(size, start=first):
        weights = ops.convert_to_tensor(linear(int(grids.shape[axis]), side))
        grids = ops.moveaxis(ops.tensordot(grids, weights, axes=[[axis], [0]]), -1, axis)
    return grids


def linear(cells: int, side: int) -> np.ndarray:
    """float32 (cells, side): how much of each cell a pixel takes."""
    at = np.clip((np.arange(side) + 0.5) * cells / side - 0.5, 0, cells - 1)
    weights: np.ndarray = np.maximum(1 - np.abs(at - np.arange(cells)[:, None]), 0)
    return weights.astype("float32")


@dataclass(frozen=True)
class Noise:
    """Standard normal values (count, 1, *shape), drawn when they are sliced."""

    count: int
    shape: tuple[int, ...]
    seed: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, chosen: slice) -> np.ndarray:
        rows = range(self.count)[chosen]
        drawn = [
            np.random.default_rng([self.seed, row]).standard_normal((1, *self.shape), "float32")
            for row in rows
        ]
        return np.stack(drawn) if drawn else np.zeros((0, 1, *self.shape), "float32")


def noisy(images: Tensor, rows: Tensor, noise: Tensor) -> Tensor:
    """Images plus rows of noise; noise: its share of each image's range of values."""
    axes = tuple(range(2, len(images.shape)))
    least, most = (f(images, axis=axes, keepdims=True) for f in (ops.min, ops.max))
    return images + rows * noise * (most - least)


def weighed(activations: Tensor, weights: np.ndarray) -> Tensor:
    """Weights (units, batch) times activations (batch, *space, units)."""
    middle = (1,) * len(space(activations))
    return activations * ops.reshape(ops.transpose(weights), (-1, *middle, weights.shape[0]))


def blurred(images: Tensor, width: float) -> Tensor:
    """Gaussian blur of (batch, *space, channels); width: standard deviation as a share of sides."""
    for axis in space(images):
        side = int(images.shape[axis])
        at = np.arange(side)
        kernel = np.exp(-(((at[:, None] - at) / max(width * side, 1e-3)) ** 2) / 2)
        kernel = (kernel / kernel.sum(axis=0)).astype("float32")
        images = ops.moveaxis(
            ops.tensordot(images, ops.convert_to_tensor(kernel), axes=[[axis], [0]]), -1, axis
        )
    return images
