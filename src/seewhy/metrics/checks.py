"""What measures take, checked once with words that tell the mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.maps.scaling import check_finite


def images_and_maps(images: np.ndarray, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32 (batch, height, width, channels) and float64 (batch, height, width).

    Raises OptionError for other shapes, MapError for NaN or infinite values of the maps.
    """
    images, maps = as_images(images), as_maps(maps)
    if maps.shape != images.shape[:3]:
        raise OptionError(
            f"maps have the images' shape {images.shape[:3]} (batch, height, width); got "
            f"{maps.shape}. Enlarge grids first, as with Geometry.to_photo or heatmap."
        )
    return images, maps


def as_numbers(values: Any, name: str) -> np.ndarray:
    """An array of real numbers. Raises OptionError for texts, None, ragged lists and the like."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):  # of parts of several shapes
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        kind = type(values).__name__ if array.dtype.hasobject else array.dtype
        raise OptionError(f"{name} are an array of numbers; got {kind}.")
    return array


def as_classes(values: Any, name: str) -> np.ndarray:
    """An array of classes: whole numbers or names."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):  # of parts of several shapes
        array = np.empty(0, object)
    finite = array.dtype.kind != "f" or bool(np.isfinite(array).all())
    if array.dtype.kind not in "biufU" or not finite:
        raise OptionError(f"{name} are an array of indices or names of classes; got {values!r}.")
    return array


def as_images(images: np.ndarray) -> np.ndarray:
    """float32 (batch, height, width, channels), finite and not empty."""
    array = as_numbers(images, "images")
    if array.ndim != 4 or not array.size:
        raise OptionError(
            f"images have shape (batch, height, width, channels); got {array.shape}. Put a single "
            f"image into an axis of its own: images[None]."
        )
    if not np.isfinite(array).all():
        raise OptionError("images have NaN or infinite values: check how they were preprocessed.")
    return array.astype("float32", copy=False)


def as_maps(maps: np.ndarray, name: str = "maps") -> np.ndarray:
    """float64 (batch, height, width), finite and not empty."""
    array = as_numbers(maps, name)
    if array.ndim != 3 or not array.size:
        raise OptionError(
            f"{name} have shape (batch, height, width); got {array.shape}. Put a single map into "
            f"an axis of its own: maps[None]."
        )
    check_finite(array)
    return array.astype("float64", copy=False)


def same_shape(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two batches of maps, float64 (batch, height, width) both."""
    one, other = as_maps(one), as_maps(other)
    if one.shape != other.shape:
        raise OptionError(f"the maps to compare have shapes {one.shape} and {other.shape}.")
    return one, other


def shares(values: Sequence[float], name: str, top: float = 1) -> np.ndarray:
    """float64 (n,), each in 0..top."""
    array = as_numbers(values, name).astype("float64")
    if array.ndim != 1 or not array.size or not ((array >= 0) & (array <= top)).all():
        raise OptionError(f"{name} are a list of numbers in 0..{top:g}; got {values!r}.")
    return array
