"""JPEG files read straight to a network's size, without the photo in between."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from seewhy.images import srgb
from seewhy.images.fitting import fitted_part
from seewhy.images.geometry import Geometry, Size
from seewhy.images.opening import check_pixels, file_bytes, one_kind_of_error, opened

SURPLUS = 2
"""How many times the pixels a side that are needed a decoder has to leave. Of photos of 450 to 3600
rows, the bundled network's maps then change by 3 % of their range (median, at most 9 %): about as
much as by noise of one grey level."""
BLOCK = 8
"""Pixels a side of what JPEG files are made of."""


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class FittedFile:
    """What the network gets of a photo, and what is known of the photo."""

    pixels: np.ndarray
    """uint8 (height, width, 3) of the network's size."""
    size: Size
    """(height, width) of the photo, upright."""
    notes: tuple[str, ...]
    """As of a `Photo`."""
    sha256: str | None = None
    """Of all bytes of the file, where that was asked."""


def read_fitted(
    source: Any, size: Size, how: str, *, exact: bool, digest: bool = False
) -> FittedFile | None:
    """A JPEG file as `load` and `fit` would bring it to the network's size (height, width).

    source: its path, or all of it in a BytesIO. exact: whether all of its pixels are decoded;
    otherwise a file that is much larger than needed is decoded at a half, quarter or eighth of its
    size, where `SURPLUS` times as many a side as needed are left. digest: whether its SHA-256 is
    made, 0.05 ms for 100 KB.
    None for what is no JPEG file, and has to be read as others are. Raises ImageError.
    """
    if isinstance(source, str | os.PathLike):
        data, name = file_bytes(source)
    elif isinstance(source, BytesIO):
        data, name = source.getvalue(), str(getattr(source, "name", "image"))
    else:
        return None
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    with one_kind_of_error(name), opened(data) as image:
        place = _orientation(image)
        plain = image.format == "JPEG" and image.mode in ("RGB", "L") and min(image.size) >= 2
        if not plain or place is None:
            return None
        check_pixels(image.size, name)
        across, down = image.size[::-1] if place in (5, 6, 7, 8) else image.size
        geometry: Geometry = getattr(Geometry, how)((down, across), size)
        # a block that is not whole lies at the end, and turning would bring it elsewhere
        whole = place == 1 or not (across % BLOCK or down % BLOCK)
        if not exact and whole:
            least = [SURPLUS * side * geometry.scale[i] for i, side in enumerate((down, across))]
            rows, cols = reversed(least) if place in (5, 6, 7, 8) else least
            image.draft(None, (int(cols), int(rows)))
        image.load()
        upright, notes = srgb.upright_image(image)
        pixels = fitted_part(upright, (down, across), size, how, geometry)
    sha256 = hashlib.sha256(data).hexdigest() if digest else None
    return FittedFile(pixels, (down, across), notes, sha256)


def _orientation(image: Image.Image) -> int | None:
    """What EXIF says of it, 1 to 8; None where it is damaged, which is told when it is loaded."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # whatever damaged tags lead to
        return None
