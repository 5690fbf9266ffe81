"""What measures take, checked once with words that tell the mend."""

from __future__ import annotations

from collections.abc import Sequence

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


def as_images(images: np.ndarray) -> np.ndarray:
    """float32 (batch, height, width, channels), not empty."""
    array = np.asarray(images)
    if array.ndim != 4 or not array.size:
        raise OptionError(
            f"images have shape (batch, height, width, channels); got {array.shape}. Put a single "
            f"image into an axis of its own: images[None]."
        )
    return array.astype("float32", copy=False)


def as_maps(maps: np.ndarray, name: str = "maps") -> np.ndarray:
    """float64 (batch, height, width), finite and not empty."""
    array = np.asarray(maps)
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
    array = np.asarray(values, "float64")
    if array.ndim != 1 or not array.size or not ((array >= 0) & (array <= top)).all():
        raise OptionError(f"{name} are a list of numbers in 0..{top:g}; got {values!r}.")
    return array
