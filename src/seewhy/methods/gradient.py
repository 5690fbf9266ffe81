"""Methods at the input: gradients of the score with respect to the image itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from seewhy.methods import method

Tensor = Any


@method(
    "gradient_input",
    paper="Shrikumar et al. 2016, arXiv:1605.01713, section 2",
    family="input",
    cost="3",
)
def gradient_input(images: Tensor, image_gradients: Tensor) -> Tensor:
    """Image times gradient, summed over channels.

    images, image_gradients: (batch, *space, channels). Returns signed maps (batch, *space).
    """
    return ops.sum(images * image_gradients, axis=-1)


@method(
    "integrated_gradients",
    paper="Sundararajan et al. 2017, arXiv:1703.01365, eq. 1 by the midpoint rule",
    family="input",
    cost="3 × steps",
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
    (total,) = sum_images(between, only_gradients, along, base)
    maps = np.sum((ops.convert_to_numpy(images) - base) * total / steps, axis=-1)
    scores = score_images(between, np.array([0, 1], "float32"), base)
    gap = scores[1] - scores[0] - maps.sum(axis=tuple(range(1, maps.ndim)))
    return maps, {"completeness_gap": gap}


def between(images: Tensor, along: Tensor, baseline: Tensor) -> Tensor:
    """Points on the lines from the baseline (0) to the images (1)."""
    along = ops.reshape(along, (-1,) + (1,) * (len(images.shape) - 1))
    return baseline + along * (images - baseline)


def only_gradients(images: Tensor, gradients: Tensor, *_: Any) -> tuple[Tensor, ...]:  # noqa: ARG001
    return (gradients,)
