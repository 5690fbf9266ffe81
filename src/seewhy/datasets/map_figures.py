"""Where the evidence of many maps lies, as columns."""

from __future__ import annotations

import numpy as np


def map_figures(maps: np.ndarray) -> dict[str, np.ndarray]:
    """Figures of maps float32 (n, rows, cols), by name, each (n,).

    hottest_row, hottest_col: int16, the cell with the largest value, from 0 on.
    positive_share: 0..1, the positive evidence as a share of all; 0 of a map of zeros.
    border_share: 0..1, how much of the positive evidence lies in the outermost cells.
    center_row, center_col: 0..1 of the grid, the centre of the positive evidence.
    entropy: 0..1, of the positive evidence over the cells: 0 all in one, 1 the same in each.
    Those of positive evidence are NaN where there is none, and all but the cells where a map has
    values that are not finite.
    """
    count, rows, cols = maps.shape
    finite = np.isfinite(maps).all(axis=(1, 2))
    values = np.where(finite[:, None, None], maps, 0).astype("float64")
    positive = np.maximum(values, 0)
    total, whole = positive.sum(axis=(1, 2)), np.abs(values).sum(axis=(1, 2))
    shares = _divided(positive, total[:, None, None])
    inner = shares[:, 1:-1, 1:-1].sum(axis=(1, 2))
    down, across = shares.sum(axis=2), shares.sum(axis=1)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    hottest = values.reshape(count, -1).argmax(axis=1)
    entropy = -(shares * logs).sum(axis=(1, 2)) / max(np.log(rows * cols), 1e-300)
    share = np.divide(total, whole, out=np.zeros_like(total), where=whole > 0)
    of_positive = {
        "border_share": np.clip(1 - inner, 0, 1),
        "center_row": down @ ((np.arange(rows) + 0.5) / rows),
        "center_col": across @ ((np.arange(cols) + 0.5) / cols),
        "entropy": np.clip(entropy, 0, 1),
    }
    return {
        "hottest_row": (hottest // cols).astype("int16"),
        "hottest_col": (hottest % cols).astype("int16"),
        "positive_share": np.where(finite, share, np.nan),
        **{name: np.where(total > 0, each, np.nan) for name, each in of_positive.items()},
    }


def _divided(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    quotient: np.ndarray = np.divide(values, by, out=np.zeros_like(values), where=by > 0)
    return quotient
