"""How much two maps agree: for whole batches at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seewhy.checks import one_of
from seewhy.errors import OptionError
from seewhy.maps.correlation import correlations
from seewhy.metrics import checks

Similarity = Callable[[np.ndarray, np.ndarray], np.ndarray]


def pearson(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each pair of maps, -1..1.

    one, other: (batch, height, width). Returns float64 (batch,); NaN where a map is constant.
    """
    one, other = checks.same_shape(one, other)
    return correlations(_flat(one), _flat(other))


def spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each pair of maps, -1..1; equal values share a mean rank.

    one, other: (batch, height, width). Returns float64 (batch,); NaN where a map is constant.
    """
    from scipy.stats import rankdata

    one, other = checks.same_shape(one, other)
    return correlations(rankdata(_flat(one), axis=1), rankdata(_flat(other), axis=1))


def ssim(one: np.ndarray, other: np.ndarray, *, side: int = 7) -> np.ndarray:
    """The structural similarity of each pair of maps, -1..1.

    one, other: (batch, height, width), not smaller than side. side: odd, of the square windows.
    The range of values is that of both maps together; two maps that are constant and equal give 1.
    Returns float64 (batch,): the mean over all windows that lie inside, with the variances of
    samples. Wang et al. 2004, equation 13 with C1 = (0.01 L)², C2 = (0.03 L)², as scikit-image's
    `structural_similarity` with data_range = L.
    """
    one, other = checks.same_shape(one, other)
    if side % 2 == 0 or not 1 < side <= min(one.shape[1:]):
        raise OptionError(
            f"side is odd, from 3 to the maps' shorter side ({min(one.shape[1:])}); got {side}."
        )
    both = np.stack([one, other])
    reach = both.max(axis=(0, 2, 3)) - both.min(axis=(0, 2, 3))
    # of the shape only the differences matter, and sums of squares stay exact
    x, y = (maps.astype("float64") for maps in (one, other))
    mean_x, mean_y = _windows(x, side), _windows(y, side)
    again = side**2 / (side**2 - 1)
    var_x = again * (_windows(x * x, side) - mean_x**2)
    var_y = again * (_windows(y * y, side) - mean_y**2)
    both_vary = again * (_windows(x * y, side) - mean_x * mean_y)
    first, second = ((k * reach[:, None, None]) ** 2 for k in (0.01, 0.03))
    above = (2 * mean_x * mean_y + first) * (2 * both_vary + second)
    below = (mean_x**2 + mean_y**2 + first) * (var_x + var_y + second)
    # no range at all: both maps are the same constant
    values = np.divide(above, below, out=np.ones_like(above), where=reach[:, None, None] > 0)
    mean: np.ndarray = values.mean(axis=(1, 2))
    return mean


SIMILARITIES: dict[str, Similarity] = {"pearson": pearson, "spearman": spearman, "ssim": ssim}


def get_similarity(name: str) -> Similarity:
    """The similarity of a name. Raises OptionError for another word."""
    return SIMILARITIES[one_of("similarity", name, tuple(SIMILARITIES))]


def _flat(maps: np.ndarray) -> np.ndarray:
    return maps.reshape(len(maps), -1)


def _windows(values: np.ndarray, side: int) -> np.ndarray:
    """The mean of every window that lies inside: (batch, rows, cols) → smaller by side - 1."""
    view = np.lib.stride_tricks.sliding_window_view(values, side, axis=1).mean(axis=-1)
    mean: np.ndarray = np.lib.stride_tricks.sliding_window_view(view, side, axis=2).mean(axis=-1)
    return mean
