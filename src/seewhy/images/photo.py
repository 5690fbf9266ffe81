"""Read photos, upright and in sRGB."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from seewhy.checks import check_regular_file
from seewhy.errors import ImageError, ImageNotFoundError
from seewhy.images import srgb
from seewhy.images.geometry import Size
from seewhy.images.png_depth import coarse_note

FORMATS = frozenset(
    [
        *("JPEG", "MPO", "JPEG2000", "PNG", "WEBP", "AVIF", "HEIF", "JXL", "GIF", "TIFF"),
        *("BMP", "DIB", "PPM", "TGA", "ICO", "PCX", "SGI", "QOI"),
    ]
)
"""The formats of Pillow and its plugins that photos come in; no other is opened.

Of the others some are programs: a photo that is PostScript inside would start Ghostscript.
"""


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
    name = os.fsdecode(source)
    if "://" in name:
        raise ImageError(f"{name!r} is an address, not a file: download the photo first.")
    if not name:
        raise ImageError("the path of the photo is empty: give the path of an image file.")
    try:
        if Path(name).is_dir():
            raise IsADirectoryError
        check_regular_file(name, ImageError)
        data = Path(name).read_bytes()
    except FileNotFoundError:
        raise ImageNotFoundError(f"there is no file {name!r}: check the path.") from None
    except IsADirectoryError:
        every = str(Path(name, "*.jpg"))
        raise ImageError(f"{name!r} is a folder: give the photos in it, as in {every!r}.") from None
    except (OSError, ValueError) as error:
        raise ImageError(
            f"{name!r} cannot be opened ({_first_line(error)}): check the path, and that you may "
            f"read it."
        ) from error
    return _from_bytes(data, name, most)


def _from_file(file: Any, name: str) -> Photo:
    try:
        data = file.read()
    except (OSError, ValueError) as error:  # closed, or the decoder of a text file fails
        raise ImageError(
            f"{name!r} cannot be read ({_first_line(error)}): open the photo in binary mode, 'rb'."
        ) from error
    if isinstance(data, str):
        raise ImageError(f"{name!r} is open as text: open the photo in binary mode, 'rb'.")
    return _from_bytes(bytes(data), name)


def _from_bytes(data: bytes, name: str, most: int | None = None) -> Photo:
    if not data:
        raise ImageError(f"{name!r} is empty, there are 0 bytes to read: give a whole file.")
    with _one_kind_of_error(name), _opened(data) as image:
        notes = _decode_smaller(image, most)
        _check_pixels(image.size, name)
        coarse = coarse_note(data)
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        photo = _from_pillow(image, name)
    animated = f"animated: {frames} frames, of which the first was taken."
    notes += (*coarse, *(() if frames == 1 else (animated,)))
    return replace(photo, notes=(*photo.notes, *notes)) if notes else photo


def _decode_smaller(image: Image.Image, most: int | None) -> tuple[str, ...]:
    """Tell the decoder of a JPEG to give fewer pixels where it has many; a note if so.

    It takes that of the frequencies, so that nothing is lost that a network of usual size would
    see, and the large picture is never in memory.
    """
    across, down = image.size
    # a panorama keeps enough rows
    times = 1 if most is None else min(max(image.size) // most, min(image.size) // LEAST_SIDE)
    if image.format != "JPEG" or times < 2 or across * down > MOST_TIMES * _limit():
        return ()
    image.draft(None, (across // times, down // times))
    read = f"{image.size[0]} × {image.size[1]}"
    return (f"smaller: of its {across} × {down} pixels, {read} were read.",)


def _limit() -> float:
    limit = Image.MAX_IMAGE_PIXELS
    return float("inf") if limit is None else limit


def _opened(data: bytes) -> Image.Image:
    """The image with only its header read.

    Not by Image.open: that warns of many pixels before they can be checked here, and the filters
    that would hush it belong to all threads.
    """
    for register in (Image.preinit, Image.init):  # the common formats first: the rest is slow
        register()
        for factory, accept in [Image.OPEN[name] for name in list(Image.ID) if name in FORMATS]:
            accepted = accept is None or accept(data[:16])
            if not accepted or isinstance(accepted, str):  # a str says why Pillow lacks the format
                continue
            with suppress(SyntaxError, IndexError, TypeError, struct.error):  # not this format
                return factory(BytesIO(data), "")
    raise UnidentifiedImageError


def _from_pillow(image: Image.Image, name: str) -> Photo:
    with _one_kind_of_error(name):
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


def _check_pixels(size: tuple[int, int], name: str) -> None:
    """Before decoding: a small file may unpack to more than the memory holds."""
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and size[0] * size[1] > limit:
        raise _too_large(f"{size[0] * size[1]:,} pixels", name)


def _too_large(pixels: str, name: str) -> ImageError:
    return ImageError(
        f"{name!r} unpacks to {pixels}, more than the limit of {Image.MAX_IMAGE_PIXELS:,}: "
        f"shrink it first, or raise PIL.Image.MAX_IMAGE_PIXELS if you trust it."
    )


@contextmanager
def _one_kind_of_error(name: str) -> Iterator[None]:
    """Tell the many things that Pillow raises about broken files as one kind of error."""
    try:
        yield
    except (ImageError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large("too many pixels", name) from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name!r} is no image in a known format: give a JPEG, PNG or another photo."
        ) from error
    except Exception as error:  # each of Pillow's readers has its own ways to fail
        raise ImageError(
            f"{name!r} is broken or cut short ({_first_line(error)}): give a whole file."
        ) from error


def _first_line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__


def _display_name(name: Any) -> str:
    return name if isinstance(name, str) and name else "image"
