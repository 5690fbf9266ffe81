"""Class activation maps: a weighted sum of the target layer's units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from keras import ops

from seewhy.methods.registry import method
from seewhy.methods.tensors import Noise, divide, noisy, space
from seewhy.network.outputs import ModelOutputs
from seewhy.targets.target import Target

Tensor = Any

FAMILY = "class activation"


@method(
    "grad_cam",
    paper="Selvaraju et al. 2017, arXiv:1610.02391, eq. 1 and 2 before the ReLU",
    units=True,
    family=FAMILY,
    use="First choice: cheap, class-specific, and it passes the published sanity checks.",
    avoid="At early layers, where the mean over space mixes places that have nothing in common.",
)
def grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit by its mean gradient over space.

    activations, gradients: (batch, *space, units). Returns signed maps (batch, *space). Behind
    global average pooling and a dense layer it equals CAM (Zhou et al. 2016) divided by the
    number of positions.
    """
    weights = ops.mean(gradients, axis=space(gradients), keepdims=True)
    return weights * activations


@method(
    "cam",
    paper="Zhou et al. 2016, arXiv:1512.04150, eq. 2, with the class weights read off the gradient",
    units=True,
    family=FAMILY,
    use="Networks that end in global average pooling and one dense layer.",
    avoid="Any other head: the gradient varies over space there, and the map is NaN, and says so.",
)
def cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit by the dense layer's weight of it for the class.

    activations, gradients: (batch, *space, units). Behind a mean over space the gradient is the
    same everywhere: the class weight divided by the number of positions. Where it is not the same
    everywhere the head is another and there is no CAM: then the map is NaN.
    Returns signed maps (batch, *space).
    """
    axes = space(gradients)
    positions = float(np.prod([activations.shape[axis] for axis in axes]))
    least, most = (f(gradients, axis=axes, keepdims=True) for f in (ops.min, ops.max))
    size = ops.max(ops.abs(gradients), axis=(*axes, -1), keepdims=True)
    varies = ops.any(most - least > 1e-4 * size, axis=-1)
    parts = positions * (least + most) / 2 * activations
    return ops.where(ops.expand_dims(varies, -1), ops.full_like(parts, np.nan), parts)


@method(
    "hires_cam",
    paper="Draelos and Carin 2020, arXiv:2011.08891, eq. 4",
    units=True,
    family=FAMILY,
    use="Where each place must show what the model computed there: behind flattening heads.",
    avoid="Right in front of a LayerNormalization, where the products cancel.",
)
def hires_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit at each position by its gradient there.

    activations, gradients: (batch, *space, units). Returns signed maps (batch, *space). Equals
    Grad-CAM where gradients do not vary over space; where the tail is linear, the map's sum plus
    the bias is the score.
    """
    return gradients * activations


@method(
    "grad_cam_elementwise",
    paper="Pillai and Pirsiavash 2021, 'Explainable models with consistent interpretations', eq. 2",
    units=True,
    family=FAMILY,
    use="As HiResCAM, counting only what speaks for the target.",
    avoid="To compare evidence for and against: what speaks against is left out unit by unit.",
)
def grad_cam_elementwise(activations: Tensor, gradients: Tensor) -> Tensor:
    """Sum over units of the positive part of gradient times activation.

    activations, gradients: (batch, *space, units). Returns maps (batch, *space), from 0 on.
    """
    return ops.relu(gradients * activations)


