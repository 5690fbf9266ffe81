"""From whatever a user gives as images to network inputs, each with its photo and geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from seewhy import images
from seewhy.errors import ImageError
from seewhy.geometry import Geometry
from seewhy.images import Photo
from seewhy.subject import Subject


@dataclass(frozen=True)
class Prepared:
    """One image, ready for the network."""

    photo: Photo
    geometry: Geometry
    pixels: np.ndarray | None
    """uint8 (height, width, 3) at the network's size; None if the user preprocessed it."""
    array: np.ndarray | None
    """float32 in the model's own shape, preprocessed by the user."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Images of one shape can go through in one batch."""
        return () if self.array is None else self.array.shape


def listed(sources: Any) -> list[Any]:
    """A list of images from a list, or from a batch array (batch, height, width, channels)."""
    if isinstance(sources, str | bytes | Photo | Image.Image) or hasattr(sources, "read"):
        raise ImageError("an Explainer takes a list of images; put the one image into a list.")
    if _is_array(sources):
        batch = np.asarray(sources)
        if batch.ndim != 4:
            raise ImageError(
                f"a batch array has shape (batch, height, width, channels); got {batch.shape}. "
                f"Put a single image into a list."
            )
        return list(batch)
    return list(sources)


def prepare(source: Any, subject: Subject, fit: str) -> Prepared:
    """One image for the network.

    source: a path, file object, PIL image or uint8 array (a photo), or a float array that is
        already preprocessed. Raises ImageError for anything else.
    """
    if _is_array(source):
        source = np.asarray(source)
        if np.issubdtype(source.dtype, np.floating) or source.dtype.name == "bfloat16":
            return _preprocessed(source.astype("float32"), subject)
    photo = images.load(source)
    pixels, geometry = images.fit(photo, subject.size, fit)
    return Prepared(photo, geometry, pixels, None)


def batch(prepared: Sequence[Prepared], subject: Subject) -> np.ndarray:
    """float32 network inputs (batch, …) of images of one shape, all photos or all arrays."""
    arrays = [image.array for image in prepared if image.array is not None]
    pixels = [image.pixels for image in prepared if image.pixels is not None]
    return np.stack(arrays) if arrays else subject.network_input(np.stack(pixels))


def _preprocessed(array: np.ndarray, subject: Subject) -> Prepared:
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if array.ndim == 2 and subject.channels == 1:
        array = array[..., None]
    if not subject.takes(array.shape):
        raise ImageError(
            f"a float array is taken as already preprocessed, and the model takes "
            f"{subject.input_shape}; got {array.shape}. Give that shape, or a uint8 array with "
            f"pixels 0..255 of any size."
        )
    shown = np.moveaxis(array, 0, -1) if subject.channels_first else array
    return Prepared(
        images.from_preprocessed(shown), Geometry.identity(shown.shape[:2]), None, array
    )


def _is_array(source: Any) -> bool:
    return hasattr(source, "__array__") and not isinstance(source, Image.Image)
