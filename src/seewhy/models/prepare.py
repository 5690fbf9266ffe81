"""From one sample to network inputs, with its picture and geometry."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy import images
from seewhy.errors import ImageError
from seewhy.images.arrays import Array
from seewhy.images.fitting import PhotoWindows
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.models.input_specs import InputSpec
from seewhy.models.samples import as_numpy, is_array
from seewhy.models.wrapped_model import USUAL_SIZE, WrappedModel

FLOATS = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class Part:
    """One input of one sample."""

    photo: Photo | Array | None
    """What a map of it is laid over; None for plain values."""
    geometry: Geometry | None
    pixels: np.ndarray | None
    """uint8 (height, width, 3) at the network's size; None if the user preprocessed it."""
    array: np.ndarray | None
    """In the model's own shape and type, preprocessed by the user."""

    @property
    def shape(self) -> tuple[int, ...]:
        value = self.pixels if self.array is None else self.array
        return () if value is None else (self.array is None, *value.shape)


@dataclass(frozen=True)
class Prepared:
    """One sample, ready for the network: a part for each of the model's inputs."""

    parts: tuple[Part, ...]

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """Samples of one shape can go through in one batch."""
        return tuple(part.shape for part in self.parts)


@dataclass(frozen=True)
class FitOptions:
    """How images are brought to the network and shown."""

    fit: str
    bands: Sequence[int] | None = None


def prepare(source: Any, wrapped: WrappedModel, fit_options: FitOptions) -> Prepared:
    """One sample for the network.

    source: for a model of one input a path, file object, PIL image or uint8 array (a photo), or a
        float array that is already preprocessed; for several inputs a dictionary or tuple of such
        and of plain values. Raises ImageError for anything else.
    """
    values = _values_by_input(source, wrapped)
    return Prepared(
        tuple(_prepared_part(value, k, wrapped, fit_options) for k, value in enumerate(values))
    )


def batch_inputs(prepared: Sequence[Prepared], wrapped: WrappedModel) -> list[np.ndarray]:
    """Network inputs (batch, …), one for each entry, of samples of one shape."""
    return [
        _joined_parts([sample.parts[k] for sample in prepared], wrapped, k)
        for k in range(len(prepared[0].parts))
    ]


def photo_windows(
    sample: Prepared, k: int, wrapped: WrappedModel, fit_options: FitOptions
) -> PhotoWindows | None:
    """Windows of the photo of input k brought to other sizes, each as the network takes it.

    None where there is no photo, but a preprocessed array.
    """
    part = sample.parts[k]
    if part.pixels is None or not isinstance(part.photo, Photo):
        return None
    photo = part.photo

    @functools.cache
    def fitted(size: tuple[int, int]) -> np.ndarray:
        return images.fit(photo, size, fit_options.fit)[0]

    def window(size: tuple[int, ...], where: tuple[slice, ...]) -> np.ndarray:
        ready = wrapped.network_input(fitted((size[0], size[1]))[where][None], k)[0]
        return np.moveaxis(ready, 0, -1) if wrapped.channels_first else ready

    return window


def _joined_parts(parts: Sequence[Part], wrapped: WrappedModel, k: int) -> np.ndarray:
    arrays = [part.array for part in parts if part.array is not None]
    pixels = [part.pixels for part in parts if part.pixels is not None]
    if arrays:
        return np.stack(arrays)
    ready = wrapped.network_input(np.stack(pixels), k)
    return ready.astype("uint8") if wrapped.inputs[k].dtype == "uint8" else ready


def _values_by_input(source: Any, wrapped: WrappedModel) -> list[Any]:
    """One value an entry."""
    names = [entry.name for entry in wrapped.inputs]
    if isinstance(source, dict):
        missing = [name for name in names if name not in source]
        if missing or len(source) != len(names):
            raise ImageError(
                f"the model takes the inputs {', '.join(map(repr, names))}; got "
                f"{', '.join(map(repr, source))}. Give each of them by its name."
            )
        return [source[name] for name in names]
    if len(names) == 1 and not (isinstance(source, tuple) and len(source) == 1):
        return [source]
    if not isinstance(source, tuple | list) or len(source) != len(names):
        got = f"{len(source)}" if isinstance(source, tuple | list) else type(source).__name__
        raise ImageError(
            f"the model takes {len(names)} inputs ({', '.join(map(repr, names))}); got {got}. "
            f"Give a dictionary by these names, or a tuple in this order."
        )
    return list(source)


