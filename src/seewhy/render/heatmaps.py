"""Pictures of maps, in NumPy and Pillow; colours are RGB throughout."""

from __future__ import annotations

import numpy as np
from PIL import Image

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
    grid = np.asarray(map)
    if grid.ndim != 2 or 0 in grid.shape:
        raise OptionError(f"a map is a grid (rows, cols); got an array of shape {grid.shape}.")
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
    pixels = np.asarray(pixels)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise ImageError(f"pixels are uint8 (height, width, 3); got {pixels.dtype} {pixels.shape}.")
    height, width = pixels.shape[:2]
    return laid_over(pixels, colorize(map, (width, height), colormap), alpha, blend)


def paint(heatmap: np.ndarray, colormap: str = "jet") -> np.ndarray:
    """A heatmap (height, width) of values in 0..1 in colours, uint8 (height, width, 3)."""
    # truncated, as in the tutorial, not rounded
    painted: np.ndarray = table(colormap)[(255 * heatmap).astype("uint8")]
    return painted


def laid_over(
    pixels: np.ndarray, colours: np.ndarray, alpha: float, blend: str = "add"
) -> np.ndarray:
    """Colours over a photo, both uint8 (height, width, 3), as `overlay` describes it."""
    if blend not in BLENDS:
        raise OptionError(f"blend is one of {', '.join(BLENDS)}; got {blend!r}.")
    if not 0 <= alpha <= 1:
        raise OptionError(f"alpha lies in 0..1; got {alpha}.")
    kept = 1 if blend == "add" else 1 - alpha
    mixed = np.float32(alpha) * colours + np.float32(kept) * pixels
    return np.clip(np.rint(mixed, out=mixed), 0, 255, out=mixed).astype("uint8")


def mark_unseen(picture: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The picture with the part that the network did not see grey, dim and hatched.

    picture: uint8 (height, width, 3). seen: bool (height, width).
    """
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
