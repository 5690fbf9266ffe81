"""Turn pixels into the numbers that a network was trained on."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.errors import ModelError, PreprocessError
from seewhy.models import presets

Pixels = NDArray[np.float32]
Preprocess = Callable[[Pixels], Pixels]

# Means and standard deviations of ImageNet's training photos, RGB in 0..1; means again as BGR
# in 0..255, as Caffe's networks were trained (Simonyan and Zisserman 2014).
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)
_CAFFE_MEAN = np.array([103.939, 116.779, 123.68], np.float32)


def none(pixels: Pixels) -> Pixels:
    """0..255 unchanged, for models that scale their pixels themselves"""
    return pixels.copy()


def unit(pixels: Pixels) -> Pixels:
    """x / 255, so 0..1"""
    return pixels / np.float32(255)


def tf(pixels: Pixels) -> Pixels:
    """x / 127.5 - 1, so -1..1"""
    return pixels / np.float32(127.5) - np.float32(1)


def torch(pixels: Pixels) -> Pixels:
    """x / 255, then ImageNet's mean subtracted and divided by its standard deviation"""
    return (pixels / np.float32(255) - _MEAN) / _STD


def caffe(pixels: Pixels) -> Pixels:
    """BGR instead of RGB, ImageNet's mean subtracted, not scaled"""
    return pixels[..., ::-1] - _CAFFE_MEAN


def lite(pixels: Pixels) -> Pixels:
    """(x - 127) / 128, as EfficientNet-Lite does"""
    return (pixels - np.float32(127)) / np.float32(128)


MODES: dict[str, Preprocess] = {
    "none": none,
    "unit": unit,
    "tf": tf,
    "torch": torch,
    "caffe": caffe,
    "lite": lite,
}
"""Each: RGB pixels (batch, height, width, 3), float32 in 0..255 → new array of the same shape."""


def on_device(preprocess: Preprocess) -> Callable[[Any], Any] | None:
    """The same as a mode for tensors of the backend, in a compiled pass; None for other functions.

    It takes and gives float32 (batch, height, width, 3), and equals the mode to 1e-6.
    """
    known: tuple[tuple[Preprocess, Callable[[Any], Any]], ...] = (
        (none, lambda pixels: pixels),
        (unit, lambda pixels: pixels / 255.0),
        (tf, lambda pixels: pixels / 127.5 - 1.0),
        (torch, lambda pixels: (pixels / 255.0 - _tensor(_MEAN)) / _tensor(_STD)),
        (caffe, _caffe_on_device),
        (lite, lambda pixels: (pixels - 127.0) / 128.0),
    )
    return next((run for mode, run in known if mode is preprocess), None)


def _caffe_on_device(pixels: Any) -> Any:
    from keras import ops

    return ops.flip(pixels, axis=-1) - _tensor(_CAFFE_MEAN)


def _tensor(values: Pixels) -> Any:
    from keras import ops

    return ops.convert_to_tensor(values)


def get_preprocessing(preprocess: str | Preprocess) -> Preprocess:
    """The function for a mode ("tf"), for a preset ("vgg16"), or the function that was given.

    Raises PreprocessError if the name is neither; the message lists all modes.
    """
    if callable(preprocess):
        return preprocess
    if not isinstance(preprocess, str):
        raise PreprocessError(
            f"preprocess must be a name or a function, not {preprocess!r}. {describe_modes()}"
        )
    name = preprocess.strip().lower()
    if name in MODES:
        return MODES[name]
    try:
        return MODES[presets.get_preset(name).preprocess]
    except ModelError:
        near = difflib.get_close_matches(name, MODES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise PreprocessError(
            f"no preprocessing is called {preprocess!r}.{hint} {describe_modes()}"
        ) from None


def describe_modes() -> str:
    """One sentence that lists the modes with what they do."""
    modes = "; ".join(f'"{name}": {mode.__doc__}' for name, mode in MODES.items())
    return f'Known: {modes}; or the name of a preset such as "vgg16".'
