"""The checks of `diagnostics` for many maps at once, as columns."""

from __future__ import annotations

import numpy as np

from seewhy.maps.diagnostics import SATURATED

CLIPPED = 0.9


def map_checks(maps: np.ndarray, reached: np.ndarray) -> dict[str, np.ndarray]:
    """Which of many maps have which of the warnings of `diagnostics.map_warnings`, by name.

    maps: (n, *space), signed. reached: bool (n,), whether gradients reach the layer. Returns bool
    (n,) arrays.
    """
    flat = maps.reshape(len(maps), -1)
    finite = np.isfinite(flat).all(axis=1)
    values = np.where(finite[:, None], flat, 0).astype("float64")
    high, low = values.max(axis=1), values.min(axis=1)
    usual = finite & reached & (high != low) | (finite & reached & (high != 0))
    negative, whole = -np.minimum(values, 0).sum(axis=1), np.abs(values).sum(axis=1)
    share = np.divide(negative, whole, out=np.zeros_like(whole), where=whole > 0)
    no_positive = usual & (high <= 0)
    return {
        "not-finite": ~finite,
        "no-gradient": finite & ~reached,
        "all-zero": finite & reached & ~usual,
        "no-positive-evidence": no_positive,
        "mostly-negative": usual & ~no_positive & (share > CLIPPED),
        "constant": usual & (high == low) & (flat.shape[1] > 1),
        "single-cell": usual & np.full(len(maps), flat.shape[1] == 1),
    }


def are_saturated(probabilities: np.ndarray) -> np.ndarray:
    """Which probabilities (n,) are as good as 0 or 1, where their gradient fades."""
    inside = (probabilities > 1 - SATURATED) & (probabilities < SATURATED)
    return np.asarray(~inside)


def top_classes(ranked: np.ndarray, count: int) -> np.ndarray:
    """The classes with the largest values, the best first and of equal ones the lower index.

    ranked: (n, classes). Returns int32 (n, at most count).
    """
    classes = ranked.shape[1]
    count = min(count, classes)
    if not count:
        return np.zeros((len(ranked), 0), "int32")
    if classes <= 4 * count:
        return np.argsort(-ranked, axis=1, kind="stable")[:, :count].astype("int32")
    # in the order of indices, so that a stable sort leaves equal ones as they are
    chosen = np.sort(np.argpartition(-ranked, count - 1, axis=1)[:, :count], axis=1)
    values = np.take_along_axis(ranked, chosen, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    best = np.take_along_axis(chosen, order, axis=1)
    # where more classes share the last value than have room, or some are no numbers
    last = np.take_along_axis(ranked, best[:, -1:], axis=1)
    unsure = (ranked >= last).sum(axis=1) != count
    if unsure.any():
        best[unsure] = np.argsort(-ranked[unsure], axis=1, kind="stable")[:, :count]
    return best.astype("int32")
