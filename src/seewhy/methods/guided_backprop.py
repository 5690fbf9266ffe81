"""Gradients at the input that ReLUs pass back by other rules."""

from __future__ import annotations

from typing import Any

from keras import ops

from seewhy.methods.registry import method
from seewhy.methods.tensors import enlarged, space

Tensor = Any

FAMILY = "input"

CAUTION = (
    "To explain a decision: it fails the published sanity checks (Adebayo et al. 2018, "
    "arXiv:1810.03292), as it shows edges of the image whatever the class and the weights."
)


@method(
    "guided_backprop",
    paper="Springenberg et al. 2014, arXiv:1412.6806, section 3.4",
    family=FAMILY,
    cost="3",
    use="To see which edges the network can see at all.",
    avoid=CAUTION,
)
def guided_backprop(guided_gradients: Tensor) -> Tensor:
    """Gradient where each ReLU passes back only what is positive, and only where it is open.

    guided_gradients: (batch, *space, channels). Returns signed maps (batch, *space), summed over
    channels. Acts on every form of ReLU and ReLU6; without any it is the gradient.
    """
    return ops.sum(guided_gradients, axis=-1)


@method(
    "deconvnet",
    paper="Zeiler and Fergus 2014, arXiv:1311.2901, section 2.1",
    family=FAMILY,
    cost="3",
    use="To see which patterns the network can see at all.",
    avoid=CAUTION,
)
def deconvnet(deconv_gradients: Tensor) -> Tensor:
    """Gradient where each ReLU passes back only what is positive, wherever it was open.

    deconv_gradients: (batch, *space, channels). Returns signed maps (batch, *space), summed over
    channels.
    """
    return ops.sum(deconv_gradients, axis=-1)


@method(
    "guided_grad_cam",
    paper="Selvaraju et al. 2017, arXiv:1610.02391, section 3.2",
    family=FAMILY,
    cost="4",
    use="Fine lines within the region that Grad-CAM finds.",
    avoid=CAUTION,
)
def guided_grad_cam(activations: Tensor, gradients: Tensor, guided_gradients: Tensor) -> Tensor:
    """Guided gradients times Grad-CAM, rectified and enlarged to the image.

    activations, gradients: (batch, *grid, units) at the target layer; guided_gradients: (batch,
    *space, channels) at the image. Returns signed maps (batch, *space).
    """
    weights = ops.mean(gradients, axis=space(gradients), keepdims=True)
    coarse = ops.relu(ops.sum(weights * activations, axis=-1))
    fine = enlarged(coarse, tuple(guided_gradients.shape[1:-1]), first=1)
    return fine * ops.sum(guided_gradients, axis=-1)
