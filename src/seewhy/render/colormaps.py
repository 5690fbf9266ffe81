"""Colour tables: OpenCV's jet, the clear look's, and what Matplotlib has by name."""

from __future__ import annotations

import difflib
from functools import cache

import numpy as np

from seewhy.errors import OptionError

CLEAR_END = 0.9
"""Where turbo is cut off: behind it, what is hotter is darker, and lost on dark photos."""
# Whole numbers, since every value of the real formula, as 255 · 1.5, lies on a half, and OpenCV
# rounds some of them up and others down.
_JET = ((382, 1148), (128, 892), (-128, 638))


def table(colormap: str) -> np.ndarray:
    """The 256 colours of a colour map, uint8 (256, 3).

    "jet" is OpenCV's; "clear" is turbo without its darkest reds; any other name is Matplotlib's
    ("matplotlib:jet" is its own jet). Raises OptionError for an unknown name, with the nearest.
    """
    if not isinstance(colormap, str):
        raise OptionError(f"colormap is a name such as 'jet' or 'viridis'; got {colormap!r}.")
    return _table(colormap)


@cache
def _table(colormap: str) -> np.ndarray:
    if colormap == "jet":
        return _opencv_jet()
    from matplotlib import colormaps

    if colormap == "clear":
        hues = colormaps["turbo"](np.linspace(0, CLEAR_END, 256), bytes=True)
        return _frozen(hues[:, :3].copy())

    name = colormap.removeprefix("matplotlib:")
    if name not in colormaps:
        near = difflib.get_close_matches(name, ["clear", "jet", *colormaps], n=4, cutoff=0.4)
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


def _frozen(colours: np.ndarray) -> np.ndarray:
    colours.setflags(write=False)  # all callers share the cached table
    return colours
