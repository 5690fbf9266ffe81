"""Maps as stores keep them: rounded, in a third of the space."""

from __future__ import annotations

import numpy as np

STEP = 1 / 1024
"""To what maps are rounded, as a share of their scale: the rest is noise that costs a fifth of the
space."""


def scaled(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32 (n,), the largest finite magnitude of each map, and the maps divided by it, float16
    to `STEP`; maps of zeros have the scale 0."""
    axes = tuple(range(1, maps.ndim))
    finite = np.where(np.isfinite(maps), maps, 0)
    scale = np.abs(finite).max(axis=axes).astype("float32")
    divisor = np.where(scale == 0, 1, scale).astype("float64")
    shares = maps / divisor.reshape(-1, *(1 for _ in axes))
    return scale, (np.rint(shares / STEP) * STEP + 0.0).astype("float16")


def unscaled(scale: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """float32 (n, …): the maps again, from what `scaled` gave."""
    maps: np.ndarray = shares.astype("float32") * scale.astype("float32").reshape(
        -1, *(1 for _ in shares.shape[1:])
    )
    return maps


def as_stored(map: np.ndarray) -> np.ndarray:
    """float32: one map as a store gives it back."""
    (back,) = unscaled(*scaled(np.asarray(map)[None]))
    return np.asarray(back, "float32")
