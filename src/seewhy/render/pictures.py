"""Which picture a result has: a photo of a photo, a curve of a signal, slices of a volume."""

from __future__ import annotations

import numpy as np
from PIL import Image

from seewhy.errors import MapError
from seewhy.images.arrays import Array, from_preprocessed
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.render import heatmaps
from seewhy.render.arrays.signals import signal_picture
from seewhy.render.arrays.volumes import slice_picture
from seewhy.render.looks import Look

FAINT = 0.35
"""How much of a pixel is covered by the edge of a cell."""
LEAST_CELL = 6
"""Pixels of a cell whose edges are drawn: of smaller ones there would be nothing but edges."""


def plain_picture(photo: Photo | Array) -> np.ndarray:
    """What was explained, without any heat, uint8 (height, width, 3)."""
    if isinstance(photo, Photo):
        return photo.pixels
    return _drawn(photo, None, Look())


def overlay_picture(
    photo: Photo | Array, heatmap: np.ndarray, geometry: Geometry, look: Look
) -> np.ndarray:
    """What was explained under its heatmap, uint8 (height, width, 3).

    heatmap: 0..1, of the photo's size.
    """
    if isinstance(photo, Array):
        return _drawn(photo, heatmap, look)
    return _marked(heatmaps.heated(photo.pixels, heatmap, look), geometry)


def heatmap_picture(heatmap: np.ndarray, geometry: Geometry, colormap: str) -> np.ndarray:
    """The heatmap alone, uint8 (height, width, 3): of a signal as a curve from 0 to 1."""
    if heatmap.ndim == 2:
        return _marked(heatmaps.paint(heatmap, colormap), geometry)
    look = Look(colormap, 1.0, "mix", "linear")
    if heatmap.ndim == 1:
        return signal_picture(heatmap[:, None], heatmap, look, label="evidence")
    return _drawn(Array(heatmap[..., None]), heatmap, look)


def with_cells(picture: np.ndarray, geometry: Geometry, grid: tuple[int, ...]) -> np.ndarray:
    """The picture of a photo with the edges of the grid's cells drawn faintly.

    picture: uint8 (height, width, 3). grid: (rows, cols). Unchanged where cells are too small.
    """
    from scipy.ndimage import uniform_filter

    edges = [geometry.cell_edges(axis, cells) for axis, cells in enumerate(grid)]
    if min(abs(np.diff(each)).min() for each in edges) < LEAST_CELL:
        return picture
    on_edge = np.zeros(picture.shape[:2], bool)
    thick = max(1, round(min(picture.shape[:2]) / 400))
    for axis, each in enumerate(edges):
        side = picture.shape[axis]
        lines = np.rint(each - thick / 2).astype(int)[:, None] + np.arange(thick)
        # the outer edges of the grid lie on those of the photo
        inside = np.clip(lines, 0, side - 1)[(each > -1) & (each < side + 1)]
        if axis == 0:
            on_edge[inside.ravel()] = True
        else:
            on_edge[:, inside.ravel()] = True
    on_edge &= geometry.seen
    marked = picture.copy()
    under = picture[on_edge].astype("float32")
    # white on dark surroundings and black on bright ones, so that lines are seen on both
    grey = np.asarray(Image.fromarray(picture).convert("L"), "float32")
    around = uniform_filter(grey, max(3, min(picture.shape[:2]) // 8))[on_edge]
    over = np.where(around[:, None] < 128, 255.0, 0.0)
    marked[on_edge] = np.rint((1 - FAINT) * under + FAINT * over).astype("uint8")
    return marked


def _drawn(array: Array, heatmap: np.ndarray | None, look: Look) -> np.ndarray:
    rank = len(array.size)
    if rank == 1:
        return signal_picture(array.values, heatmap, look)
    if rank == 3:
        return slice_picture(array.values, heatmap, look)
    if rank == 2:
        pixels = from_preprocessed(array.values).pixels
        return pixels if heatmap is None else heatmaps.heated(pixels, heatmap, look)
    raise MapError(
        f"there is no picture of an array with {rank} axes of space: 1, 2 or 3 have one."
    )


def _marked(picture: np.ndarray, geometry: Geometry) -> np.ndarray:
    return picture if geometry.sees_all else heatmaps.mark_unseen(picture, geometry.seen)
