"""Maps of changed copies of an image, laid back where they belong and averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

PlaceMap = Callable[[np.ndarray], np.ndarray]
"""A linear function from a copy's map (…, *grid) to its share of the whole one (…, *finer)."""


def weighted_mean(
    maps: Sequence[np.ndarray], places: Sequence[PlaceMap], weights: np.ndarray
) -> np.ndarray:
    """The weighted mean of maps, each put in its place.

    maps: (questions, *grid) each. weights: (copies, questions), from 0 on.
    """
    total: Any = 0.0
    cover: Any = 0.0
    for map, place, weight in zip(maps, places, weights, strict=True):
        factor = weight.reshape(-1, *(1,) * (map.ndim - 1))
        total = total + factor * place(map)
        cover = cover + factor * place(np.ones(map.shape))
    mean: np.ndarray = np.divide(total, cover, out=np.zeros_like(total), where=cover > 0)
    return mean.astype("float32")


def score_weights(scores: np.ndarray, logits: bool) -> np.ndarray:
    """How much copies count by their scores (copies, questions), the best one 1.

    logits: whether a score is a logarithm, up to a constant.
    """
    best = scores.max(axis=0)
    if logits:
        powers: np.ndarray = np.exp(scores - best)
        return powers
    shares = np.maximum(scores, 0)
    ones = np.ones_like(scores)
    return np.asarray(np.divide(shares, best, out=ones, where=best > 0))
