"""What formulas share: axes, division, enlarging."""

from __future__ import annotations

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
