"""Methods at the input: gradients of the score with respect to the image itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from seewhy.methods.registry import method
from seewhy.methods.tensors import Noise, noisy, spread

Tensor = Any

FAMILY = "input"

FINE = "As the only evidence: single pixels are noisy, and the sum over channels may cancel."


@method(
    "gradient",
    paper="Simonyan et al. 2013, arXiv:1312.6034, section 3; summed over channels, with its sign",
    family=FAMILY,
    cost="3",
    use="Which pixels would change the score if they changed a little.",
    avoid=FINE,
)
def gradient(image_gradients: Tensor, *, magnitude: bool = False) -> Tensor:
    """The gradient of the score at each pixel.

    image_gradients: (batch, *space, channels). magnitude: the paper's largest absolute value over
    channels, from 0 on, in place of the signed sum. Returns maps (batch, *space).
    """
    if magnitude:
        return ops.max(ops.abs(image_gradients), axis=-1)
    return ops.sum(image_gradients, axis=-1)


@method(
    "gradient_input",
    paper="Shrikumar et al. 2016, arXiv:1605.01713, section 2",
    family=FAMILY,
    cost="3",
    use="How much each pixel contributes, to first order.",
    avoid=FINE,
)
def gradient_input(images: Tensor, image_gradients: Tensor) -> Tensor:
    """Image times gradient, summed over channels.

    images, image_gradients: (batch, *space, channels). Returns signed maps (batch, *space).
    """
    return ops.sum(images * image_gradients, axis=-1)


@method(
    "smooth_grad",
    paper="Smilkov et al. 2017, arXiv:1706.03825, section 2",
    family=FAMILY,
    cost="3 × samples",
    use="The gradient with less noise.",
    avoid="To count contributions: it is a mean slope.",
)
def smooth_grad(
    images: Tensor,
    sum_images: Callable[..., Any],
    *,
    samples: int = 50,
    noise: float = 0.15,
    seed: int = 0,
) -> Tensor:
    """The mean gradient over noisy copies of the image, summed over channels.

    images: (batch, *space, channels). noise: standard deviation as a share of each image's range
    of values. Returns signed maps (batch, *space).
    """
    (total,) = sum_images(noisy, only_gradients, *_noise(images, samples, noise, seed))
    maps: np.ndarray = total.sum(axis=-1) / samples
    return maps


@method(
    "square_grad",
    paper="Hooker et al. 2019, arXiv:1806.10758, section 4.1",
    family=FAMILY,
    cost="3 × samples",
    use="Where the score is sensitive, whatever the sign.",
    avoid="To see evidence for or against.",
)
def square_grad(
    images: Tensor,
    sum_images: Callable[..., Any],
    *,
    samples: int = 50,
    noise: float = 0.15,
    seed: int = 0,
) -> Tensor:
    """The mean squared gradient over noisy copies of the image, summed over channels.

    Arguments as of smooth_grad. Returns maps (batch, *space), from 0 on.
    """
    (total,) = sum_images(noisy, squares, *_noise(images, samples, noise, seed))
    maps: np.ndarray = total.sum(axis=-1) / samples
    return maps


@method(
    "var_grad",
    paper="Adebayo et al. 2018, arXiv:1810.03292, appendix; variance over noisy copies",
    family=FAMILY,
    cost="3 × samples",
    use="Where the gradient changes with a little noise.",
    avoid="To see evidence for or against.",
)
def var_grad(
    images: Tensor,
    sum_images: Callable[..., Any],
    *,
    samples: int = 50,
    noise: float = 0.15,
    seed: int = 0,
) -> Tensor:
    """The variance of the gradient over noisy copies of the image, summed over channels.

    Arguments as of smooth_grad. Returns maps (batch, *space), from 0 on.
    """
    first, second = sum_images(noisy, both_powers, *_noise(images, samples, noise, seed))
    maps: np.ndarray = np.maximum(second / samples - (first / samples) ** 2, 0).sum(axis=-1)
    return maps


@method(
    "integrated_gradients",
    paper="Sundararajan et al. 2017, arXiv:1703.01365, eq. 1 by the midpoint rule",
    family=FAMILY,
    cost="3 × steps + 2",
    use="Contributions that add up: they sum to the score's difference to the baseline's.",
    avoid="Where no value stands for 'nothing': the baseline decides much of the map.",
)
def integrated_gradients(
    images: Tensor,
    sum_images: Callable[..., Any],
    score_images: Callable[..., Any],
    *,
    steps: int = 50,
    baseline: float = 0.0,
) -> tuple[Tensor, dict[str, Any]]:
    """Image minus baseline times the mean gradient on the straight line between them.

    images: (batch, *space, channels). baseline: the value of the preprocessed input that stands
    for no image. Returns signed maps (batch, *space), whose sum is the score's difference to the
    baseline's up to the `completeness_gap`, which comes with them.
    """
    along = (np.arange(steps, dtype="float32") + 0.5) / steps
    base = np.float32(baseline)
    (total,) = sum_images(points_between, only_gradients, along, base)
    maps = np.sum((ops.convert_to_numpy(images) - base) * total / steps, axis=-1)
    scores = score_images(points_between, np.array([0, 1], "float32"), base)
    gap = scores[1] - scores[0] - maps.sum(axis=tuple(range(1, maps.ndim)))
    return maps, {"completeness_gap": gap}


@method(
    "expected_gradients",
    paper="Erion et al. 2021, arXiv:1906.10670, eq. 3, baselines from noise around the mean",
    family=FAMILY,
    cost="3 × samples",
    use="Integrated gradients without a single baseline.",
    avoid="Where exact sums are needed: it is a sample.",
)
def expected_gradients(
    images: Tensor,
    sum_images: Callable[..., Any],
    *,
    samples: int = 50,
    noise: float = 0.5,
    seed: int = 0,
) -> Tensor:
    """Mean of (image − baseline) times gradient at random points between both.

    images: (batch, *space, channels). Baselines: each image's mean plus normal noise of a share
    (`noise`) of its range. Returns signed maps (batch, *space).
    """
    along = np.random.default_rng(seed).random(samples, "float32")
    drawn, share = _noise(images, samples, noise, seed)
    (total,) = sum_images(points_from_noise, differences, (along, drawn), share, images)
    maps: np.ndarray = total.sum(axis=-1) / samples
    return maps


@method(
    "blur_ig",
    paper="Xu et al. 2020, arXiv:2004.03383, eq. 6, along the standard deviation of the blur",
    family=FAMILY,
    cost="3 × steps + 2",
    use="Integrated gradients whose 'nothing' is the blurred image.",
    avoid="Signals whose mean level matters: a blur keeps it.",
)
def blur_ig(
    images: Tensor,
    sum_images: Callable[..., Any],
    score_images: Callable[..., Any],
    *,
    steps: int = 50,
    width: float = 0.2,
) -> tuple[Tensor, dict[str, Any]]:
    """Gradients along the path from the blurred to the sharp image, times its steps.

    images: (batch, *space, channels). width: the largest standard deviation of the blur, as a
    share of each side. Returns signed maps (batch, *space) that sum to the score's difference to
    the blurred image's up to the `completeness_gap`, which comes with them.
    """
    edges = np.linspace(width, 0, steps + 1, dtype="float32")
    rows = np.stack([(edges[:-1] + edges[1:]) / 2, edges[:-1], edges[1:]], axis=1)
    (total,) = sum_images(sharper, along_blur, rows, images)
    maps: np.ndarray = total.sum(axis=-1)
    ends = np.array([[width] * 3, [0.0] * 3], "float32")
    scores = score_images(sharper, ends, images)
    gap = scores[1] - scores[0] - maps.sum(axis=tuple(range(1, maps.ndim)))
    return maps, {"completeness_gap": gap}


def points_between(images: Tensor, along: Tensor, baseline: Tensor) -> Tensor:
    """Points on the lines from the baseline (0) to the images (1)."""
    return baseline + spread(along, images) * (images - baseline)


def points_from_noise(
    images: Tensor, rows: tuple[Tensor, Tensor], noise: Tensor, _: Tensor
) -> Tensor:
    """Points on the lines from noise around the images' means to the images."""
    along, drawn = rows
    return points_between(images, along, _baseline(images, drawn, noise))


