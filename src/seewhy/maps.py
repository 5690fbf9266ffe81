"""Finishing steps: from signed maps to what is shown."""

from __future__ import annotations

import numpy as np

from seewhy.errors import MapError, OptionError


def rectify(maps: np.ndarray) -> np.ndarray:
    """The positive part of maps of any shape: negative values become 0 (the paper's ReLU)."""
    positive: np.ndarray = np.maximum(maps, 0)
    return positive


def normalise(maps: np.ndarray, *, how: str = "max") -> np.ndarray:
    """Scale each map to 0..1.

    maps: (rows, cols) or (batch, rows, cols), any real values.
    how: "max" divides by the largest value and keeps 0 at 0, for maps without negative values;
        "range" also moves the smallest value to 0, so 0 no longer means "no evidence".
    Returns float64 of the same shape. A map of zeros stays zeros, also a constant one by "range".
    Raises MapError if a map has NaN or infinite values.
    """
    if how not in ("max", "range"):
        raise OptionError(f"how is one of max, range; got {how!r}.")
    _check_finite(maps)
    # float64, where neither the range of float32 values overflows nor small ones vanish
    maps = maps.astype("float64")
    if how == "range":
        maps = maps - maps.min(axis=(-2, -1), keepdims=True)
    largest = maps.max(axis=(-2, -1), keepdims=True)
    scaled: np.ndarray = np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0)
    return scaled


def finish(map: np.ndarray) -> np.ndarray:
    """A signed map → its positive part divided by its largest value, 0..1, as it is shown.

    Raises MapError if the map has NaN or infinite values.
    """
    _check_finite(map)  # before -inf becomes 0
    return normalise(rectify(map))


def _check_finite(maps: np.ndarray) -> None:
    bad = int(np.count_nonzero(~np.isfinite(maps)))
    if bad:
        raise MapError(
            f"{bad} of {maps.size} values of the map are NaN or infinite, so it has no picture. "
            f"Check the model's weights, and that the image is preprocessed as it expects."
        )
