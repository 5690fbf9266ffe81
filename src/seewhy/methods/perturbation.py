"""Methods that change activations or images, and look at what becomes of the score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from seewhy.methods import method

Tensor = Any


@method(
    "ablation_cam",
    paper="Desai and Ramaswamy 2020, eq. 4 and 5",
    family="perturbation",
    cost="one tail for each unit",
)
def ablation_cam(activations: Tensor, score_activations: Callable[..., Any]) -> Tensor:
    """Weigh each unit by the share of the score that is lost without it.

    activations: (batch, *space, units). Returns signed maps (batch, *space). Needs no gradient.
    """
    units = activations.shape[-1]
    # the last row leaves all units as they are
    scores = score_activations(without_unit, np.append(np.arange(units), -1))
    whole = scores[-1]
    weights = np.divide(
        whole - scores[:-1], whole, out=np.zeros_like(scores[:-1]), where=whole != 0
    )
    return ops.einsum("b...u,ub->b...", activations, ops.convert_to_tensor(weights))


def without_unit(activations: Tensor, units: Tensor) -> Tensor:
    """Activations with one unit set to zero; none for an index below 0."""
    ones = 1 - ops.one_hot(units, activations.shape[-1], dtype="float32")
    return activations * ops.reshape(
        ones, (-1,) + (1,) * (len(activations.shape) - 2) + (ones.shape[-1],)
    )


@method(
    "score_cam",
    paper="Wang et al. 2020, arXiv:1910.01279, eq. 2 to 5",
    family="perturbation",
    cost="one for each unit",
)
def score_cam(activations: Tensor, score_images: Callable[..., Any]) -> Tensor:
    """Weigh each unit by the score of the image seen through it.

    activations: (batch, *space, units). Returns maps
    (batch, *space). Needs no gradient.
    """
    least, most = (
        f(activations, axis=tuple(range(1, len(activations.shape) - 1))) for f in (ops.min, ops.max)
    )
    flat = ops.convert_to_numpy(ops.equal(least, most))
    alive = np.flatnonzero(~flat.all(axis=0))
    # units that are the same everywhere give an empty mask, which is asked about once
    asked = np.append(alive, -1) if len(alive) < flat.shape[1] else alive
    found = score_images(through_unit, asked, activations)
    scores = np.full(flat.T.shape, found[-1], "float32")
    scores[alive] = found[: len(alive)]
    weights = np.exp(scores - scores.max(axis=0))
    weights /= weights.sum(axis=0)
    return ops.einsum(
        "b...u,ub->b...", activations, ops.convert_to_tensor(weights.astype("float32"))
    )


def through_unit(images: Tensor, units: Tensor, activations: Tensor) -> Tensor:
    """Images seen through the masks of units; black for an index below 0."""
    grids = ops.moveaxis(ops.take(activations, ops.maximum(units, 0), axis=-1), -1, 0)
    space = tuple(range(2, len(grids.shape)))
    least, most = (f(grids, axis=space, keepdims=True) for f in (ops.min, ops.max))
    span = most - least
    empty = ops.equal(span, 0)
    masks = ops.where(
        empty, ops.zeros_like(grids), (grids - least) / ops.where(empty, ops.ones_like(span), span)
    )
    black = ops.reshape(units >= 0, (-1,) + (1,) * (len(grids.shape) - 1))
    masks = ops.where(black, masks, ops.zeros_like(masks))
    return images * ops.expand_dims(enlarged(masks, images.shape[2:-1]), -1)


def enlarged(grids: Tensor, size: tuple[int, ...]) -> Tensor:
    """(rows, batch, *grid) → (rows, batch, *size), linearly along each axis between the centres."""
    for axis, side in enumerate(size):
        weights = ops.convert_to_tensor(_linear(grids.shape[2 + axis], side))
        grids = ops.moveaxis(ops.tensordot(grids, weights, axes=[[2 + axis], [0]]), -1, 2 + axis)
    return grids


def _linear(cells: int, side: int) -> np.ndarray:
    """(cells, side): how much of each cell a pixel takes."""
    at = np.clip((np.arange(side) + 0.5) * cells / side - 0.5, 0, cells - 1)
    weights: np.ndarray = np.maximum(1 - np.abs(at - np.arange(cells)[:, None]), 0)
    return weights.astype("float32")
