"""Pictures of maps, in NumPy and Pillow; colours are RGB throughout."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image

from seewhy.errors import ImageError, OptionError
from seewhy.images.geometry import Geometry
from seewhy.maps.scaling import finish

BLENDS = ("add", "mix")
FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}


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


@cache
def table(colormap: str) -> np.ndarray:
    """The 256 colours of a colour map, uint8 (256, 3).

    "jet" is OpenCV's; any other name is Matplotlib's ("matplotlib:jet" is its own jet). Raises
    OptionError for an unknown name, with the nearest ones.
    """
    if colormap == "jet":
        return _opencv_jet()
    from matplotlib import colormaps

    name = colormap.removeprefix("matplotlib:")
    if name not in colormaps:
        near = difflib.get_close_matches(name, ["jet", *colormaps], n=4, cutoff=0.4)
        hint = f"Nearest: {', '.join(near)}." if near else "Usual ones: jet, viridis, inferno."
        raise OptionError(f"no colour map named {colormap!r}. {hint}")
    colours: np.ndarray = colormaps[name](np.arange(256) / 255, bytes=True)
    return _frozen(colours[:, :3])


def _opencv_jet() -> np.ndarray:
    """OpenCV's COLORMAP_JET: trapezoids of slope 4, which Matplotlib's jet has cut lower."""
    level = 4 * np.arange(256)
    channels = [np.minimum(level - low, high - level) for low, high in _JET]
    colours = np.clip(np.stack(channels, axis=-1), 0, 255).astype("uint8")
    colours[159, 2] = 1  # the formula gives 2; OpenCV's table of decimals falls just short of 1.5
    return _frozen(colours)


# Whole numbers, since every value of the real formula, as 255 · 1.5, lies on a half, and OpenCV
# rounds some of them up and others down.
_JET = ((382, 1148), (128, 892), (-128, 638))


def _frozen(colours: np.ndarray) -> np.ndarray:
    colours.setflags(write=False)  # all callers share the cached table
    return colours


def save(picture: Image.Image | np.ndarray, path: str | Path) -> Path:
    """Write a picture in the format of the path's suffix; returns the path.

    The file appears whole or not at all. Missing folders are made. Raises OptionError for an
    unknown suffix.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise OptionError(
            f"{path.name!r} does not end in one of {', '.join(FORMATS)}: "
            f"the ending tells the format of the picture."
        )
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid4().hex}{path.suffix}")
    try:
        with unfinished.open("xb") as file:
            image.save(file, FORMATS[path.suffix.lower()], quality=95, subsampling=0)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path
