"""What is left of the score where only what the map points at can be seen."""

from __future__ import annotations

import numpy as np

from seewhy.maps.scaling import normalise, rectify
from seewhy.metrics import checks, perturbed_copies, similarity
from seewhy.metrics.faithfulness.baselines import Baseline, removed_values
from seewhy.metrics.perturbed_copies import ExplainFunction, ScoreFunction


def average_drop(
    images: np.ndarray, maps: np.ndarray, scorer: ScoreFunction, *, baseline: Baseline = "zero"
) -> np.ndarray:
    """By what share each score falls where only what the map shows is left, 0..1; low is good.

    images: float32 (batch, height, width, channels). maps: (batch, height, width); their positive
    part, divided by its largest value, is multiplied with the image. scorer: gives probabilities.
    baseline: what the image fades to, as for `deletion`; the papers' images fade to zero.
    Returns float64 (batch,), of which the mean is the paper's Average Drop; 0 where the score
    rises, NaN where it was not positive. Chattopadhyay et al. 2018, arXiv:1710.11063, section
    5.1 (i): max(0, Y - O) / Y.
    """
    whole, left = _both(images, maps, scorer, baseline)
    return _share(np.maximum(whole - left, 0), whole)


def average_increase(
    images: np.ndarray, maps: np.ndarray, scorer: ScoreFunction, *, baseline: Baseline = "zero"
) -> np.ndarray:
    """Whether each score rises where only what the map shows is left: 1 or 0; high is good.

    Returns float64 (batch,), of which the mean is the paper's Increase in Confidence. The rest is
    as for `average_drop`. Chattopadhyay et al. 2018, arXiv:1710.11063, section 5.1 (ii).
    """
    whole, left = _both(images, maps, scorer, baseline)
    return (left > whole).astype("float64")


def win(
    images: np.ndarray,
    maps: np.ndarray,
    others: np.ndarray,
    scorer: ScoreFunction,
    *,
    baseline: Baseline = "zero",
) -> np.ndarray:
    """Whether each score falls less with our maps than with other ones: 1 or 0; high is good.

    others: maps of another method. Equal falls are no win. Returns float64 (batch,), of which the
    mean is the paper's Win. Chattopadhyay et al. 2018, arXiv:1710.11063, section 5.1 (iii).
    """
    ours = average_drop(images, maps, scorer, baseline=baseline)
    theirs = average_drop(images, others, scorer, baseline=baseline)
    return (ours < theirs).astype("float64")


def coherency(
    images: np.ndarray, maps: np.ndarray, explain: ExplainFunction, *, baseline: Baseline = "zero"
) -> np.ndarray:
    """How well a map agrees with that of the image where only what it shows is left, 0..1.

    explain: a function images → maps, that made the maps. Returns float64 (batch,): Pearson's
    correlation of both maps, brought from -1..1 to 0..1; high is good; NaN where a map is
    constant. Poppi et al. 2021, arXiv:2104.10252, equation 5, scaled as their code does.
    """
    images, maps = checks.images_and_maps(images, maps)
    shown = masked(images, maps, baseline)
    again = perturbed_copies.maps_of_copies(explain, shown, 1, lambda which, _: shown[which])[:, 0]
    return (similarity.pearson(maps, again) + 1) / 2


def complexity(maps: np.ndarray) -> np.ndarray:
    """How much of the image each map shows: its mean, 0..1; low is good.

    maps: (batch, height, width) or coarse grids; their positive part is divided by its largest
    value. Returns float64 (batch,). Poppi et al. 2021, arXiv:2104.10252, equation 6, divided by
    the number of pixels as their code does.
    """
    mean: np.ndarray = _scaled(checks.as_maps(maps)).mean(axis=(1, 2))
    return mean


def adcc(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    explain: ExplainFunction,
    *,
    baseline: Baseline = "zero",
) -> np.ndarray:
    """One figure out of average drop, coherency and complexity, 0..1; high is good.

    Returns float64 (batch,): the harmonic mean of coherency, 1 - complexity and 1 - drop; 0 where
    one of them is 0, NaN where one is not defined. Poppi et al. 2021, arXiv:2104.10252, equation 7.
    """
    parts = np.stack(
        [
            coherency(images, maps, explain, baseline=baseline),
            1 - complexity(maps),
            1 - average_drop(images, maps, scorer, baseline=baseline),
        ]
    )
    nothing = (parts == 0).any(axis=0)
    inverse = 1 / np.where(nothing, 1.0, parts)
    harmonic: np.ndarray = np.where(nothing, 0 * parts.sum(axis=0), 3 / inverse.sum(axis=0))
    return harmonic


def masked(images: np.ndarray, maps: np.ndarray, baseline: Baseline = "zero") -> np.ndarray:
    """Images times their maps in 0..1, and the baseline where those are 0: float32."""
    images, maps = checks.images_and_maps(images, maps)
    seen = _scaled(maps)[..., None]
    shown: np.ndarray = seen * images + (1 - seen) * removed_values(images, baseline)
    return shown.astype("float32")


def _scaled(maps: np.ndarray) -> np.ndarray:
    return normalise(rectify(maps))


def _both(
    images: np.ndarray, maps: np.ndarray, scorer: ScoreFunction, baseline: Baseline
) -> tuple[np.ndarray, np.ndarray]:
    images, maps = checks.images_and_maps(images, maps)
    shown = masked(images, maps, baseline)
    return perturbed_copies.scores_of_images(scorer, images), perturbed_copies.scores_of_images(
        scorer, shown
    )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    quotient: np.ndarray = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return quotient
