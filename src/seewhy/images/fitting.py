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
    Returns uint8 (height, width, 3), or float32 for photos of more than 8 bits, and where the
    photo's pixels went.
    """
    if how not in FITS:
        raise OptionError(f"fit is one of {', '.join(FITS)}; got {how!r}.")
    geometry: Geometry = getattr(Geometry, how)(photo.size, size)
    if photo.fine is not None:
        layers = [
            fitted_part(Image.fromarray(photo.fine[..., k]), photo.size, size, how, geometry)
            for k in range(3)
        ]
        return np.stack(layers, axis=-1), geometry
    return fitted_part(Image.fromarray(photo.pixels), photo.size, size, how, geometry), geometry


def fitted_part(
    image: Image.Image, sides: Size, size: Size, how: str, geometry: Geometry
) -> np.ndarray:
    """What the network gets of an image that may be decoded smaller than the photo's sides."""
    # where a side is no multiple, the last pixel of a smaller image stands for fewer
    down, across = (1 / round(sides[i] / image.size[1 - i]) for i in (0, 1))
    if how == "letterbox":
        rows, cols = (round(sides[i] * geometry.scale[i]) for i in (0, 1))
        margin = MARGIN if image.mode == "RGB" else MARGIN[0]
        canvas = Image.new(image.mode, size[::-1], margin)
        corner = (int(geometry.offset[1]), int(geometry.offset[0]))
        whole = (0, 0, sides[1] * across, sides[0] * down)
        canvas.paste(image.resize((cols, rows), Image.Resampling.BILINEAR, box=whole), corner)
        return np.array(canvas)
    top, left = (max(0.0, -geometry.offset[i] / geometry.scale[i]) for i in (0, 1))
    box = (left * across, top * down, (sides[1] - left) * across, (sides[0] - top) * down)
    return np.array(image.resize(size[::-1], Image.Resampling.BILINEAR, box=box))