def _baseline(images: Tensor, drawn: Tensor, noise: Tensor) -> Tensor:
    axes = tuple(range(2, len(images.shape)))
    mean = ops.mean(images, axis=axes, keepdims=True)
    least, most = (f(images, axis=axes, keepdims=True) for f in (ops.min, ops.max))
    return mean + drawn * noise * (most - least)


def differences(
    _: Tensor, gradients: Tensor, rows: tuple[Tensor, Tensor], noise: Tensor, images: Tensor
) -> tuple[Tensor, ...]:
    """(image − baseline) times gradient."""
    whole = ops.expand_dims(images, 0)
    return ((whole - _baseline(whole, rows[1], noise)) * gradients,)


def sharper(images: Tensor, rows: Tensor, _: Tensor) -> Tensor:
    """Images blurred by the first of each row's standard deviations."""
    return _blurred(images, rows[:, 0])


def along_blur(_: Tensor, gradients: Tensor, rows: Tensor, images: Tensor) -> tuple[Tensor, ...]:
    """Gradients times what a step of less blur changes."""
    whole = ops.expand_dims(images, 0)
    return (gradients * (_blurred(whole, rows[:, 2]) - _blurred(whole, rows[:, 1])),)


def _blurred(images: Tensor, widths: Tensor) -> Tensor:
    """(1, batch, *space, channels) and (rows,) → (rows, batch, *space, channels)."""
    values = ops.broadcast_to(images, (widths.shape[0], *images.shape[1:]))
    for axis in range(2, len(images.shape) - 1):
        side = int(images.shape[axis])
        apart = np.abs(np.arange(side)[:, None] - np.arange(side)).astype("float32")
        # under a hundredth of a pixel nothing is blurred any more
        deviation = ops.maximum(ops.reshape(widths, (-1, 1, 1)) * side, 0.01)
        kernel = ops.exp(-((ops.convert_to_tensor(apart) / deviation) ** 2) / 2)
        kernel = kernel / ops.sum(kernel, axis=1, keepdims=True)
        moved = ops.moveaxis(values, axis, 1)
        flat = ops.reshape(moved, (moved.shape[0], side, -1))
        flat_result = ops.matmul(ops.transpose(kernel, (0, 2, 1)), flat)
        values = ops.moveaxis(ops.reshape(flat_result, moved.shape), 1, axis)
    return values


def only_gradients(_: Tensor, gradients: Tensor, *__: Any) -> tuple[Tensor, ...]:
    """The gradients."""
    return (gradients,)


def squares(_: Tensor, gradients: Tensor, *__: Any) -> tuple[Tensor, ...]:
    """The squared gradients."""
    return (gradients**2,)


def both_powers(_: Tensor, gradients: Tensor, *__: Any) -> tuple[Tensor, ...]:
    """The gradients, and their squares."""
    return gradients, gradients**2


def _noise(images: Tensor, samples: int, noise: float, seed: int) -> tuple[Noise, np.float32]:
    return Noise(samples, tuple(int(side) for side in images.shape[1:]), seed), np.float32(noise)