@method(
    "grad_cam_plus_plus",
    paper="Chattopadhay et al. 2018, arXiv:1710.11063, eq. 10 and 19, without exp(score)",
    units=True,
    family=FAMILY,
    use="Several instances of a class in one photo.",
    avoid="To see evidence against a class: only positive gradients count.",
)
def grad_cam_plus_plus(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit by its positive gradients, the more the rarer they are over space.

    activations, gradients: (batch, *space, units). Returns maps (batch, *space). The paper
    differentiates exp(score), which multiplies the whole map by exp(score): that positive factor
    overflows and is left out.
    """
    total = ops.sum(activations, axis=space(activations), keepdims=True)
    alphas = divide(gradients**2, 2 * gradients**2 + total * gradients**3)
    weights = ops.sum(alphas * ops.relu(gradients), axis=space(gradients), keepdims=True)
    return weights * activations


@method(
    "smooth_grad_cam_plus_plus",
    paper="Omeiza et al. 2019, arXiv:1908.01224: Grad-CAM++ with averaged D1, D2 and D3",
    units=True,
    family=FAMILY,
    cost="1 + samples",
    use="Grad-CAM++ with less noise.",
    avoid="Where one pass must do.",
)
def smooth_grad_cam_plus_plus(
    activations: Tensor,
    images: Tensor,
    sum_activations: Callable[..., Any],
    *,
    samples: int = 8,
    noise: float = 0.1,
    seed: int = 0,
) -> Tensor:
    """Grad-CAM++ with the powers of the gradient averaged over noisy copies of the image.

    activations: (batch, *space, units). samples: how many copies. noise: standard deviation as a
    share of each image's range of values. Returns maps (batch, *space).
    """
    rows = Noise(samples, tuple(images.shape[1:]), seed)
    sums = sum_activations(noisy, powers, rows, np.float32(noise))
    first, second, third = (ops.convert_to_tensor(s.astype("float32") / samples) for s in sums)
    total = ops.sum(activations, axis=space(activations), keepdims=True)
    alphas = divide(second, 2 * second + total * third)
    weights = ops.sum(alphas * ops.relu(first), axis=space(first), keepdims=True)
    return weights * activations


def powers(_: Tensor, gradients: Tensor, *__: Any) -> tuple[Tensor, ...]:
    """The gradients, their squares and their cubes."""
    return gradients, gradients**2, gradients**3


@method(
    "xgrad_cam",
    paper="Fu et al. 2020, arXiv:2008.02312, eq. 8",
    units=True,
    family=FAMILY,
    use="As Grad-CAM; its map sums to what gradient times activation sums to.",
    avoid="Layers with negative activations: units that sum to almost 0 get huge weights.",
)
def xgrad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit by its gradients, averaged with its activations for weights.

    activations, gradients: (batch, *space, units). Returns signed maps (batch, *space), whose sum
    is that of HiResCAM; units that sum to 0 are left out.
    """
    axes = space(activations)
    total = ops.sum(activations, axis=axes, keepdims=True)
    weights = divide(ops.sum(gradients * activations, axis=axes, keepdims=True), total)
    return weights * activations


@method(
    "layer_cam",
    paper="Jiang et al. 2021, 'LayerCAM', IEEE TIP 30, eq. 5 to 7 before the ReLU",
    units=True,
    family=FAMILY,
    use="Earlier layers with finer grids; fused with later ones.",
    avoid="To see evidence against a class: negative gradients are left out.",
)
def layer_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Weigh each unit at each position by its gradient there, if that is positive.

    activations, gradients: (batch, *space, units). Returns maps (batch, *space).
    """
    return ops.relu(gradients) * activations


@method(
    "shapley_cam",
    paper="Cai 2025, arXiv:2501.06261, gradient minus half the Hessian times the activations",
    units=True,
    family=FAMILY,
    cost="1, and a second derivative of the tail",
    use="Targets that curve: probabilities, cosines.",
    avoid="Logits of ReLU networks: they do not curve, and it equals Grad-CAM.",
)
def shapley_cam(activations: Tensor, gradients: Tensor, curvature: Tensor) -> Tensor:
    """Weigh each unit by its mean Shapley value to second order.

    activations, gradients, curvature (the Hessian times the activations): (batch, *space, units).
    Returns signed maps (batch, *space).
    """
    weights = ops.mean(gradients - curvature / 2, axis=space(gradients), keepdims=True)
    return weights * activations


def subtract_nearest_classes(target: Target, alpha: float, nearest: int) -> Target:
    """The target's score minus alpha times the mean of the classes with the most similar scores."""
    from keras import ops

    def score(answers: ModelOutputs, *values: Tensor) -> Tensor:
        of_target = target.score(answers, *values)
        others = answers.values()
        if len(others.shape) != 2 or others.shape[-1] < 2:
            return of_target
        distance = ops.abs(ops.stop_gradient(others - ops.expand_dims(of_target, -1)))
        # the first in the order is the target itself
        order = ops.argsort(distance, axis=-1)[:, 1 : nearest + 1]
        return of_target - alpha * ops.mean(ops.take_along_axis(others, order, axis=-1), axis=-1)

    return replace(
        target, kind=("finer", alpha, nearest, target.kind), score=score, is_class_score=False
    )


@method(
    "finer_cam",
    paper="Zhang et al. 2025, 'Finer-CAM', arXiv:2501.11309, section 3, by Grad-CAM",
    units=True,
    family=FAMILY,
    rewrite_target=subtract_nearest_classes,
    use="What tells a class from those that look like it.",
    avoid="Targets without classes; it then equals Grad-CAM.",
)
def finer_cam(
    activations: Tensor,
    gradients: Tensor,
    *,
    alpha: float = 0.6,  # noqa: ARG001  (they change the question)
    nearest: int = 3,  # noqa: ARG001
) -> Tensor:
    """Grad-CAM of the target's score minus that of the classes with the most similar scores.

    alpha: how much of the others is taken away. nearest: how many others, averaged.
    Returns signed maps (batch, *space).
    """
    weights = ops.mean(gradients, axis=space(gradients), keepdims=True)
    return weights * activations


@method(
    "random_cam",
    paper="a control, as in Poppi et al. 2021, arXiv:2104.10252",
    units=True,
    family="control",
    use="Beside any measure: what it gives for weights without meaning.",
    avoid="As an explanation.",
)
def random_cam(activations: Tensor, *, seed: int = 0) -> Tensor:
    """Weigh each unit by a random number.

    activations: (batch, *space, units). The weights are uniform in -1..1, the same for each image.
    Returns signed maps (batch, *space).
    """
    weights = np.random.default_rng(seed).uniform(-1, 1, activations.shape[-1])
    return activations * ops.convert_to_tensor(weights.astype("float32"))
