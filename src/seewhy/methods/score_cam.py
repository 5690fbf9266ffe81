"""Methods that weigh each unit by the score of the image seen through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from seewhy.errors import OptionError
from seewhy.methods.registry import method
from seewhy.methods.tensors import (
    Noise,
    blurred,
    divide,
    enlarged,
    normalised,
    space,
    spread,
    weighed,
)

Tensor = Any

FAMILY = "perturbation"


def softmax(scores: np.ndarray) -> np.ndarray:
    """Over the first axis."""
    powers = np.exp(scores - scores.max(axis=0))
    shares: np.ndarray = (powers / powers.sum(axis=0)).astype("float32")
    return shares


def varying_units(activations: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Units that are not the same everywhere in all images, and bool (units,) which those are."""
    least, most = (f(activations, axis=space(activations)) for f in (ops.min, ops.max))
    moving = ops.convert_to_numpy(ops.not_equal(least, most)).any(axis=0)
    return np.flatnonzero(moving), moving


@method(
    "score_cam",
    paper="Wang et al. 2020, arXiv:1910.01279, eq. 5 to 8, softmax over units as in algorithm 1",
    units=True,
    family=FAMILY,
    cost="1 a unit that is not constant",
    use="A map without gradients, whose weights are scores of what is seen.",
    avoid="In a hurry: one pass a unit.",
)
def score_cam(activations: Tensor, score_images: Callable[..., Any]) -> Tensor:
    """Weigh each unit by the score of the image seen through it.

    activations: (batch, *space, units). Returns maps (batch, *space). Needs no gradient. Units
    that are the same everywhere give an empty mask, which is asked about once for all of them.
    """
    return weighed(activations, softmax(_through(activations, score_images, through_unit)))


def _through(
    activations: Tensor,
    score_images: Callable[..., Any],
    change: Callable[..., Any],
    times: int = 1,
    *constants: Any,
) -> np.ndarray:
    """Mean scores (units, batch) of the images seen through each unit, so many times each."""
    units, moving = varying_units(activations)
    all_units = units if moving.all() else np.append(units, -1)
    rows = (np.tile(all_units, times), np.repeat(np.arange(times), len(all_units)))
    by_run = score_images(change, rows, activations, *constants)
    by_run = by_run.reshape(times, len(all_units), -1).mean(axis=0)
    scores = np.repeat(by_run[-1:], len(moving), axis=0)
    scores[moving] = by_run[: len(units)]
    return scores


def masks_of(units: Tensor, activations: Tensor, size: tuple[int, ...]) -> Tensor:
    """Masks (rows, batch, *size, 1) in 0..1 of units; 0 for an index below 0."""
    grids = ops.moveaxis(ops.take(activations, ops.maximum(units, 0), axis=-1), -1, 0)
    return masks_from(grids, units, size)


def masks_from(grids: Tensor, units: Tensor, size: tuple[int, ...]) -> Tensor:
    """Masks of grids (rows, batch, *grid), enlarged and then scaled as the papers do.

    0 where the index of the unit is below 0.
    """
    masks = ops.expand_dims(normalised(enlarged(grids, size), 2), -1)
    return ops.where(spread(units >= 0, masks), masks, ops.zeros_like(masks))


def through_unit(images: Tensor, rows: tuple[Tensor, Tensor], activations: Tensor) -> Tensor:
    """Images seen through the masks of units; black for an index below 0."""
    return images * masks_of(rows[0], activations, images.shape[2:-1])


@method(
    "ss_cam",
    paper="Wang et al. 2020, 'SS-CAM', arXiv:2006.14255, algorithm 1, noise on the activations",
    units=True,
    family=FAMILY,
    cost="samples a unit that is not constant",
    use="Score-CAM with steadier weights.",
    avoid="In a hurry: many passes a unit.",
)
def ss_cam(
    activations: Tensor,
    score_images: Callable[..., Any],
    *,
    samples: int = 8,
    noise: float = 0.1,
    seed: int = 0,
) -> Tensor:
    """Score-CAM with each unit's score averaged over noisy copies of its mask.

    activations: (batch, *space, units). noise: standard deviation as a share of each unit's range.
    Returns maps (batch, *space). Needs no gradient.
    """
    grid = tuple(int(side) for side in activations.shape[1:-1])
    drawn = Noise(samples, grid, seed)[:] * np.float32(noise)
    scores = _through(activations, score_images, through_noisy, samples, drawn)
    return weighed(activations, softmax(scores))


