"""The inputs of a model: their names, shapes and structure."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from seewhy.errors import ImageError, ModelError

Shape = tuple[Any, ...]


@dataclass(frozen=True)
class InputSpec:
    """One input of a model."""

    name: str
    shape: tuple[int | None, ...]
    """Without the batch axis; None where any size will do."""
    dtype: str = "float32"
    seen: tuple[int, int] | None = None
    """(height, width) of the images that it was built with, where it takes any."""
    batch: int | None = None
    """How many images it takes at once, if that is fixed."""

    @property
    def rank(self) -> int:
        """How many space axes it has: 2 for images, 1 for signals; 0 for plain values."""
        return max(0, len(self.shape) - 1)


def space_axes(shape: Shape, channels_first: bool) -> tuple[int, ...]:
    """The space axes of one input's shape, without the batch axis."""
    if len(shape) == 1:  # words or samples in a row, without an axis of channels
        return tuple(shape)
    return tuple(shape[1:] if channels_first and len(shape) > 2 else shape[:-1])


def specs_of_model(model: Any) -> tuple[tuple[InputSpec, ...], Any, bool]:
    """The entries that a model declares or was built with, their structure, and whether they are
    several arguments. No entries where they are not known before the first image.

    Raises ModelError for a model that is not built.
    """
    tensors = _declared(model)
    if tensors is not None:
        # a Sequential has no `input` before it is called symbolically
        structure = _indexed(getattr(model, "input", tensors))
        names = _names(structure, [str(tensor.name) for tensor in tensors])
        specs = tuple(
            InputSpec(name, tuple(tensor.shape[1:]), str(tensor.dtype), batch=tensor.shape[0])
            for name, tensor in zip(names, tensors, strict=True)
        )
        return specs, structure, False
    _check_built(model)
    spread = _arguments(model) > 1
    shapes = (model.get_build_config() or {}).get("input_shape")
    if shapes is None or spread:
        return (), 0, spread
    leaves = [tuple(leaf) for leaf in _shapes(shapes)]
    structure = 0 if len(leaves) == 1 and _is_shape(shapes) else _indexed(shapes)
    names = _names(structure, [f"input {k}" for k in range(len(leaves))])
    specs = tuple(_built_with(name, leaf) for name, leaf in zip(names, leaves, strict=True))
    return specs, structure, False


def specs_of_sample(sample: Any, size: tuple[int, int] | None) -> tuple[tuple[InputSpec, ...], Any]:
    """Entries like the parts of one image that is to be explained, and their structure.

    Raises ImageError for a photo if no size is known to which it could be brought.
    """
    structure = sample if isinstance(sample, dict | tuple) else None
    parts = [sample] if structure is None else _parts(structure)
    order: Any = 0
    if isinstance(structure, dict):
        order = {key: k for k, key in enumerate(sorted(structure))}
    elif structure is not None:
        order = tuple(range(len(parts)))
    names = _names(order, [f"input {k}" for k in range(len(parts))])
    return tuple(_spec_like(n, part, size) for n, part in zip(names, parts, strict=True)), order


def _parts(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [structure[key] for key in sorted(structure)]
    return list(structure)


def _spec_like(name: str, part: Any, size: tuple[int, int] | None) -> InputSpec:
    is_array = hasattr(part, "__array__") and not isinstance(part, Image.Image)
    array = np.asarray(part) if is_array else None
    if array is None or (array.dtype == np.uint8 and array.shape[-1:] in ((3,), (4,))):
        if size is None:
            raise ImageError(
                "the model does not say which size of images it takes: give size=(height, width) "
                "for photos, or a preprocessed float array."
            )
        return InputSpec(name, (None, None, 3), seen=size)
    shape = array.shape[1:] if array.ndim > 1 and array.shape[0] == 1 else array.shape
    dtype = "float32" if np.issubdtype(array.dtype, np.floating) else str(array.dtype)
    seen = (shape[0], shape[1]) if len(shape) == 3 else None
    return InputSpec(name, (*(None for _ in shape[:-1]), shape[-1]), dtype, seen)


def _declared(model: Any) -> list[Any] | None:
    try:
        tensors = list(model.inputs)
    except (AttributeError, TypeError, ValueError):
        return None
    return tensors or None


def _indexed(structure: Any) -> Any:
    """The structure with the index of each leaf in its place; one leaf alone is 0."""
    indices = _numbering(structure, itertools.count())
    return 0 if indices == [0] else indices


def _numbering(structure: Any, numbers: Any) -> Any:
    if _is_shape(structure) or not isinstance(structure, dict | list | tuple):
        return next(numbers)
    if isinstance(structure, dict):
        by_key = {key: _numbering(structure[key], numbers) for key in sorted(structure)}
        return {key: by_key[key] for key in structure}
    return type(structure)(_numbering(part, numbers) for part in structure)


def _shapes(structure: Any) -> list[Any]:
    if _is_shape(structure):
        return [structure]
    parts = _parts(structure)
    return [leaf for part in parts for leaf in _shapes(part)]


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(v is None or isinstance(v, int) for v in value)


def _names(structure: Any, usual: list[str]) -> list[str]:
    if isinstance(structure, dict) and len(structure) == len(usual):
        return [str(key) for key in sorted(structure)]
    return usual


def _built_with(name: str, shape: tuple[int | None, ...]) -> InputSpec:
    """A model that declares nothing may take images of other sizes than those it was built with."""
    if len(shape) == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3):
        return InputSpec(
            name, (shape[1], None, None), seen=(int(shape[2] or 0), int(shape[3] or 0))
        )
    if len(shape) == 4:
        sides = (shape[1], shape[2])
        seen = None if None in sides else (int(sides[0] or 0), int(sides[1] or 0))
        return InputSpec(name, (None, None, shape[3]), seen=seen)
    return InputSpec(name, tuple(shape[1:]))


def _check_built(model: Any) -> None:
    if not getattr(model, "built", True):
        raise ModelError(
            f"model {getattr(model, 'name', type(model).__name__)!r} is unbuilt or has no declared "
            f"input: its layers have no weights yet. Load its weights, or call it once on an "
            f"input; or give it a keras.Input, or an Input layer in front of a Sequential."
        )
    if not callable(model):
        raise ModelError(
            f"a model is a Keras model, a preset's name, a .keras file or a seewhy.Split; got "
            f"{type(model).__name__}."
        )


def _arguments(model: Any) -> int:
    """How many inputs the model's call takes as arguments of their own."""
    parameters = inspect.signature(model.call).parameters.values()
    return len(
        [
            p
            for p in parameters
            if p.default is p.empty
            and p.kind is p.POSITIONAL_OR_KEYWORD
            and p.name not in ("training", "mask")
        ]
    )
