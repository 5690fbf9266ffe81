"""Enlarging that follows the edges of a photo."""

from __future__ import annotations

import numpy as np


def guided(
    heatmap: np.ndarray, guide: np.ndarray, radius: tuple[int, ...], softness: float = 1e-3
) -> np.ndarray:
    """The guided filter (He, Sun and Tang 2010, ECCV, eq. 5, 6 and 8) over a heatmap.

    heatmap: (rows, cols) in 0..1, already enlarged. guide: the photo, uint8 (rows, cols, 3), of
    which the luminance guides. radius: of the windows along each axis, in pixels. softness: how
    much contrast (variance of luminance in 0..1) counts as an edge.
    Returns float32 (rows, cols) in 0..1. Where the photo has no edges it is a twofold mean.
    """
    light = guide.astype("float64") @ np.array([0.299, 0.587, 0.114]) / 255
    heat = heatmap.astype("float64")
    mean_light, mean_heat = _mean(light, radius), _mean(heat, radius)
    together = _mean(light * heat, radius) - mean_light * mean_heat
    variance = _mean(light * light, radius) - mean_light**2
    slope = together / (variance + softness)
    offset = mean_heat - slope * mean_light
    followed = _mean(slope, radius) * light + _mean(offset, radius)
    inside: np.ndarray = np.clip(followed, 0, 1).astype("float32")
    return inside


def _mean(values: np.ndarray, radius: tuple[int, ...]) -> np.ndarray:
    """The mean over the part of each window that lies in the picture."""
    from scipy.ndimage import uniform_filter

    sides = [2 * reach + 1 for reach in radius]
    inside = uniform_filter(np.ones_like(values), sides, mode="constant")
    mean: np.ndarray = uniform_filter(values, sides, mode="constant") / inside
    return mean
