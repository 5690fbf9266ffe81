"""Pictures of a page, each as an address that holds it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage

from seewhy.audit.regions import Region, pixel_cells
from seewhy.datasets.open_store import Store
from seewhy.errors import SeewhyError
from seewhy.render.heatmaps import colorize, heated
from seewhy.render.looks import CLEAR
from seewhy.render.pages import data_address
from seewhy.render.pictures import plain_picture

SIDE, SMALL, QUALITY = 256, 128, 80
"""Pixels of the longer side of photos, and of those that a point is of."""
_OUTLINE = (255, 255, 255)


def jpeg(pixels: np.ndarray, most: int = SIDE) -> str:
    """A picture of at most so many pixels a side. pixels: uint8 (height, width, 3)."""
    image = Image.fromarray(pixels)
    image.thumbnail((most, most), Image.Resampling.LANCZOS)
    content = BytesIO()
    image.save(content, "jpeg", quality=QUALITY)
    return data_address(content.getvalue(), "image/jpeg")


def photo_and_overlay(store: Store, place: int) -> tuple[str, str] | None:
    """The photo of a row of the store, and the same under its map; None where it is gone."""
    try:
        explanation = store[place].explanation()
    except SeewhyError:
        return None
    plain = plain_picture(explanation.photo)
    return jpeg(plain), jpeg(np.asarray(explanation.thumbnail(SIDE).convert("RGB")))


def under_map(pixels: np.ndarray, map: np.ndarray, extents: list[list[float]] | None) -> np.ndarray:
    """A photo at the network's size under its map.

    pixels: uint8 (height, width, 3). map: float32 (rows, cols), not negative. extents: of the
    store, where the grid lies in the network's input.
    """
    rows, cols = map.shape
    where = pixel_cells((rows, cols), (pixels.shape[0], pixels.shape[1]), {"extents": extents})
    cells = map[np.ix_(*where)] / (map.max() or 1.0)
    sigma = [side / count / 2 for side, count in zip(pixels.shape, map.shape, strict=False)]
    return heated(pixels, ndimage.gaussian_filter(cells, sigma).astype("float32"), CLEAR)


def mean_map(maps: np.ndarray, region: Region | None = None, side: int = SIDE) -> str:
    """The mean of maps in colours, with the edge of a region. maps: float32 (n, rows, cols)."""
    mean = maps.mean(axis=0)
    rows, cols = mean.shape
    scale = side / max(rows, cols)
    width, height = max(1, round(cols * scale)), max(1, round(rows * scale))
    drawn = colorize(mean, (width, height)).copy()
    if region is not None:
        inside = region.cells[
            np.ix_(np.arange(height) * rows // height, np.arange(width) * cols // width)
        ]
        edge = inside & ~ndimage.binary_erosion(inside, np.ones((5, 5)), border_value=0)
        drawn[edge] = _OUTLINE
    return jpeg(drawn, side)
