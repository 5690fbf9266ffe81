"""Pictures of maps, in NumPy and Pillow; colours are RGB throughout."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from seewhy.checks import number, one_of, side_or_sides
from seewhy.errors import ImageError, OptionError
from seewhy.images.geometry import Geometry
from seewhy.maps.scaling import finish
from seewhy.render.colormaps import table

BLENDS = ("add", "mix")


def colorize(
    map: np.ndarray, size: tuple[int, int] | None = None, colormap: str = "jet"
) -> np.ndarray:
    """A map in colours.

    map: any signed grid (rows, cols); its negative part is left out, its largest value is 1.
    size: (width, height) of the result, as Pillow has it; None for the grid's own.
    Returns uint8 (height, width, 3). Raises MapError for NaN or infinite values.
    """
    grid = _grid(map)
    if size is not None:
        if not isinstance(size, tuple | list) or len(size) != 2:
            raise OptionError(f"size is (width, height) in whole pixels; got {size!r}.")
        side_or_sides("size", size)
    shape = grid.shape if size is None else (size[1], size[0])
    geometry = Geometry.squash((int(shape[0]), int(shape[1])), (grid.shape[0], grid.shape[1]))
    return paint(geometry.to_photo(finish(grid)), colormap)


def overlay(
    pixels: np.ndarray,
    map: np.ndarray,
    colormap: str = "jet",
    alpha: float = 0.4,
    blend: str = "add",
) -> np.ndarray:
    """A map over a photo.

    pixels: uint8 (height, width, 3). map: any signed grid (rows, cols) that lies on the whole
    photo. alpha: 0..1, strength of the map. blend: "add" gives alpha · colour + photo as the
    tutorial does, "mix" alpha · colour + (1 - alpha) · photo; both are rounded and clipped.
    Returns uint8 (height, width, 3). Raises ImageError for other pixels, OptionError for an
    unknown colour map, blend or alpha, and MapError for NaN or infinite values.
    """
    pixels = _pixels(pixels)
    height, width = pixels.shape[:2]
    return laid_over(pixels, colorize(map, (width, height), colormap), alpha, blend)


def paint(heatmap: np.ndarray, colormap: str = "jet") -> np.ndarray:
    """A heatmap (height, width) of values in 0..1 in colours, uint8 (height, width, 3)."""
    heatmap = _grid(heatmap)
    if not (heatmap.min() >= 0 and heatmap.max() <= 1):
        raise OptionError(f"a heatmap lies in 0..1; got {heatmap.min():g}..{heatmap.max():g}.")
    # truncated, as in the tutorial, not rounded
    painted: np.ndarray = table(colormap)[(255 * heatmap).astype("uint8")]
    return painted


def laid_over(
    pixels: np.ndarray, colours: np.ndarray, alpha: float, blend: str = "add"
) -> np.ndarray:
    """Colours over a photo, both uint8 (height, width, 3), as `overlay` describes it."""
    one_of("blend", blend, BLENDS)
    number("alpha", alpha, 0, 1)
    pixels, colours = _pixels(pixels), _pixels(colours)
    if pixels.shape != colours.shape:
        raise ImageError(
            f"pixels and colours are of one shape; got {pixels.shape} and {colours.shape}."
        )
    kept = 1 if blend == "add" else 1 - alpha
    mixed = np.float32(alpha) * colours + np.float32(kept) * pixels
    return np.clip(np.rint(mixed, out=mixed), 0, 255, out=mixed).astype("uint8")


def mark_unseen(picture: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The picture with the part that the network did not see grey, dim and hatched.

    picture: uint8 (height, width, 3). seen: bool (height, width).
    """
    picture, seen = _pixels(picture), _grid(seen)
    if seen.dtype != bool or seen.shape != picture.shape[:2]:
        raise OptionError(
            f"seen is bool of the picture's shape {picture.shape[:2]}; got {seen.dtype} of "
            f"{seen.shape}."
        )
    height, width = seen.shape
    period = max(6, min(height, width) // 25)
    rows, cols = np.nonzero(~seen)
    hatch = (rows + cols) % period < max(1, period // 6)
    # by a table, since the unseen part of a photo may have millions of pixels
    dimmed = (np.arange(256) * 0.4 + 40).astype("uint8")
    grey = dimmed[np.asarray(Image.fromarray(picture).convert("L"))[rows, cols]]
    marked = picture.copy()
    marked[rows, cols] = np.where(hatch, np.uint8(170), grey)[:, None]
    return marked


def _grid(map: Any) -> np.ndarray:
    """A map as an array (rows, cols) of numbers; raises OptionError for others."""
    try:
        grid = np.asarray(map)
    except (ValueError, TypeError):  # of rows of several lengths
        grid = np.empty(0, object)
    if grid.ndim != 2 or 0 in grid.shape or grid.dtype.kind not in "biuf":
        raise OptionError(
            f"a map is a grid (rows, cols); got an array of shape {grid.shape} of {grid.dtype}."
        )
    return grid


def _pixels(pixels: Any) -> np.ndarray:
    try:
        array = np.asarray(pixels)
    except (ValueError, TypeError):  # of rows of several lengths
        array = np.empty(0, object)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[-1] != 3 or not array.size:
        raise ImageError(f"pixels are uint8 (height, width, 3); got {array.dtype} {array.shape}.")
    return array
