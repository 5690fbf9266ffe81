"""Bring photos to a network's input size, and windows of photos too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from seewhy.checks import FITS
from seewhy.errors import OptionError
from seewhy.images.geometry import Geometry, Size
from seewhy.images.photo import Photo

Sides = tuple[int, ...]
Window = tuple[slice, ...]
PhotoWindows = Callable[[Sides, Window], np.ndarray]
"""A window (*space, channels) of the image brought to another size, as the network takes it."""
MARGIN = (127, 127, 127)
"""Colour of what a letterbox adds: near the mean of photos, so that it tells the network least."""


def fit(photo: Photo, size: Size, how: str = "squash") -> tuple[np.ndarray, Geometry]:
    """Bring a photo to the network's size (height, width).

    how: "squash" ignores the aspect ratio, "crop" takes the largest centred part, "letterbox"
        adds grey margins. Bilinear with antialiasing.
    Returns uint8 (height, width, 3) and where the photo's pixels went.
    """
    if how not in FITS:
        raise OptionError(f"fit is one of {', '.join(FITS)}; got {how!r}.")
    geometry: Geometry = getattr(Geometry, how)(photo.size, size)
    image = Image.fromarray(photo.pixels)
    if how == "letterbox":
        rows, cols = (round(photo.size[i] * geometry.scale[i]) for i in (0, 1))
        canvas = Image.new("RGB", size[::-1], MARGIN)
        corner = (int(geometry.offset[1]), int(geometry.offset[0]))
        canvas.paste(image.resize((cols, rows), Image.Resampling.BILINEAR), corner)
        return np.array(canvas), geometry
    top, left = (max(0.0, -geometry.offset[i] / geometry.scale[i]) for i in (0, 1))
    box = (left, top, photo.size[1] - left, photo.size[0] - top)
    return np.array(image.resize(size[::-1], Image.Resampling.BILINEAR, box=box)), geometry
