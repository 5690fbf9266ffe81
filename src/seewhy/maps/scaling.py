"""Finishing steps: from signed maps to what is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seewhy.checks import one_of
from seewhy.errors import MapError, OptionError


def rectify(maps: np.ndarray) -> np.ndarray:
    """The positive part of maps of any shape: negative values become 0 (the paper's ReLU)."""
    positive: np.ndarray = np.maximum(maps, 0)
    return positive


def normalise(maps: np.ndarray, *, how: str = "max", rank: int = 2) -> np.ndarray:
    """Scale each map to 0..1.

    maps: (*map) or (batch, *map), any real values.
    rank: how many axes one map has: 2 for (rows, cols); axes in front of them are a batch.
    how: "max" divides by the largest value and keeps 0 at 0, for maps without negative values;
        "range" also moves the smallest value to 0, so 0 no longer means "no evidence".
    Returns float64 of the same shape. A map of zeros stays zeros, also a constant one by "range".
    Raises MapError if a map has NaN or infinite values.
    """
    one_of("how", how, ("max", "range"))
    check_finite(maps)
    # float64, where neither the range of float32 values overflows nor small ones vanish
    maps = maps.astype("float64")
    axes = tuple(range(-rank, 0))
    if how == "range":
        maps = maps - maps.min(axis=axes, keepdims=True)
    largest = maps.max(axis=axes, keepdims=True)
    scaled: np.ndarray = np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0)
    return scaled


def finish(map: np.ndarray, scale: float | None = None) -> np.ndarray:
    """One signed map of any rank → its positive part in 0..1, float64, as it is shown.

    scale: the value of the map that becomes 1, whatever is above it too; None for the map's own
        largest value.
    Raises MapError if the map has NaN or infinite values, OptionError for a scale that is not
    positive and finite.
    """
    check_finite(map)  # before -inf becomes 0
    if scale is None:
        return normalise(rectify(map), rank=map.ndim)
    if not 0 < scale < np.inf:
        raise OptionError(f"scale is a positive finite value of the map, or None; got {scale}.")
    clipped: np.ndarray = np.minimum(rectify(map).astype("float64"), scale) / scale
    return clipped


def full_colour(map: np.ndarray, input: Sequence[int]) -> float | None:
    """What is full colour in a map with a value for each pixel: few of them outshine all others.

    input: the sizes of the network's input. The 99th percentile, as by Smilkov et al. 2017; None
    for grids of layers.
    """
    finer = all(a >= b for a, b in zip(map.shape, input, strict=True))
    if not finer or not np.isfinite(map).all():
        return None
    bright = float(np.percentile(np.maximum(map, 0), 99))
    return bright or None


def check_finite(maps: np.ndarray) -> None:
    """Raise MapError if maps of any shape have NaN or infinite values."""
    bad = int(np.count_nonzero(~np.isfinite(maps)))
    if bad:
        raise MapError(
            f"{bad} of {maps.size} values of the map are NaN or infinite, so it has no picture. "
            f"Check the model's weights, and that the image is preprocessed as it expects."
        )
