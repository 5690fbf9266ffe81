"""Methods that switch units off, or all positions but one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from seewhy.methods.registry import method
from seewhy.methods.tensors import divide, weighed

Tensor = Any

FAMILY = "perturbation"


@method(
    "ablation_cam",
    paper="Desai and Ramaswamy 2020, 'Ablation-CAM', WACV, eq. 3 and 4",
    units=True,
    family=FAMILY,
    cost="one tail a unit",
    use="Grad-CAM without gradients, as where they saturate.",
    avoid="Scores near or below 0, by which it divides: take scores='probabilities'.",
)
def ablation_cam(
    activations: Tensor, score_activations: Callable[..., Any]
) -> tuple[Tensor, dict[str, Any]]:
    """Weigh each unit by the share of the score that is lost without it.

    activations: (batch, *space, units). Returns signed maps (batch, *space). Needs no gradient.
    Divided by a negative score, the map is turned around: its `divisor` comes with it, and a
    warning says so. All zero where the score is 0.
    """
    units = int(activations.shape[-1])
    # the last row leaves all units as they are
    scores = score_activations(without_unit, np.append(np.arange(units), -1))
    whole = scores[-1]
    lost = whole - scores[:-1]
    weights = np.divide(lost, whole, out=np.zeros_like(lost), where=whole != 0)
    return weighed(activations, weights), {"divisor": whole}


def without_unit(activations: Tensor, units: Tensor) -> Tensor:
    """Activations with one unit set to zero; none for an index below 0."""
    kept = 1 - ops.one_hot(units, activations.shape[-1], dtype="float32")
    middle = (1,) * (len(activations.shape) - 2)
    return activations * ops.reshape(kept, (-1, *middle, kept.shape[-1]))


@method(
    "recipro_cam",
    paper="Byun and Lee 2022, 'Recipro-CAM', arXiv:2209.14074, eq. 2 to 4, and its Gaussian masks",
    family=FAMILY,
    cost="1, and one tail a grid cell",
    use="A map without gradients in next to no time: edge devices, other backends.",
    avoid="Layers with large grids and heavy tails.",
)
def recipro_cam(
    activations: Tensor, score_activations: Callable[..., Any], *, gaussian: bool = True
) -> Tensor:
    """The score of each grid cell on its own, with all others put out.

    activations: (batch, *space, units). gaussian: whether a cell keeps its neighbours by a
    3 × 3 Gaussian. Returns maps (batch, *space), scaled to 0..1. Needs no gradient.
    """
    grid = tuple(int(side) for side in activations.shape[1:-1])
    cells = np.stack(np.unravel_index(np.arange(np.prod(grid)), grid), axis=1)
    masks = np.ones((len(cells), *grid), "float32")
    for axis, side in enumerate(grid):
        away = np.abs(cells[:, axis][:, None] - np.arange(side))
        near = np.where(away == 1, 0.5, 0.0) if gaussian else np.zeros(away.shape)
        profile = np.where(away == 0, 1.0, near).astype("float32")
        masks *= profile.reshape(len(cells), *(side if k == axis else 1 for k in range(len(grid))))
    scores = score_activations(masked, masks[:, None, ..., None])
    maps = np.moveaxis(scores, 0, -1).reshape(-1, *grid)
    least, most = (
        f(maps, axis=tuple(range(1, maps.ndim)), keepdims=True) for f in (np.min, np.max)
    )
    return ops.convert_to_numpy(divide(maps - least, most - least))


def masked(values: Tensor, masks: Tensor) -> Tensor:
    """Values times masks (rows, 1, *space, 1)."""
    return values * masks
