"""TODO."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

RESAMPLES = 5000
CELLS = 2**22
"""Of a block of resamples that is held at once."""


def statistic(values: np.ndarray) -> float:
    """What a table tells of a set of photos: the mean, or of a set measure the best of the means.

    values: (photos, k), with k = 1 but for measures that choose one threshold for all photos.
    """
    return float(values.mean(axis=0).max())


def resampled(
    samples: Sequence[np.ndarray], *, seed: int = 0, resamples: int = RESAMPLES
) -> np.ndarray:
    """The `statistic` of each sample over photos drawn with replacement, (samples, resamples).

    samples: each (photos, k), of the same photos: each draw takes the same photos of all of them,
    so that differences are paired. Efron 1979, "Bootstrap methods: another look at the jackknife".
    """
    photos = len(samples[0])
    block = max(1, CELLS // max(photos, max(one.shape[1] for one in samples)))
    done = []
    for number, start in enumerate(range(0, resamples, block)):
        counts = _counts(photos, min(block, resamples - start), seed, number)
        done.append(np.stack([(counts @ one / photos).max(axis=1) for one in samples]))
    return np.concatenate(done, axis=1)


@functools.lru_cache(maxsize=4)
def _counts(photos: int, rows: int, seed: int, number: int) -> np.ndarray:
    """How often each photo is drawn, float64 (rows, photos); kept, as a table asks for many."""
    generator = np.random.default_rng([seed, number])
    drawn = generator.integers(0, photos, (rows, photos)) + photos * np.arange(rows)[:, None]
    counts: np.ndarray = np.bincount(drawn.ravel(), minlength=rows * photos)
    return counts.reshape(rows, photos).astype("float64")


def interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The middle share of the draws (resamples,): Efron's percentile interval."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
