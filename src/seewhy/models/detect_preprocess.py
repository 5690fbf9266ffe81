"""What a model wants to be fed with: how its pixels are scaled, and how large its photos are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.errors import ModelError, PreprocessError
from seewhy.models import input_specs, preprocess
from seewhy.models.architectures import recognise_architectures
from seewhy.models.input_specs import InputSpec
from seewhy.models.presets import Preset
from seewhy.network.calls import Operation, handle_calls, operations

Shape = tuple[int | None, ...]
_CHANNELS = (1, 3, 4)
_FLEXIBLE_SIZE = 224


def detect_preprocessing(model: Any, preset: Preset | None) -> str | None:
    """Mode of seewhy.preprocess that the model wants, or None if that cannot be known.

    A preset says it. A model that changes its pixels in front of its first layer with weights
    wants them raw, "none", unless it would make them larger: then they must come scaled, and
    it is not known how. A network of keras.applications, as a base too, is known by its layers.
    Of several inputs those that photos fit must all want the same.
    """
    if preset is not None:
        return preset.preprocess
    try:
        specs, structure, spread = input_specs.specs_of_model(model)
    except ModelError:  # not built; said where its inputs are needed
        return None
    modes = {
        _mode_of_input(model, _ModelInputs(specs, structure, spread), k)
        for k, spec in enumerate(specs)
        if spec.rank == 2 and _takes_photos(spec.shape)
    }
    return modes.pop() if len(modes) == 1 else None


def _mode_of_input(model: Any, inputs: _ModelInputs, k: int) -> str | None:
    reached = _find_first_weights(model, inputs, k)
    if reached is None:
        return None
    if not reached.untouched:
        return "none" if reached.gain <= 1.001 else None
    shape = inputs.specs[k].shape
    return _mode(model, reached.operation) if 3 in (shape[0], shape[-1]) else None


def _takes_photos(shape: Shape) -> bool:
    return any(channels in (*_CHANNELS, None) for channels in (shape[0], shape[-1]))


def detect_architecture(model: Any) -> str | None:
    """Name of the one family of keras.applications that the model is or is built on, or None."""
    known = recognise_architectures(model)
    return known[0].name if len(known) == 1 else None


def missing_preprocessing_error(model: Any) -> PreprocessError:
    """The error to raise where `preprocessing` gives None and the user has named nothing."""
    return PreprocessError(
        f"it is not known how the model {getattr(model, 'name', model)!r} wants its pixels: it "
        "has no layer that scales them and is no network of keras.applications. Say how they "
        f"were prepared when it was trained, with preprocess=… (or --preprocess). "
        f"{preprocess.describe_modes()} In Python also a function of RGB pixels "
        "(batch, height, width, 3), float32 in 0..255."
    )


def detect_input_size(model: Any, preset: Preset | None) -> tuple[int, int] | None:
    """(height, width) of the photos that the model takes.

    Where it takes any size, the preset's, and None without a preset.
    """
    shape = _image_shape(model)
    if shape is not None:
        height, width = shape[1:3] if _channels_last(shape) else shape[2:4]
        if height is not None and width is not None:
            return height, width
    return (preset.size, preset.size) if preset else None


@dataclass(frozen=True)
class _FirstWeights:
    """The first operation with weights, and what comes to it of a black and a white image."""

    operation: Operation
    black: NDArray[np.float32]
    white: NDArray[np.float32]

    @property
    def gain(self) -> float:
        """How much larger the contrast has become: 1 / 255 where 0..255 became 0..1."""
        return float(np.abs(self.white - self.black).max()) / 255

    @property
    def untouched(self) -> bool:
        # maxima, since padding leaves zeros at the edge of the white image
        same = np.abs(self.black).max() < 0.5 and abs(self.white.max() - 255) < 0.5
        return bool(same)


class _FirstWeightsReached(BaseException):
    """The first weights are reached; a BaseException, for Keras wraps all others."""

    def __init__(self, number: int, operation: Operation, value: Any) -> None:
        self.number = number
        self.operation = operation
        self.value = value


@dataclass(frozen=True)
class _ModelInputs:
    """The inputs of a model, how they are nested, and whether they are several arguments."""

    specs: tuple[InputSpec, ...]
    structure: Any
    spread: bool

    def filled(self, k: int, value: float) -> list[Any]:
        """The arguments of a call: one value everywhere in input k, zeros in the others."""
        from keras import ops, tree

        tensors = [
            ops.full(_filled_shape(spec), value if j == k else 0, dtype=spec.dtype)
            for j, spec in enumerate(self.specs)
        ]
        return tensors if self.spread else [tree.map_structure(tensors.__getitem__, self.structure)]


def _filled_shape(spec: InputSpec) -> list[int]:
    usual = _FLEXIBLE_SIZE if spec.rank else 1
    return [spec.batch or 1] + [usual if side is None else side for side in spec.shape]


def _find_first_weights(model: Any, inputs: _ModelInputs, k: int) -> _FirstWeights | None:
    """What of an image of one value in input k comes to the first weights behind that input."""
    # not a number spreads to all that depends on the image, and to nothing else
    marked = (
        _run_to_weights(model, inputs.filled(k, float("nan")), lambda _, value: _has_nan(value))
        if len(inputs.specs) > 1
        else None
    )
    if len(inputs.specs) > 1 and marked is None:
        return None
    nth = marked[0] if marked else 0
    black, white = (
        _run_to_weights(model, inputs.filled(k, value), lambda place, _: place == nth)
        for value in (0.0, 255.0)
    )
    if black is None or white is None:
        return None
    return _FirstWeights(white[1], black[2], white[2])


def _run_to_weights(
    model: Any, arguments: Sequence[Any], is_wanted: Callable[[int, Any], bool]
) -> tuple[int, Operation, NDArray[np.float32]] | None:
    """Run a model up to a call with weights: which one it is, its operation, what comes to it.

    is_wanted: whether to stop at a call, by its number among those with weights and its input.
    """
    from keras import ops

    numbers = itertools.count()

    def handler(operation: Operation, proceed: Any, args: Any, kwargs: Any) -> Any:
        if args and hasattr(args[0], "shape") and _weighs(operation):
            number = next(numbers)
            if is_wanted(number, args[0]):
                raise _FirstWeightsReached(number, operation, args[0])
        return proceed(*args, **kwargs)

    try:
        with handle_calls(operations(model), handler):
            model(*arguments, training=False)
    except _FirstWeightsReached as stop:
        try:
            values = ops.convert_to_numpy(ops.cast(stop.value, "float32"))
            return stop.number, stop.operation, values
        except Exception:  # in a part that is compiled even when run eagerly, as by RematScope
            return None
    return None


def _has_nan(value: Any) -> bool:
    from keras import ops

    try:
        return bool(np.isnan(ops.convert_to_numpy(ops.cast(value, "float32"))).any())
    except Exception:  # in a part that is compiled even when run eagerly
        return False


def _weighs(operation: Operation) -> bool:
    """Whether an operation has learnt weights of its own, beside those of operations in it."""
    if type(operation).__name__ == "Normalization":  # its weights are statistics of the pixels
        return False
    weights = {id(weight) for weight in getattr(operation, "weights", ())}
    if weights:
        for inner in operations(operation):
            weights -= {id(weight) for weight in getattr(inner, "weights", ())}
    return bool(weights)


def _mode(model: Any, first: Operation) -> str | None:
    """Mode of the architecture that the model is built on, if its images come to it untouched."""
    known = recognise_architectures(model)
    modes = {architecture.mode for architecture in known}
    at_stem = all(fnmatchcase(str(first.name), architecture.stem) for architecture in known)
    return modes.pop() if len(modes) == 1 and at_stem else None


def _image_shape(model: Any) -> Shape | None:
    """The shape of the model's one input of images, with the batch; None if it has none such."""
    try:
        shape = model.input_shape
    except (AttributeError, ValueError):  # a subclassed model that was never built or called
        return None
    is_shape = isinstance(shape, tuple) and all(
        size is None or isinstance(size, int) for size in shape
    )
    return shape if is_shape and len(shape) == 4 else None


def _channels_last(shape: Shape) -> bool:
    return shape[3] in _CHANNELS or shape[1] not in _CHANNELS
