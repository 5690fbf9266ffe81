"""Explanations that are compared are coloured by one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from seewhy.results.explanation import Explanation


def on_one_scale(explanations: Iterable[Explanation]) -> list[Explanation]:
    """The same explanations with one value shown as full colour: the largest that is in any.

    That of one is its `scale`, or where it has none, the largest of its map. NaN and infinite
    values don't count; where no value is positive, each keeps its own scale (which changes
    nothing: all heatmaps are zero).
    """
    listed = list(explanations)
    largest = max(map(_full_colour, listed), default=0.0)
    scale = largest if largest > 0 else None
    return [replace(explanation, scale=scale) for explanation in listed]


def _full_colour(explanation: Explanation) -> float:
    if explanation.scale is not None:
        return explanation.scale
    finite = explanation.map[np.isfinite(explanation.map)]
    return float(finite.max()) if finite.size else 0.0
