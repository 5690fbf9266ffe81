"""Figures of the maps of one photo, and of all photos together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from seewhy.maps.correlation import correlation
from seewhy.results.explanation import Explanation

PREFIX = "seewhy_"


def map_figures(
    explanation: Explanation,
    inside: np.ndarray | None,
    before: np.ndarray | None,
    first: np.ndarray | None,
) -> dict[str, float]:
    """What is told of one photo's map.

    inside: float (height, width) 0..1, how much of each pixel of the photo belongs to the thing;
    None where nobody told. before, first: the maps that it is compared with.
    Returns
    similarity, similarity_first: -1..1, correlation with the maps before; 0 where one is constant.
    border: 0..1, how much of the positive evidence lies in the outermost cells of the grid.
    positive: 0..1, the positive evidence as a share of all; 0 for a map of zeros.
    inside: 0..1, how much of the heat lies inside of the thing; where it was told.
    NaN is what cannot be told: of maps that are not finite, and without positive evidence.
    """
    map = explanation.map
    figures = {
        "border": border_share(map),
        "positive": positive_share(map),
        "similarity": _likeness(map, before),
        "similarity_first": _likeness(map, first),
    }
    if inside is not None:
        figures["inside"] = inside_share(explanation, inside)
    return figures


def border_share(map: np.ndarray) -> float:
    """How much of the positive evidence of a map of any rank lies in its outermost cells, 0..1."""
    positive = np.maximum(map.astype("float64"), 0)
    total = positive.sum()
    if not np.isfinite(total) or total <= 0:
        return math.nan
    inner = positive[(slice(1, -1),) * map.ndim].sum()
    return float(np.clip(1 - inner / total, 0, 1))


def positive_share(map: np.ndarray) -> float:
    """The positive evidence as a share of all, 0..1; 0 for a map of zeros."""
    values = map.astype("float64")
    whole = np.abs(values).sum()
    if not np.isfinite(whole):
        return math.nan
    return float(np.maximum(values, 0).sum() / whole) if whole else 0.0


def inside_share(explanation: Explanation, inside: np.ndarray) -> float:
    """How much of the heat over the photo lies inside of the thing, 0..1.

    The energy-based pointing game of Wang et al. 2020, arXiv:1910.01279, as
    `metrics.energy_inside` has it; inside may have parts of pixels.
    """
    if not np.isfinite(explanation.map).all() or not (explanation.map > 0).any():
        return math.nan
    heat = explanation.heatmap.astype("float64")
    total = heat.sum()
    return float((heat * inside).sum() / total) if total > 0 else math.nan


def means(of_photos: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each figure over the photos that have it, by its name in the logs.

    NaN where none has it.
    """
    names = dict.fromkeys(name for figures in of_photos for name in figures)
    told: dict[str, float] = {}
    for name in names:
        values = [figures[name] for figures in of_photos if name in figures]
        known = [value for value in values if not math.isnan(value)]
        told[PREFIX + name] = float(np.mean(known)) if known else math.nan
    return told


def _likeness(map: np.ndarray, other: np.ndarray | None) -> float:
    if other is None or other.shape != map.shape:
        return math.nan
    return correlation(map, other)
