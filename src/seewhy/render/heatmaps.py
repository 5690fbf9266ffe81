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
from seewhy.render.looks import Look, LookName, choose_look

EVEN = ("add", "mix")
"""Ways to lay colours over a photo that are the same everywhere on it."""


def colorize(
    map: np.ndarray,
    size: tuple[int, int] | None = None,
    colormap: str | None = None,
    *,
    look: LookName | Look | None = None,
) -> np.ndarray:
    """A map in colours.

    map: any signed grid (rows, cols); its negative part is left out, its largest value is 1.
    size: (width, height) of the result, as Pillow has it; None for the grid's own.
    colormap: OpenCV's "jet", or a name that Matplotlib knows; enlarged as the tutorial does.
    look: "clear", which is taken if nothing is said, or "tutorial".
    Returns uint8 (height, width, 3). Raises MapError for NaN or infinite values.
    """
    chosen = _look(look, colormap=colormap)
    grid = _grid(map)
    if size is not None:
        if not isinstance(size, tuple | list) or len(size) != 2:
            raise OptionError(f"size is (width, height) in whole pixels; got {size!r}.")
        side_or_sides("size", size)
    shape = grid.shape if size is None else (int(size[1]), int(size[0]))
    return paint(_enlarged(grid, shape, chosen), chosen.colormap)


def overlay(
    pixels: np.ndarray,
    map: np.ndarray,
    colormap: str | None = None,
    alpha: float | None = None,
    blend: str | None = None,
    *,
    look: LookName | Look | None = None,
) -> np.ndarray:
    """A map over a photo.

    pixels: uint8 (height, width, 3). map: any signed grid (rows, cols) that lies on the whole
    photo. colormap: OpenCV's "jet", or a name that Matplotlib knows. alpha: 0..1, strength of the
    map. blend: "add" gives alpha · colour + photo as the tutorial does, "mix" alpha · colour +
    (1 - alpha) · photo, "heat" the same with alpha times 1.5 times the heat, at most alpha, in
    place of alpha; all are rounded and clipped. look: "clear", which is taken if nothing is said,
    or "tutorial", which is taken if any of the three is said; what is said goes before its own.
    Returns uint8 (height, width, 3). Raises ImageError for other pixels, OptionError for an
    unknown look, colour map, blend or alpha, and MapError for NaN or infinite values.
    """
    chosen = _look(look, colormap=colormap, alpha=alpha, blend=blend)
    pixels = _pixels(pixels)
    return heated(pixels, _enlarged(_grid(map), pixels.shape[:2], chosen), chosen)


def _look(look: LookName | Look | None, **said: Any) -> Look:
    """What was said without a look always started from the tutorial's."""
    spoken = any(value is not None for value in said.values())
    by_heat = isinstance(said.get("blend"), str) and said["blend"] == "heat"
    return choose_look("tutorial" if look is None and spoken and not by_heat else look, **said)


def _enlarged(grid: np.ndarray, shape: tuple[int, ...], look: Look) -> np.ndarray:
    geometry = Geometry.squash((shape[0], shape[1]), (grid.shape[0], grid.shape[1]))
    return geometry.to_photo(finish(grid), look.enlarge)


def heated(pixels: np.ndarray, heatmap: np.ndarray, look: Look) -> np.ndarray:
    """A photo under its heatmap, uint8 (height, width, 3).

    pixels: uint8 (height, width, 3). heatmap: (height, width) in 0..1.
    """
    colours = paint(heatmap, look.colormap)
    if look.blend != "heat":
        return laid_over(pixels, colours, look.alpha, look.blend)
    opacity = opacity_of_heat(heatmap, look.alpha)[..., None]
    mixed = opacity * colours
    mixed += (1 - opacity) * pixels
    whole: np.ndarray = np.rint(mixed, out=mixed).astype("uint8")
    return whole


def opacity_of_heat(heatmap: np.ndarray, alpha: float) -> np.ndarray:
    """How much of the colours is seen, float32 in 0..alpha: all where the heat is 2/3 or more."""
    opacity: np.ndarray = alpha * np.minimum(np.float32(1.5) * heatmap.astype("float32"), 1)
    return opacity.astype("float32")


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
    one_of("blend", blend, EVEN)
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
