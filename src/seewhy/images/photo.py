"""Read photos, upright and in sRGB."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from seewhy.errors import ImageError
from seewhy.images import srgb
from seewhy.images.geometry import Size
from seewhy.images.opening import (
    check_pixels,
    file_bytes,
    first_line,
    one_kind_of_error,
    opened,
    pixel_limit,
)
from seewhy.images.png_depth import coarse_note

LEAST_SIDE = 1024
"""Pixels that the shorter side keeps where a photo is decoded smaller."""
MOST_TIMES = 4
"""How many times more pixels than usual a file may have that is decoded smaller."""


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Photo:
    """A photo as people see it."""

    pixels: np.ndarray
    """uint8 (height, width, 3), upright, sRGB."""
    name: str
    notes: tuple[str, ...] = ()
    """What must be known of it, each as "name: text"."""
    deep: np.ndarray | None = field(default=None, repr=False)
    """Its numbers as they were, (height, width) or (height, width, 3), where they have more than
    8 bits or are no whole numbers; None for all other photos."""
    fine: np.ndarray | None = field(default=None, repr=False)
    """float32 (height, width, 3): these with black at 0 and white at 255, neither rounded nor cut
    off; what networks get in place of `pixels`."""
    source: tuple[str, str] | None = field(default=None, repr=False)
    """What it was made of, "file" or "values" (an array of floats), and the SHA-256 of that."""

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


def load(source: Any, *, most: int | None = None) -> Photo:
    """Read a photo from a path, a binary file object, a PIL image or a uint8 array.

    Arrays are (height, width), or (height, width, channels) with 1, 3 or 4 channels, 0..255.
    most: a JPEG file of more pixels a side than this is decoded at a half, quarter or eighth of its
    size, as long as it keeps so many; None decodes all of it.
    The result is upright (EXIF), in sRGB (embedded profiles are applied), alpha lies over white,
    and of an animation it is the first frame. Raises ImageNotFoundError for a missing file and
    ImageError, with the mend, for whatever else is not a whole photo of 2 × 2 pixels or more.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, str | os.PathLike):
        return _from_path(source, most)
    if isinstance(source, Image.Image):
        return _from_pillow(source, _display_name(getattr(source, "filename", "")))
    if hasattr(source, "read"):
        return _from_file(source, _display_name(getattr(source, "name", "")))
    if hasattr(source, "__array__"):
        return _from_array(np.asarray(source))
    raise ImageError(
        f"an image is a path, a file object, a PIL image or a uint8 array; "
        f"got {type(source).__name__}."
    )


def _from_path(source: str | os.PathLike[str], most: int | None) -> Photo:
    data, name = file_bytes(source)
    return _from_bytes(data, name, most)


def _from_file(file: Any, name: str) -> Photo:
    try:
        data = file.read()
    except (OSError, ValueError) as error:  # closed, or the decoder of a text file fails
        raise ImageError(
            f"{name!r} cannot be read ({first_line(error)}): open the photo in binary mode, 'rb'."
        ) from error
    if isinstance(data, str):
        raise ImageError(f"{name!r} is open as text: open the photo in binary mode, 'rb'.")
    return _from_bytes(bytes(data), name)


def _from_bytes(data: bytes, name: str, most: int | None = None) -> Photo:
    if not data:
        raise ImageError(f"{name!r} is empty, there are 0 bytes to read: give a whole file.")
    with one_kind_of_error(name), opened(data) as image:
        notes = _decode_smaller(image, most)
        check_pixels(image.size, name)
        coarse = coarse_note(data)
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        photo = _from_pillow(image, name)
    animated = f"animated: {frames} frames, of which the first was taken."
    notes += (*coarse, *(() if frames == 1 else (animated,)))
    source = ("file", hashlib.sha256(data).hexdigest())
    return replace(photo, notes=(*photo.notes, *notes), source=source)


def _decode_smaller(image: Image.Image, most: int | None) -> tuple[str, ...]:
    """Tell the decoder of a JPEG to give fewer pixels where it has many; a note if so.

    It takes that of the frequencies, so that nothing is lost that a network of usual size would
    see, and the large picture is never in memory.
    """
    across, down = image.size
    # a panorama keeps enough rows
    times = 1 if most is None else min(max(image.size) // most, min(image.size) // LEAST_SIDE)
    if image.format != "JPEG" or times < 2 or across * down > MOST_TIMES * pixel_limit():
        return ()
    image.draft(None, (across // times, down // times))
    read = f"{image.size[0]} × {image.size[1]}"
    return (f"smaller: of its {across} × {down} pixels, {read} were read.",)


def _from_pillow(image: Image.Image, name: str) -> Photo:
    with one_kind_of_error(name):
        image.load()
        check_sides(image.size[::-1], name)
        deep = srgb.deep_values(image)
        pixels, notes = _converted(image, name)
    photo = Photo(pixels, name, notes)
    return photo if deep is None else replace(photo, deep=deep)


def _converted(image: Image.Image, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    try:
        return srgb.upright_srgb(image)
    except ImageError as error:
        raise ImageError(f"{name!r} cannot be shown: {error}") from error


def _from_array(array: np.ndarray) -> Photo:
    if array.dtype == np.uint16:
        eight = _from_array(np.rint(array / 257).astype("uint8"))
        deep = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array[..., :3]
        return replace(eight, deep=deep if array.ndim == 3 else array)
    if array.dtype != np.uint8:
        float_hint = (
            " Values of another range, already preprocessed, are no photo."
            if np.issubdtype(array.dtype, np.floating)
            else ""
        )
        raise ImageError(
            f"a photo as an array has dtype uint8; got {array.dtype}. "
            f"Bring its values to 0..255, then use .astype('uint8').{float_hint}"
        )
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2 and (array.ndim != 3 or array.shape[-1] not in (3, 4)):
        raise ImageError(
            f"a photo as an array has shape (height, width) or (height, width, 1, 3 or 4); "
            f"got {array.shape}. Channels come last, and an array holds one photo."
        )
    check_sides(array.shape[:2], "image")
    return _from_pillow(Image.fromarray(np.ascontiguousarray(array)), "image")


def check_sides(size: tuple[int, ...], name: str) -> None:
    if min(size) < 2:
        raise ImageError(
            f"{name!r} has {size[0]} × {size[1]} pixels (height × width); "
            f"a photo has at least 2 × 2."
        )


def _display_name(name: Any) -> str:
    return name if isinstance(name, str) and name else "image"
