"""The picture of a volume or video: some of its slices side by side, each under its heat."""

from __future__ import annotations

import numpy as np

from seewhy.images import arrays
from seewhy.images.geometry import Geometry
from seewhy.render import heatmaps
from seewhy.render.looks import TUTORIAL, Look
from seewhy.render.sheets import labelled_sheet

COUNT = 9
"""As many slices are shown at most."""
SIDE = 300
"""Slices are enlarged by a whole number to about this many pixels on their longer side."""


def slice_picture(
    values: np.ndarray,
    heatmap: np.ndarray | None,
    look: Look = TUTORIAL,
    *,
    word: str = "slice",
) -> np.ndarray:
    """Up to nine slices, evenly spaced but for the hottest one, which is among them.

    values: (depth, rows, cols, channels), stretched together to 0..255; NaN and infinite ones are
        black. Of other than 1 or 3 channels, those are shown that `shown_channels` takes.
    heatmap: (depth, rows, cols) in 0..1, one scale for all; None for the slices alone.
    word: what a slice is called, as "frame".
    Returns uint8 (height, width, 3), each slice below its title "slice 3 of 12", from 1 on.
    """
    bands, _ = arrays.shown_channels(values.shape[-1])
    pixels = arrays.stretch_to_bytes(values[..., list(bands)])
    depth = len(values)
    tiles, titles = [], []
    for i in shown_slices(depth, heatmap):
        heat = None if heatmap is None else heatmap[i]
        tiles.append(_tile(pixels[i], heat, look))
        titles.append(f"{word} {i + 1} of {depth}")
    return np.asarray(labelled_sheet(tiles, titles))


def shown_slices(depth: int, heatmap: np.ndarray | None) -> list[int]:
    """Which slices are shown, in order: evenly spaced, the nearest one moved to the hottest."""
    evenly = np.rint(np.linspace(0, depth - 1, min(depth, COUNT))).astype(int)
    if heatmap is not None and heatmap.any():
        # of slices with equal peaks, the one with more heat in all
        peaks = heatmap.max(axis=(1, 2))
        totals = np.where(peaks == peaks.max(), heatmap.sum(axis=(1, 2), dtype="float64"), -1)
        hottest = int(totals.argmax())
        evenly[np.abs(evenly - hottest).argmin()] = hottest
    return [int(i) for i in evenly]


def _tile(pixels: np.ndarray, heat: np.ndarray | None, look: Look) -> np.ndarray:
    rows, cols = pixels.shape[:2]
    factor = max(1, round(SIDE / max(rows, cols)))
    # the pixels stay what they were; the heat is smooth
    enlarged = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    if heat is None:
        return enlarged
    larger = Geometry.squash((rows * factor, cols * factor), (rows, cols))
    return heatmaps.heated(enlarged, larger.to_photo(heat, look.enlarge), look)
