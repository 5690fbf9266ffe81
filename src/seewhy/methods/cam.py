"""Class activation maps: a weighted sum of the target layer's units."""

from __future__ import annotations

from typing import Any

from keras import ops

from seewhy.methods import method

Tensor = Any


@method(
    "grad_cam",
    paper="Selvaraju et al. 2017, arXiv:1610.02391, eq. 1 and 2 before the ReLU",
    family="class activation",
)
def grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit by its mean gradient over space.

    activations, gradients: (batch, *space, units). Returns signed maps (batch, *space). Behind
    global average pooling and a dense layer it equals CAM (Zhou et al. 2016) divided by the
    number of positions.
    """
    weights = ops.mean(gradients, axis=_space(gradients), keepdims=True)
    return ops.sum(weights * activations, axis=-1)


@method(
    "hires_cam",
    paper="Draelos and Carin 2020, arXiv:2011.08891, eq. 4",
    family="class activation",
)
def hires_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit at each position by its gradient there.

    activations, gradients: (batch, *space, units). Returns signed maps (batch, *space). Equals
    Grad-CAM where gradients do not vary over space; where the tail is linear, the map's sum plus
    the bias is the score.
    """
    return ops.sum(gradients * activations, axis=-1)


def _space(values: Tensor) -> tuple[int, ...]:
    return tuple(range(1, len(values.shape) - 1))
