"""Bring an image of any mode upright and to sRGB."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, ImageCms

from seewhy.errors import ImageError

# Modes that colour profiles speak of; others are converted first.
PROFILED = ("RGB", "CMYK", "L")
GREYS = ("1", "L", "LA", "La")
# What undoes each EXIF orientation; 1 is upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright_srgb(image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """uint8 (height, width, 3) of a loaded image, and notes on what could not be honoured.

    Raises ImageError for float and 32-bit images, whose scale is not known.
    """
    upright, notes = upright_image(image)
    return np.array(upright), notes


def upright_image(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """The same as an image of mode RGB."""
    profile = image.info.get("icc_profile")
    image, notes = _upright(image)
    image, alpha = _opaque(_eight_bits(image))
    image, more = _srgb(image, profile)
    if alpha is not None:
        white = Image.new("RGB", image.size, "white")
        image = Image.composite(image, white, alpha)
    return image, notes + more


def deep_values(image: Image.Image) -> np.ndarray | None:
    """uint16 (height, width) of a loaded grey image of 16 bits, upright; None of any other."""
    if not image.mode.startswith("I") or (image.mode == "I" and not _fits_16_bits(image)):
        return None
    return np.asarray(_upright(image)[0]).astype("uint16")


def _upright(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Not by ImageOps.exif_transpose: that writes all tags anew, and fails if one is damaged."""
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # whatever damaged tags lead to, the pixels are whole
        return image, ("orientation: the EXIF data is damaged; the photo was not turned.",)
    return (image if turn is None else image.transpose(turn)), ()


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
        mode = "L" if image.mode in GREYS else "RGB"
        # Pillow has no direct way from La, grey that is multiplied by its alpha
        image = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        return image.convert(mode), image.getchannel("A")
    if image.mode in PROFILED:
        return image, None
    return image.convert("L" if image.mode in GREYS else "RGB"), None


def _srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    if not profile:  # converting copies what has that mode already
        return (image if image.mode == "RGB" else image.convert("RGB")), ()
    try:
        embedded = ImageCms.ImageCmsProfile(BytesIO(profile))
        if image.mode == "L" and embedded.profile.xcolor_space.strip() == "RGB":
            image = image.convert("RGB")  # grey photos often carry the profile of colour ones
        converted = ImageCms.profileToProfile(image, embedded, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        note = "colour-profile: the embedded profile cannot be used; sRGB was taken instead."
        return image.convert("RGB"), (note,)
    return converted or image.convert("RGB"), ()


_SRGB = ImageCms.createProfile("sRGB")
