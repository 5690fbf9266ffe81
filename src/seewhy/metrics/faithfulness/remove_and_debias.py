"""ROAD: remove and debias. Pixels are removed so that the hole itself tells little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seewhy.checks import one_of
from seewhy.metrics import checks, perturbed_copies
from seewhy.metrics.faithfulness.imputation import impute
from seewhy.metrics.faithfulness.removal_curves import ORDERS, pixel_ranks
from seewhy.metrics.perturbed_copies import ScoreFunction

PERCENTILES = (10, 20, 30, 40, 50, 60, 70, 80, 90)


def road(  # noqa: PLR0913  (each choice has its default)
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    order: str = "most",
    percentiles: Sequence[float] = PERCENTILES,
    ties: str = "together",
    noise: float = 0.01,
    seed: int = 0,
) -> np.ndarray:
    """The score where the most (or least) relevant pixels are imputed, less that of the image.

    images: float32 (batch, height, width, channels). maps: (batch, height, width), any sign.
    order: "most" relevant pixels are removed, where low is good, or "least", where high is.
    percentiles: 0..100, of each map: what reaches it is removed, so that 80 removes a fifth.
    ties: "together" removes all pixels that reach the percentile, as grad-cam does; "apart" the
    int(share · pixels) first ones by rank, of equal ones those that come first.
    noise, seed: of the imputation (`impute`), in units of the images.
    Returns float64 (batch, percentiles). Rong et al. 2022, arXiv:2202.00449, section 4.
    """
    images, maps = checks.images_and_maps(images, maps)
    one_of("order", order, ORDERS)
    one_of("ties", ties, ("together", "apart"))
    levels = checks.shares(percentiles, "percentiles", 100)
    values = maps if order == "most" else -maps
    if ties == "together":
        limits = np.percentile(values, levels, axis=(1, 2)).T
        compared: Any = np.greater_equal
    else:
        limits = np.floor(np.round(values[0].size * (100 - levels) / 100, 9))
        limits = np.broadcast_to(limits, (len(maps), len(levels)))
        values, compared = pixel_ranks(values), np.less

    def make(which: np.ndarray, rows: np.ndarray) -> np.ndarray:
        removed = compared(values[which], limits[which, rows][:, None, None])
        return impute(images[which], removed, noise=noise, seed=seed)

    after = perturbed_copies.scores_of_copies(scorer, images, len(levels), make)
    change: np.ndarray = after - perturbed_copies.scores_of_images(scorer, images)[:, None]
    return change


def road_combined(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    percentiles: Sequence[float] = PERCENTILES,
    noise: float = 0.01,
    seed: int = 0,
) -> np.ndarray:
    """Half of the mean score without least relevant pixels less that without most relevant ones.

    Returns float64 (batch,), -0.5..0.5 for probabilities; high is good. As grad-cam's ROADCombined
    of both orders of Rong et al. 2022, arXiv:2202.00449; the rest is as for `road`.
    """
    most, least = (
        road(
            images, maps, scorer, order=order, percentiles=percentiles, noise=noise, seed=seed
        ).mean(axis=1)
        for order in ORDERS
    )
    half: np.ndarray = (least - most) / 2
    return half
