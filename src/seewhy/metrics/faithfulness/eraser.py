"""Is what the map points at needed for the score, and is it enough?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seewhy.errors import OptionError
from seewhy.metrics import checks, perturbed_copies
from seewhy.metrics.faithfulness.baselines import Baseline
from seewhy.metrics.faithfulness.removal_curves import pixel_ranks, without_pixels
from seewhy.metrics.perturbed_copies import ScoreFunction

SHARES = (0, 0.01, 0.05, 0.1, 0.2, 0.5)
"""The paper's bins, with nothing in front as its sum begins."""


def comprehensiveness(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    shares: Sequence[float] = SHARES,
    baseline: Baseline = "zero",
) -> np.ndarray:
    """How much of the score is lost without the most relevant pixels; high is good.

    images: float32 (batch, height, width, channels). maps: (batch, height, width), any sign.
    shares: 0..1, of the pixels, that are removed; without the 0 it is what the authors' code
    takes. baseline: as for `deletion`. Of equal values the first in reading order goes first.
    Returns float64 (batch,): score of the image less that without them, the mean over the shares
    (area over the perturbation curve). DeYoung et al. 2020, arXiv:1911.03429, equations 1 and 3.
    """
    return _lost(images, maps, scorer, shares, (baseline, False))


def sufficiency(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    shares: Sequence[float] = SHARES,
    baseline: Baseline = "zero",
) -> np.ndarray:
    """How much of the score is lost where only the most relevant pixels are left; low is good.

    shares: 0..1, of the pixels, that are left. The rest is as for `comprehensiveness`. Returns
    float64 (batch,). DeYoung et al. 2020, arXiv:1911.03429, equations 2 and 3.
    """
    return _lost(images, maps, scorer, shares, (baseline, True))


def _lost(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    shares: Sequence[float],
    how: tuple[Baseline, bool],
) -> np.ndarray:
    images, maps = checks.images_and_maps(images, maps)
    parts = checks.shares(shares, "shares")
    baseline, keeps = how
    # rounded up, so that a small share of a small image is not nothing
    counts = np.ceil(np.round(parts * maps[0].size, 9))
    places = pixel_ranks(maps)

    def is_removed(which: np.ndarray, rows: np.ndarray) -> np.ndarray:
        first: np.ndarray = places[which] < counts[rows][:, None, None]
        return ~first if keeps else first

    after = perturbed_copies.scores_of_copies(
        scorer, images, len(parts), without_pixels(images, baseline, is_removed)
    )
    whole = perturbed_copies.scores_of_images(scorer, images)
    lost: np.ndarray = whole - after.mean(axis=1)
    return lost


def alike_decided(maps: np.ndarray, classes: np.ndarray, *, threshold: float = 0.6) -> np.ndarray:
    """Whether images with like maps are put into one class, 0..1; high is good.

    maps: (batch, height, width) or coarse grids of several images. classes: int (batch,), what
    the model predicts. threshold: maps are alike if their distance, each pixel divided by its
    standard deviation over the batch, is up to this share of the largest distance.
    Returns float64 (batch,): of the maps that are like it, the share of its own class; 0 where no
    map is like it. The sufficiency of Dasgupta et al. 2022, arXiv:2202.00734, section 3, as
    Quantus estimates it.
    """
    every = checks.as_maps(maps)
    flat = every.reshape(len(every), -1)
    classes = checks.as_classes(classes, "classes")
    if classes.shape != (len(flat),):
        raise OptionError(f"classes has one entry for each map, ({len(flat)},).")
    limit = checks.shares([threshold], "threshold")[0]
    spread = np.vstack([flat, flat]).std(axis=0, ddof=1)
    # a pixel that never changes tells of no distance
    scaled = np.divide(flat, spread, out=np.zeros_like(flat), where=spread > 0)
    squares = (scaled**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * scaled @ scaled.T, 0))
    np.fill_diagonal(distances, 0)
    alike = distances <= limit * distances.max()
    np.fill_diagonal(alike, False)
    same = (alike & (classes[:, None] == classes)).sum(axis=1)
    share: np.ndarray = same / np.maximum(alike.sum(axis=1), 1)
    return share
