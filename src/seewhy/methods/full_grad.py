"""Full gradients: what the image and each bias of the network add to the score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from seewhy.methods.registry import method
from seewhy.methods.tensors import enlarged, normalised

Tensor = Any


@method(
    "full_grad",
    paper="Srinivas and Fleuret 2019, arXiv:1905.00780, eq. 6, biases of batch normalisation as in "
    "its appendix",
    family="input",
    cost="4",
    use="ReLU networks: one map of the image's part and that of all neurons.",
    avoid="Where evidence for and against must be told apart: all of it counts by its size.",
)
def full_grad(full_gradients: Sequence[Tensor]) -> Tensor:
    """Image times gradient, plus at each layer with a bias that times the gradient there.

    full_gradients: the first is the image's (batch, *space, channels), the others (batch, *grid,
    units). Each is taken by its absolute value, scaled to 0..1, enlarged to the image, and summed
    over units. Layers without a grid of that many axes, or with one cell, point at no place and
    are left out. Returns maps (batch, *space), from 0 on.
    """
    size = tuple(int(side) for side in full_gradients[0].shape[1:-1])
    total = ops.sum(normalised(ops.abs(full_gradients[0]), 1), axis=-1)
    for part in full_gradients[1:]:
        grid = part.shape[1:-1]
        if len(grid) == len(size) and max(grid) > 1:
            total = total + enlarged(ops.sum(normalised(ops.abs(part), 1), axis=-1), size, first=1)
    return total
