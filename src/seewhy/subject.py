"""The model to be explained, and how images get into it and classes out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seewhy import inputs, labels, preprocess, presets
from seewhy.errors import ImageError, ModelError, PreprocessError
from seewhy.labels import Labels
from seewhy.presets import Preset

Tensor = Any
USUAL_SIZE = (224, 224)


@dataclass(frozen=True)
class Subject:
    """A model that takes one image, and what must be known to give it a photo."""

    model: Any
    preset: Preset | None
    size: tuple[int, int]
    """(height, width) that photos are brought to."""
    fixed: bool
    """Whether the model takes no other size."""
    channels: int
    channels_first: bool
    preprocess: Callable[[np.ndarray], Any] | None
    """uint8 values as float32 (batch, height, width, 3) → network input; None if unknown."""

    def arrange(self, images: Tensor) -> Tensor:
        """Images in the structure that the model is called with."""
        import keras

        structure = getattr(self.model, "input", images)
        return keras.tree.pack_sequence_as(structure, [images])

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one network input, in the model's own order of axes."""
        if self.channels_first:
            return (self.channels, *self.size)
        return (*self.size, self.channels)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether a preprocessed array of this shape can be one network input."""
        if self.fixed or len(shape) != 3:
            return shape == self.input_shape
        return shape[0 if self.channels_first else -1] == self.channels

    def network_input(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (batch, height, width, 3) → float32 batch as the network wants it.

        Raises PreprocessError if it is not known how, or the user's function breaks the shape.
        """
        if self.preprocess is None:
            raise inputs.missing_preprocessing_error(self.model)
        batch = _grey(pixels) if self.channels == 1 else pixels
        if batch.shape[-1] != self.channels:
            raise ImageError(
                f"the model takes images of {self.channels} channels, a photo has 3. Give a "
                f"preprocessed float array of shape {self.input_shape}."
            )
        ready = np.asarray(self.preprocess(batch.astype("float32")), "float32")
        if ready.shape != batch.shape:
            raise PreprocessError(
                f"the preprocessing gave an array of shape {ready.shape}; "
                f"expected {batch.shape}, as it came."
            )
        return np.moveaxis(ready, -1, 1) if self.channels_first else ready


def subject(
    model: Any,
    *,
    weights: str | Path | None = None,
    how: str | Callable[..., Any] | None = None,
    size: int | tuple[int, int] | None = None,
) -> Subject:
    """Load a model (a Keras model, a preset's name or a file) and learn how images enter it.

    how: name of a preprocessing, a function, or None to find it out.
    size: (height, width) or one number for both, for models that take any.
    Raises ModelError for a model that is unbuilt or does not take one image.
    """
    loaded, preset = presets.load(model, weights)
    shape = _image_shape(loaded)
    mode = how if how is not None else inputs.preprocessing(loaded, preset)
    first = _channels_first(loaded, shape)
    channels = shape[1] if first else shape[-1]
    own = tuple(shape[2:] if first else shape[1:3])
    return Subject(
        model=loaded,
        preset=preset,
        size=_input_size(own, size, preset),
        fixed=None not in own,
        channels=channels or 3,
        channels_first=first,
        preprocess=None if mode is None else preprocess.get(mode),
    )


def _image_shape(model: Any) -> tuple[int | None, ...]:
    try:
        shapes = [tuple(tensor.shape) for tensor in model.inputs]
    except (AttributeError, TypeError, ValueError):
        shapes = []
    name = getattr(model, "name", type(model).__name__)
    if not shapes:
        raise ModelError(
            f"model {name!r} is unbuilt or has no declared input: its layers are not known yet. "
            f"Give it a keras.Input, or an Input layer in front of a Sequential."
        )
    if len(shapes) > 1 or len(shapes[0]) != 4:
        raise ModelError(
            f"model {name!r} takes inputs of shape {', '.join(map(str, shapes))}; "
            f"expected one image of shape (batch, height, width, channels)."
        )
    return shapes[0]


def _channels_first(model: Any, shape: Sequence[int | None]) -> bool:
    from seewhy.calls import operations

    formats = {getattr(operation, "data_format", None) for operation in operations(model)}
    formats.discard(None)
    if len(formats) == 1:
        return formats == {"channels_first"}
    return shape[1] in (1, 3) and shape[-1] not in (1, 3)


def _input_size(
    own: tuple[int | None, ...], wanted: int | tuple[int, int] | None, preset: Preset | None
) -> tuple[int, int]:
    usual = (preset.size, preset.size) if preset else USUAL_SIZE
    rows, cols = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    size = (own[0] or rows or usual[0], own[1] or cols or usual[1])
    if wanted is not None and size != (rows, cols):
        raise ModelError(
            f"the model takes images of {own[0]} × {own[1]} pixels only; "
            f"got size {rows} × {cols}. Leave the size out, or build the model for that size."
        )
    if min(size) < 1:
        raise ModelError(f"the size must be positive; got {rows} × {cols}.")
    return size


def _grey(pixels: np.ndarray) -> np.ndarray:
    # the weights of ITU-R BT.601, as in Pillow's conversion to "L"
    weights = np.array([0.299, 0.587, 0.114], "float32")
    grey: np.ndarray = np.rint(pixels.astype("float32") @ weights)[..., None]
    return grey


def class_names(subject: Subject, given: Any, count: int) -> Labels:
    """Names of the model's `count` classes: as given, ImageNet's where it is known, or numbers."""
    if given is None and count == 1000 and (subject.preset or inputs.architecture(subject.model)):
        return labels.imagenet()
    return labels.of(given, count)
