"""Open image files: only known formats, with one kind of error."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from seewhy.checks import check_regular_file
from seewhy.errors import ImageError, ImageNotFoundError

FORMATS = frozenset(
    [
        *("JPEG", "MPO", "JPEG2000", "PNG", "WEBP", "AVIF", "HEIF", "JXL", "GIF", "TIFF"),
        *("BMP", "DIB", "PPM", "TGA", "ICO", "PCX", "SGI", "QOI"),
    ]
)
"""The formats of Pillow and its plugins that photos come in; no other is opened.

Of the others some are programs: a photo that is PostScript inside would start Ghostscript.
"""


def file_bytes(source: str | os.PathLike[str]) -> tuple[bytes, str]:
    """All bytes of a file, and its name. Raises ImageNotFoundError and ImageError."""
    name = os.fsdecode(source)
    if "://" in name:
        raise ImageError(f"{name!r} is an address, not a file: download the photo first.")
    if not name:
        raise ImageError("the path of the photo is empty: give the path of an image file.")
    whole = _at_once(name)
    if whole is not None:
        return whole, name
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
            f"{name!r} cannot be opened ({first_line(error)}): check the path, and that you may "
            f"read it."
        ) from error
    return data, name


def _at_once(name: str) -> bytes | None:
    """All of a regular file in as few calls as can be; None for others, and where that fails.

    Threads that read many files wait for each other at every call of the system.
    """
    try:
        file = os.open(name, os.O_RDONLY | _WITHOUT_WAITING)
    except (OSError, ValueError):
        return None
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or not about.st_size:
            return None
        data = os.read(file, about.st_size)
        return data if len(data) == about.st_size else None
    except OSError:
        return None
    finally:
        os.close(file)


# a pipe without a writer would be waited for
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def opened(data: bytes) -> Image.Image:
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


def pixel_limit() -> float:
    limit = Image.MAX_IMAGE_PIXELS
    return float("inf") if limit is None else limit


def check_pixels(size: tuple[int, int], name: str) -> None:
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
def one_kind_of_error(name: str) -> Iterator[None]:
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
            f"{name!r} is broken or cut short ({first_line(error)}): give a whole file."
        ) from error


def first_line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
