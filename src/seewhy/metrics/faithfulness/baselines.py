"""What stands in the place of removed pixels."""

from __future__ import annotations

import numpy as np

from seewhy.errors import OptionError
from seewhy.metrics import checks

BASELINES = ("zero", "mean", "blur", "linear", "flip")
Baseline = str | np.ndarray


def is_linear(baseline: Baseline) -> bool:
    """Whether what is put depends on which pixels are removed."""
    return isinstance(baseline, str) and baseline == "linear"


def removed_values(images: np.ndarray, baseline: Baseline) -> np.ndarray:
    """What removed pixels become, of a shape that broadcasts to the images'.

    images: (batch, height, width, channels). baseline: "zero", which after the usual
    preprocessing is a grey or black; "mean", each image's mean colour; "blur", as `blurred`;
    "flip", the images with the opposite sign; or an array that broadcasts to the images.
    Raises OptionError for another word or shape.
    """
    if not isinstance(baseline, str):
        array = checks.as_numbers(baseline, "a baseline's values").astype("float32")
        try:
            return np.broadcast_to(array, images.shape)
        except ValueError:
            raise OptionError(
                f"a baseline of shape {array.shape} does not fit images of shape {images.shape}."
            ) from None
    if baseline == "zero":
        return np.zeros((1, 1, 1, 1), "float32")
    if baseline == "mean":
        means: np.ndarray = images.mean(axis=(1, 2), keepdims=True)
        return means
    if baseline == "blur":
        return blurred(images)
    if baseline == "flip":
        flipped: np.ndarray = -images
        return flipped
    raise OptionError(
        f"baseline is one of {', '.join(BASELINES)} or an array; got {baseline!r} here."
    )


def blurred(images: np.ndarray, side: int = 11, sigma: float = 5) -> np.ndarray:
    """Images under a Gaussian, as the insertion game starts with (Petsiuk et al. 2018).

    The kernel is that of the authors' code: a Gaussian of standard deviation sigma, mirrored into
    side × side pixels; outside of the image there is 0. images: (batch, height, width, channels).
    Returns float32 of their shape.
    """
    from scipy.ndimage import correlate1d, gaussian_filter1d

    checks.as_images(images)
    point = np.zeros(side)
    point[side // 2] = 1
    kernel = gaussian_filter1d(point, sigma)  # whose tails are mirrored at both ends
    values = images.astype("float64")
    for axis in (1, 2):
        values = correlate1d(values, kernel, axis, mode="constant")
    return values.astype("float32")


def heavily_blurred(images: np.ndarray) -> np.ndarray:
    """Blurred so much that nothing can be told in it."""
    middle = images.mean(axis=(1, 2), keepdims=True)
    for _ in range(3):
        # about the mean, as there is nothing beyond the edge of the image
        images = middle + blurred(images - middle)
    return images
