"""Samples out of what a user gives as images: lists, batch arrays, structures of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from seewhy.errors import ImageError
from seewhy.images.photo import Photo, load
from seewhy.models.input_specs import InputSpec
from seewhy.models.wrapped_model import WrappedModel


def list_samples(sources: Any, wrapped: WrappedModel) -> list[Any]:
    """A list of samples: of one, from a list, or from batch arrays.

    One image is a path, a file, a picture, or an array without an axis for the batch, as the
    model's inputs tell; of several inputs one sample is a dictionary or tuple of such.
    """
    if _is_one(sources, wrapped):
        return [sources]
    if isinstance(sources, bytes) or (not isinstance(sources, Iterable) and not is_array(sources)):
        what = "bytes: put them into io.BytesIO" if isinstance(sources, bytes) else repr(sources)
        raise ImageError(f"an Explainer takes an image or a list of images; got {what}.")
    count = len(wrapped.inputs)
    if isinstance(sources, dict):
        return _samples_of_batches(
            sources, sources.values(), lambda values: dict(zip(sources, values, strict=True))
        )
    if isinstance(sources, tuple) and count != 1:
        return _samples_of_batches(sources, sources, tuple)
    if is_array(sources):
        return list(_checked_batch(as_numpy(sources), wrapped))
    samples = list(sources)
    if count > 1 and len(samples) == count and _are_batches(samples, wrapped):
        return _samples_of_batches(samples, samples, tuple)
    return samples


def _is_one(sources: Any, wrapped: WrappedModel) -> bool:
    """Whether it is one sample and no list or batch of them."""
    entries = wrapped.inputs
    if isinstance(sources, dict | tuple) and len(entries) > 1:
        parts = list(sources.values() if isinstance(sources, dict) else sources)
        if isinstance(sources, dict):
            by_name = {entry.name: entry for entry in entries}
            of_parts = [by_name.get(name) for name in sources]
        else:
            of_parts = list(entries)
        return len(parts) == len(entries) and all(
            entry is not None and _is_one_part(part, entry)
            for part, entry in zip(parts, of_parts, strict=True)
        )
    if isinstance(sources, dict | list | tuple):
        return False
    return _is_one_part(sources, entries[wrapped.image] if entries else None)


def _is_one_part(source: Any, entry: InputSpec | None) -> bool:
    """Whether it is one image, or one sample's values of an input; None: nothing is known of it."""
    if isinstance(source, str | os.PathLike | Photo | Image.Image) or hasattr(source, "read"):
        return True
    if not is_array(source):
        return False
    shape = tuple(np.shape(source))
    photo = len(shape) == 3 and shape[-1] in (1, 3, 4)
    if entry is None:  # of a model that does not declare its inputs
        return photo and getattr(source, "dtype", None) == np.uint8
    if entry.rank == 2 and entry.shape[-1] == 1 and len(shape) == 3:
        return photo  # others are a batch of photos without an axis of colours
    return len(shape) == len(entry.shape) or (entry.rank == 2 and len(shape) == 2)


def read_files(sample: Any) -> Any:
    """A sample with its files read, so that they are read once however often it is explained.

    sample: as a user gives one; a list of several inputs becomes a tuple. Raises ImageError.
    """
    if isinstance(sample, dict):
        return {name: read_files(value) for name, value in sample.items()}
    if isinstance(sample, tuple | list):
        return tuple(map(read_files, sample))
    is_file = isinstance(sample, str | os.PathLike) or hasattr(sample, "read")
    return load(sample) if is_file or isinstance(sample, Image.Image) else sample


def _samples_of_batches(whole: Any, parts: Any, make: Any) -> list[Any]:
    """Samples from a structure of batch arrays."""
    arrays = [as_numpy(part) if is_array(part) else list(part) for part in parts]
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ImageError(
            f"the inputs hold {' and '.join(map(str, lengths))} samples; expected the same number "
            f"of each. For one sample, put the {type(whole).__name__} into a list."
        )
    return [make(values) for values in zip(*arrays, strict=True)]


def _checked_batch(array: np.ndarray, wrapped: WrappedModel) -> np.ndarray:
    if not wrapped.inputs:
        return array
    entry = wrapped.inputs[wrapped.image]
    rank = len(entry.shape)
    # photos without an axis of colours are a batch, too
    if array.ndim != rank + 1 and not (rank == 3 and array.ndim == 3 and entry.shape[-1] == 1):
        axes = ", ".join("any" if side is None else str(side) for side in entry.shape)
        raise ImageError(
            f"a batch array has shape (batch, {axes}); got {array.shape}. "
            f"A single image has shape ({axes})."
        )
    return array


def _are_batches(sources: Sequence[Any], wrapped: WrappedModel) -> bool:
    return all(
        is_array(source) and np.ndim(source) == len(entry.shape) + 1
        for source, entry in zip(sources, wrapped.inputs, strict=True)
    )


def as_numpy(source: Any) -> np.ndarray:
    """An array of a list or of a tensor, also one that needs a gradient."""
    if hasattr(source, "detach"):
        source = source.detach().cpu()
        source = source.float() if "bfloat16" in str(source.dtype) else source
    return np.asarray(source)


def is_array(source: Any) -> bool:
    return hasattr(source, "__array__") and not isinstance(source, Image.Image)