def _prepared_part(value: Any, k: int, wrapped: WrappedModel, fit_options: FitOptions) -> Part:
    entry = wrapped.inputs[k]
    if is_array(value) or _is_plain(value):
        array = as_numpy(value)
        is_float = np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16"
        if is_float or not _is_photo(array, k, wrapped):
            return _array_part(array, is_float, k, wrapped, fit_options)
    elif not wrapped.takes_photos(k):
        raise ImageError(
            f"input {entry.name!r} of shape {entry.shape} takes no photo: give an array of that "
            f"shape; got {type(value).__name__}."
        )
    photo = images.load(value)
    declared = entry.shape[1:] if wrapped.channels_first else entry.shape[:-1]
    usual = wrapped.size or entry.seen or USUAL_SIZE
    size = (declared[0] or usual[0], declared[1] or usual[1])
    pixels, geometry = images.fit(photo, size, fit_options.fit)
    return Part(photo, geometry, pixels, None)


def _is_plain(value: Any) -> bool:
    """Whether a value is a number, or a list or tuple of numbers."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, int | float | np.generic)


def _is_photo(array: np.ndarray, k: int, wrapped: WrappedModel) -> bool:
    """Whether an array of whole numbers is a photo that can be brought to another size."""
    if not wrapped.takes_photos(k) or wrapped.inputs[k].dtype not in ("uint8", *FLOATS):
        return False
    return not (wrapped.channels_first and array.ndim == 3 and array.shape[-1] not in (1, 3, 4))


def _array_part(
    array: np.ndarray, is_float: bool, k: int, wrapped: WrappedModel, fit_options: FitOptions
) -> Part:
    """An array in the model's own shape."""
    entry = wrapped.inputs[k]
    array = _shaped(array, entry)
    if not _fits(array.shape, entry):
        axes = ", ".join("any" if side is None else str(side) for side in entry.shape)
        raise ImageError(
            f"input {entry.name!r} takes arrays of shape ({axes}); got {array.shape}. A float "
            f"array is taken as already preprocessed: give that shape, or for a photo a uint8 "
            f"array (height, width, 3) with pixels 0..255 of any size."
        )
    values = np.moveaxis(array, 0, -1) if _is_channels_first(entry, wrapped) else array
    if not is_float and entry.rank and "int" not in entry.dtype:
        array = wrapped.network_input(values[None], k)[0]
    ready = _cast(array, entry)
    if not entry.rank and len(wrapped.inputs) > 1:
        return Part(None, None, None, ready)
    if entry.rank == 2:
        shown = values if is_float else values.astype("float32")
        photo: Photo | Array = images.from_preprocessed(shown, bands=fit_options.bands)
    else:
        shown = values.astype("float32")
        photo = Array(shown if entry.rank else shown[..., None])
    space = values.shape[:-1] if entry.rank else values.shape
    return Part(photo, Geometry.identity(space), None, ready)


def _shaped(array: np.ndarray, entry: InputSpec) -> np.ndarray:
    """Without a batch axis of one, and with an axis of one channel."""
    if array.ndim == len(entry.shape) + 1 and len(array) == 1:
        array = array[0]
    if array.ndim == len(entry.shape) - 1 and 1 in (entry.shape[-1:] + entry.shape[:1]):
        array = array[..., None] if entry.shape[-1] == 1 else array[None]
    return array


def _fits(shape: tuple[int, ...], entry: InputSpec) -> bool:
    if len(shape) != len(entry.shape):
        return False
    return all(declared in (None, side) for declared, side in zip(entry.shape, shape, strict=True))


def _is_channels_first(entry: InputSpec, wrapped: WrappedModel) -> bool:
    return wrapped.channels_first and entry.rank > 1


def _cast(array: np.ndarray, entry: InputSpec) -> np.ndarray:
    """The array in the input's own type. Raises ImageError where that would change it."""
    try:
        ready = array.astype("float32" if "float" in entry.dtype else entry.dtype)
    except (TypeError, ValueError) as error:
        raise ImageError(f"input {entry.name!r} takes numbers ({entry.dtype}): {error}.") from error
    if "float" in entry.dtype and not np.isfinite(ready).all():
        raise ImageError(f"input {entry.name!r} has NaN or infinite values. Give finite ones.")
    if "float" not in entry.dtype and not np.array_equal(ready, array):
        raise ImageError(
            f"input {entry.name!r} takes {entry.dtype}, and its values would be changed by that. "
            f"Give whole numbers in its range, such as pixels 0..255."
        )
    return ready
