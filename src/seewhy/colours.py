"""Bring an image of any mode upright and to sRGB."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, ImageOps

from seewhy.errors import ImageError

# Modes that colour profiles speak of; others are converted first.
PROFILED = ("RGB", "CMYK", "L")


def upright_srgb(image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """uint8 (height, width, 3) of a loaded image, and notes on what could not be honoured.

    Raises ImageError for float and 32-bit images, whose scale is not known.
    """
    profile = image.info.get("icc_profile")
    image, alpha = _opaque(_eight_bits(ImageOps.exif_transpose(image)))
    image, notes = _srgb(image, profile)
    if alpha is not None:
        white = Image.new("RGB", image.size, "white")
        image = Image.composite(image, white, alpha)
    return np.array(image), notes


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode == "F" or (image.mode == "I" and not _fits_16_bits(image)):
        raise ImageError(
            f"its values are {'float' if image.mode == 'F' else '32-bit'} and their scale is not "
            f"known: give a uint8 array with values 0..255, or a preprocessed float array."
        )
    if image.mode.startswith("I"):
        return Image.fromarray(np.rint(np.asarray(image) / 257).astype("uint8"))
    return image


def _fits_16_bits(image: Image.Image) -> bool:
    lowest, highest = image.getextrema()
    return bool(lowest >= 0 and highest <= 65535)  # type: ignore[operator]


def _opaque(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The image in a mode without alpha, and its alpha channel if it has one."""
    if image.has_transparency_data:
        grey = image.mode in ("L", "LA", "La")
        image = image.convert("RGBA")
        return image.convert("L" if grey else "RGB"), image.getchannel("A")
    return (image if image.mode in PROFILED else image.convert("RGB")), None


def _srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    if not profile:
        return image.convert("RGB"), ()
    try:
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(BytesIO(profile)), _SRGB, outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        note = "colour-profile: the embedded profile cannot be used; sRGB was taken instead."
        return image.convert("RGB"), (note,)
    return converted or image.convert("RGB"), ()


_SRGB = ImageCms.createProfile("sRGB")
