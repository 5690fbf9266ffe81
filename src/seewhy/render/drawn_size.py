"""Photos of many pixels are drawn smaller: few screens show more, and it would take minutes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from seewhy.images.arrays import Array
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo

MOST_DRAWN = 4096
"""Pixels a side of pictures, if not the full size is wished."""


def is_drawn_whole(photo: Photo | Array) -> bool:
    """Whether it has few enough pixels to be drawn as it is."""
    return not isinstance(photo, Photo) or max(photo.size) <= MOST_DRAWN


def smaller(
    photo: Photo | Array, geometry: Geometry, most: int | None = None
) -> tuple[Photo | Array, Geometry]:
    """The photo as it is drawn, and how its pixels lie in the network's input.

    most: pixels a side; None for as many as files have.
    """
    if not isinstance(photo, Photo):
        return photo, geometry
    image = Image.fromarray(photo.pixels)
    scale = (most or MOST_DRAWN) / max(photo.size)
    rows, cols = (max(1, round(side * scale)) for side in photo.size)
    shrunk = image.resize((cols, rows), Image.Resampling.BOX, reducing_gap=2)
    return replace(photo, pixels=np.asarray(shrunk), deep=None, fine=None), geometry.of_size(
        (rows, cols)
    )
