"""From one sample to network inputs, with its picture and geometry."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seewhy import images
from seewhy.errors import ImageError
from seewhy.images.arrays import Array
from seewhy.images.bit_depth import Range
from seewhy.images.fitting import PhotoWindows
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.models.array_values import cast, unlikely_range
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
    """uint8 (height, width, 3) at the network's size, float32 in 0..255 of photos of more than 8
    bits; None if the user preprocessed it."""
    array: np.ndarray | None
    """In the model's own shape and type, preprocessed by the user."""

    @property
    def shape(self) -> tuple[int, ...]:
        value = self.pixels if self.array is None else self.array
        is_bytes = value is not None and value.dtype == np.uint8
        return () if value is None else (self.array is None, is_bytes, *value.shape)


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
    range: Range = None
    prepared: bool | None = None
    """Whether float arrays are preprocessed already; None where nobody says so: then they are, if
    preprocessing is not stated."""
    stated: bool = False
    """Whether the user said that pixels are changed for the model."""


def prepare(source: Any, wrapped: WrappedModel, fit_options: FitOptions) -> Prepared:
    """One sample for the network.

    source: for a model of one input a path, file object, PIL image or uint8 array (a photo), or a
        float array that is already preprocessed, unless the options say otherwise; for several
        inputs a dictionary or tuple of such and of plain values. Raises ImageError for anything
        else.
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
        if not _is_photo(array, k, wrapped, fit_options):
            return _array_part(array, k, wrapped, fit_options)
        value = _photo_of_floats(array, k, wrapped, fit_options) if _is_float(array) else array
    elif not wrapped.takes_photos(k):
        raise ImageError(
            f"input {entry.name!r} of shape {entry.shape} takes no photo: give an array of that "
            f"shape; got {type(value).__name__}."
        )
    photo = images.with_range(images.load(value), fit_options.range)
    declared = entry.shape[1:] if wrapped.channels_first else entry.shape[:-1]
    usual = photo.size if wrapped.resizes else wrapped.size or entry.seen or USUAL_SIZE
    size = (declared[0] or usual[0], declared[1] or usual[1])
    pixels, geometry = images.fit(photo, size, fit_options.fit)
    return Part(photo, geometry, pixels, None)


def _is_plain(value: Any) -> bool:
    """Whether a value is a number, or a list or tuple of numbers."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, int | float | np.generic)


def _is_float(array: np.ndarray) -> bool:
    return np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16"


def _is_photo(array: np.ndarray, k: int, wrapped: WrappedModel, fit_options: FitOptions) -> bool:
    """Whether an array is a photo that can be brought to another size, not a prepared input.

    Raises ImageError where the user said how pixels are preprocessed, and these cannot be pixels.
    """
    if not wrapped.takes_photos(k):
        return False
    if _is_float(array):
        return _is_photo_of_floats(array, wrapped.inputs[k], fit_options)
    if wrapped.inputs[k].dtype not in ("uint8", *FLOATS):
        return False
    return not (wrapped.channels_first and array.ndim == 3 and array.shape[-1] not in (1, 3, 4))


def _is_photo_of_floats(array: np.ndarray, entry: InputSpec, fit_options: FitOptions) -> bool:
    if fit_options.prepared is not None:
        return not fit_options.prepared
    if not fit_options.stated or not array.size or not np.isfinite(array).all():
        return False
    if array.min() >= 0 and 1 < array.max() <= 255:
        return True
    if not _fits(_shaped(array, entry).shape, entry):  # which is told where arrays are prepared
        return False
    raise ImageError(
        f"preprocess=… is said, and this float array with values {array.min():.4g} to "
        f"{array.max():.4g} holds no pixels 0..255 that it could be done to. Say prepared=True if "
        f"it was preprocessed already, or prepared=False with range=(black, white) if it is a "
        f"photo."
    )


def _photo_of_floats(
    array: np.ndarray, k: int, wrapped: WrappedModel, fit_options: FitOptions
) -> Photo:
    pixels = _shaped(array, wrapped.inputs[k]) if array.ndim == 4 else array
    if pixels.ndim == 3 and pixels.shape[-1] not in (1, 3) and pixels.shape[0] in (1, 3):
        pixels = np.moveaxis(pixels, 0, -1)
    return images.from_floats(pixels.astype("float32"), fit_options.range)


def _array_part(array: np.ndarray, k: int, wrapped: WrappedModel, fit_options: FitOptions) -> Part:
    """An array in the model's own shape."""
    entry = wrapped.inputs[k]
    array = array_given = _shaped(array, entry)
    if not _fits(array.shape, entry):
        axes = ", ".join("any" if side is None else str(side) for side in entry.shape)
        raise ImageError(
            f"input {entry.name!r} takes arrays of shape ({axes}); got {array.shape}. A float "
            f"array is taken as already preprocessed: give that shape, or for a photo a uint8 "
            f"array (height, width, 3) with pixels 0..255 of any size, or say prepared=False."
        )
    is_prepared = _is_float(array)
    values = np.moveaxis(array, 0, -1) if _is_channels_first(entry, wrapped) else array
    if not is_prepared and entry.rank and "int" not in entry.dtype:
        array = wrapped.network_input(values[None], k)[0]
    ready = cast(array, entry)
    if not entry.rank and len(wrapped.inputs) > 1:
        return Part(None, None, None, ready)
    if entry.rank == 2:
        shown = values if _is_float(values) else values.astype("float32")
        source = ("values", images.digest(array_given))
        photo: Photo | Array = replace(
            images.from_preprocessed(shown, bands=fit_options.bands), source=source
        )
        if is_prepared and fit_options.prepared is None:
            photo = replace(photo, notes=(*photo.notes, *unlikely_range(values, wrapped, k)))
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
