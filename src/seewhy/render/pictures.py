"""Which picture a result has: a photo of a photo, a curve of a signal, slices of a volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seewhy.errors import MapError
from seewhy.images.arrays import Array, from_preprocessed
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.render import heatmaps
from seewhy.render.signals import signal_picture
from seewhy.render.volumes import slice_picture


@dataclass(frozen=True)
class Look:
    """How a heatmap is laid over what was explained; see `render.overlay`."""

    colormap: str = "jet"
    alpha: float = 0.4
    blend: str = "add"


def plain_picture(photo: Photo | Array) -> np.ndarray:
    """What was explained, without any heat, uint8 (height, width, 3)."""
    if isinstance(photo, Photo):
        return photo.pixels
    return _drawn(photo, None, Look())


def overlay_picture(
    photo: Photo | Array, heatmap: np.ndarray, geometry: Geometry, look: Look
) -> np.ndarray:
    """What was explained under its heatmap, uint8 (height, width, 3).

    heatmap: 0..1, of the photo's size. Raises OptionError for an unknown colour map, blend or
    alpha.
    """
    if isinstance(photo, Array):
        return _drawn(photo, heatmap, look)
    colours = heatmaps.paint(heatmap, look.colormap)
    return _marked(heatmaps.laid_over(photo.pixels, colours, look.alpha, look.blend), geometry)


def heatmap_picture(heatmap: np.ndarray, geometry: Geometry, colormap: str) -> np.ndarray:
    """The heatmap alone, uint8 (height, width, 3): of a signal as a curve from 0 to 1."""
    if heatmap.ndim == 2:
        return _marked(heatmaps.paint(heatmap, colormap), geometry)
    if heatmap.ndim == 1:
        return signal_picture(heatmap[:, None], heatmap, colormap, 1.0, label="evidence")
    return _drawn(Array(heatmap[..., None]), heatmap, Look(colormap, 1.0, "mix"))


def _drawn(array: Array, heatmap: np.ndarray | None, look: Look) -> np.ndarray:
    rank = len(array.size)
    if rank == 1:
        return signal_picture(array.values, heatmap, look.colormap, look.alpha)
    if rank == 3:
        return slice_picture(array.values, heatmap, look.colormap, look.alpha, look.blend)
    if rank == 2:
        pixels = from_preprocessed(array.values).pixels
        if heatmap is None:
            return pixels
        colours = heatmaps.paint(heatmap, look.colormap)
        return heatmaps.laid_over(pixels, colours, look.alpha, look.blend)
    raise MapError(
        f"there is no picture of an array with {rank} axes of space: 1, 2 or 3 have one."
    )


def _marked(picture: np.ndarray, geometry: Geometry) -> np.ndarray:
    return picture if geometry.sees_all else heatmaps.mark_unseen(picture, geometry.seen)
