"""SHA-256 of photos, by which they are known again."""

from __future__ import annotations

import hashlib

import numpy as np

from seewhy.images.arrays import Array
from seewhy.images.photo import Photo


def digest(array: np.ndarray) -> str:
    """Of an array's type, shape and values, in hexadecimal digits."""
    name = f"{array.dtype.name} {array.shape}".encode()
    return hashlib.sha256(name + np.ascontiguousarray(array).tobytes()).hexdigest()


def photo_digest(photo: Photo | Array) -> tuple[str, str]:
    """What it is of, and the digest: of "file" all bytes, of "pixels" or "values" the numbers.

    The pixels are those of the photo upright and in sRGB, and of one of more than 8 bits its own
    numbers.
    """
    if isinstance(photo, Array):
        return "values", digest(photo.values)
    if photo.source is not None:
        return photo.source
    return "pixels", pixels_digest(photo)


def pixels_digest(photo: Photo) -> str:
    """Of the numbers of a photo, wherever it came from."""
    return digest(photo.pixels if photo.deep is None else photo.deep)