def through_noisy(
    images: Tensor, rows: tuple[Tensor, Tensor], activations: Tensor, noise: Tensor
) -> Tensor:
    """Images seen through the masks of units plus noise (samples, 1, *grid)."""
    units, samples = rows
    grids = ops.moveaxis(ops.take(activations, ops.maximum(units, 0), axis=-1), -1, 0)
    axes = tuple(range(2, len(grids.shape)))
    span = ops.max(grids, axis=axes, keepdims=True) - ops.min(grids, axis=axes, keepdims=True)
    grids = grids + span * ops.take(noise, samples, axis=0)
    return images * masks_from(grids, units, images.shape[2:-1])


@method(
    "is_cam",
    paper="Naidu et al. 2020, 'IS-CAM', arXiv:2010.03023, algorithm 1",
    units=True,
    family=FAMILY,
    cost="steps a unit that is not constant",
    use="Score-CAM with steadier weights.",
    avoid="In a hurry: many passes a unit.",
)
def is_cam(activations: Tensor, score_images: Callable[..., Any], *, steps: int = 8) -> Tensor:
    """Score-CAM with each unit's score averaged over fractions of its mask.

    activations: (batch, *space, units). steps: fractions 1/steps, 2/steps, …, 1.
    Returns maps (batch, *space). Needs no gradient.
    """
    fractions = (np.arange(steps, dtype="float32") + 1) / steps
    scores = _through(activations, score_images, through_part, steps, fractions)
    return weighed(activations, softmax(scores))


def through_part(
    images: Tensor, rows: tuple[Tensor, Tensor], activations: Tensor, fractions: Tensor
) -> Tensor:
    """Images seen through fractions of the masks of units."""
    share = spread(ops.take(fractions, rows[1], axis=0), images)
    return share * through_unit(images, rows, activations)


@method(
    "group_cam",
    paper="Zhang et al. 2021, 'Group-CAM', arXiv:2103.13859, eq. 2 to 8",
    units=True,
    family=FAMILY,
    cost="1 + groups",
    use="Score-CAM's idea for a few passes.",
    avoid="Backends without gradients.",
)
def group_cam(  # noqa: PLR0913  (options)
    activations: Tensor,
    gradients: Tensor,
    images: Tensor,
    score_images: Callable[..., Any],
    *,
    groups: int = 32,
    blur: float = 0.05,
    denoise: float = 0.7,
) -> Tensor:
    """Sum of groups of Grad-CAM's weighted units, each weighed by what its mask lets through.

    activations, gradients: (batch, *space, units); images: (batch, *space, channels). groups: of
    neighbouring units. blur: width of the Gaussian that hides the rest of the image, as a share
    of its sides. denoise: share of a group's cells, its weakest, that are set to 0. Returns maps
    (batch, *space).
    """
    weights = ops.mean(gradients, axis=space(gradients), keepdims=True)
    count = min(groups, int(activations.shape[-1]))
    member = np.arange(int(activations.shape[-1])) * count // int(activations.shape[-1])
    joined = ops.matmul(weights * activations, np.eye(count, dtype="float32")[member])
    grids = strongest_cells(ops.relu(joined), denoise)
    hidden = blurred(images, blur)
    rows = np.append(np.arange(count), -1)
    scores = score_images(revealed, rows, grids, hidden)
    gains = (scores[:-1] - scores[-1]).astype("float32")
    axes = space(grids)
    lowest = ops.min(grids, axis=axes, keepdims=True)
    shares = divide(grids - lowest, ops.max(grids, axis=axes, keepdims=True) - lowest)
    return weighed(shares, gains)


def strongest_cells(grids: Tensor, share: float) -> Tensor:
    """Grids (batch, *space, units) with the weakest share of the cells of each set to 0."""
    if not 0 <= share < 1:
        raise OptionError(f"denoise is a share of the cells, from 0 to below 1; got {share!r}.")
    if share == 0:
        return grids
    axes = space(grids)
    least = ops.quantile(grids, share, axis=axes, keepdims=True)
    return ops.where(grids > least, grids, ops.zeros_like(grids))


def revealed(images: Tensor, units: Tensor, grids: Tensor, hidden: Tensor) -> Tensor:
    """Blurred images with what a group's mask lets through; nothing for an index below 0."""
    masks = masks_of(units, grids, images.shape[2:-1])
    return images * masks + ops.expand_dims(hidden, 0) * (1 - masks)
