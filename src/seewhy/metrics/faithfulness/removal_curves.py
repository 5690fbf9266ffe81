"""Curves of the score while pixels are removed or put back in the order of their relevance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seewhy.checks import count, one_of
from seewhy.metrics import checks, perturbed_copies
from seewhy.metrics.faithfulness.baselines import Baseline, is_linear, removed_values
from seewhy.metrics.faithfulness.imputation import impute
from seewhy.metrics.perturbed_copies import Make, ScoreFunction

ORDERS = ("most", "least")


@dataclass(frozen=True)
class Curve:
    """The score of each image while ever more of its pixels are changed."""

    shares: np.ndarray
    """(points,): how far the game has come, from 0 (nothing is changed) to 1, in equal steps."""
    scores: np.ndarray
    """(batch, points)."""

    @property
    def auc(self) -> np.ndarray:
        """(batch,): the area under each curve, by trapezoids; of the scores' own range."""
        inner = self.scores.sum(axis=1) - (self.scores[:, 0] + self.scores[:, -1]) / 2
        area: np.ndarray = inner / (self.scores.shape[1] - 1)
        return area


def deletion(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    step: int | None = None,
    baseline: Baseline = "zero",
) -> Curve:
    """The score while the most relevant pixels are removed first; a small `auc` is good.

    images: float32 (batch, height, width, channels). maps: (batch, height, width), any sign.
    step: pixels that are removed at once; None for as many as a row has, as the authors take.
    baseline: what removed pixels become: "zero", "mean", "blur", "linear" (noisy linear imputation
    of all that is removed so far; one system to solve for each copy) or an array.
    Of equal values the first in reading order goes first. Petsiuk et al. 2018, arXiv:1806.07421,
    section 4.1, algorithm 1. Raises OptionError for shapes or words that do not fit.
    """
    return _removal_curve(images, maps, scorer, step, RemovalOrder(baseline))


def insertion(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    step: int | None = None,
    baseline: Baseline = "blur",
) -> Curve:
    """The score while the most relevant pixels are put back first; a large `auc` is good.

    It begins with nothing but the baseline, by default the blurred image. The rest is as for
    `deletion`. Petsiuk et al. 2018, arXiv:1806.07421, section 4.1.
    """
    return _removal_curve(images, maps, scorer, step, RemovalOrder(baseline, puts_back=True))


def pixel_flipping(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    step: int = 1,
    baseline: Baseline = "flip",
    order: str = "most",
) -> Curve:
    """The score while pixels are flipped one after the other; a steep fall is good.

    step: pixels at once. baseline: what they become; "flip" changes their sign, as the paper does
    with values in -1..1; otherwise as for `deletion`. order: "most" or "least" relevant first.
    Bach et al. 2015 (PLoS ONE 10(7): e0130140), section "Pixel-flipping as evaluation".
    """
    one_of("order", order, ORDERS)
    return _removal_curve(images, maps, scorer, step, RemovalOrder(baseline, order=order))


@dataclass(frozen=True)
class RemovalOrder:
    """How pixels are changed."""

    baseline: Baseline
    puts_back: bool = False
    order: str = "most"


def _removal_curve(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    step: int | None,
    game: RemovalOrder,
) -> Curve:
    images, maps = checks.images_and_maps(images, maps)
    pixels = maps[0].size
    size = count("step", maps.shape[2] if step is None else step)
    places = pixel_ranks(maps if game.order == "most" else -maps)
    steps = -(-pixels // size)
    counts = np.minimum(size * np.arange(steps + 1), pixels)

    def is_removed(which: np.ndarray, rows: np.ndarray) -> np.ndarray:
        changed: np.ndarray = places[which] < counts[rows][:, None, None]
        return ~changed if game.puts_back else changed

    make = without_pixels(images, game.baseline, is_removed)
    scores = perturbed_copies.scores_of_copies(scorer, images, steps + 1, make)
    return Curve(np.arange(steps + 1) / steps, scores)


def pixel_ranks(maps: np.ndarray) -> np.ndarray:
    """int (batch, height, width): 0 for the largest value of each map; of equal ones the first."""
    flat = maps.reshape(len(maps), -1)
    order = np.argsort(-flat, axis=1, kind="stable")
    places = np.empty(flat.shape, "int32")
    np.put_along_axis(places, order, np.arange(flat.shape[1], dtype="int32")[None], axis=1)
    return places.reshape(maps.shape)


def without_pixels(images: np.ndarray, baseline: Baseline, is_removed: Make) -> Make:
    """Copies with the baseline where is_removed(which, rows), bool (n, height, width), is true."""
    if is_linear(baseline):
        return lambda which, rows: impute(images[which], is_removed(which, rows))
    put = removed_values(images, baseline)

    def make(which: np.ndarray, rows: np.ndarray) -> np.ndarray:
        baseline_values = put if len(put) == 1 else put[which]
        copied: np.ndarray = np.where(
            is_removed(which, rows)[..., None], baseline_values, images[which]
        )
        return copied

    return make
