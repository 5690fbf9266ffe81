"""What an image classifier of keras-hub says about its photos. keras-hub is not imported.

Its networks take their pixels as they were prepared in training and scale nothing themselves. The
preparing is left to the classifier's `preprocessor`, whose `image_converter` resizes, multiplies
by `scale` and adds `offset`; a number each, or one a channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]


def hub_preprocessing(model: Any) -> Callable[[Pixels], Pixels] | None:
    """The classifier's own scaling of pixels; None where it has no preprocessor that says it.

    The function takes RGB (batch, height, width, 3), float32 in 0..255, and gives a new array of
    the same shape. It resizes nothing: see `hub_image_size`.
    """
    converter = _converter(model)
    if converter is None:
        return None
    scale, offset = _factor(converter.scale, 1), _factor(converter.offset, 0)

    def preprocess(pixels: Pixels) -> Pixels:
        return pixels * scale + offset

    return preprocess


def hub_image_size(model: Any) -> tuple[int, int] | None:
    """(height, width) that the classifier's preprocessor brings photos to; None if it does not."""
    size = getattr(_converter(model), "image_size", None)
    return None if size is None else (int(size[0]), int(size[1]))


def hub_crops(model: Any) -> bool:
    """Whether the classifier's preprocessor cuts photos to shape, rather than squash or pad."""
    return bool(getattr(_converter(model), "crop_to_aspect_ratio", False))


def _converter(model: Any) -> Any:
    converter = getattr(getattr(model, "preprocessor", None), "image_converter", None)
    says = hasattr(converter, "scale") and hasattr(converter, "offset")
    return converter if says else None


def _factor(value: Any, without: float) -> Pixels:
    return np.asarray(without if value is None else value, np.float32)
