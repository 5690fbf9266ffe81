"""Explanations that are compared are coloured by one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from seewhy.results.explanation import Explanation


def on_one_scale(explanations: Iterable[Explanation]) -> list[Explanation]:
    """The same explanations with one value shown as full colour: the largest of all their maps.

    NaN and infinite values don't count; where no value is positive, each keeps its own scale
    (which changes nothing: all heatmaps are zero).
    """
    listed = list(explanations)
    finite = [explanation.map[np.isfinite(explanation.map)] for explanation in listed]
    largest = max((float(values.max()) for values in finite if values.size), default=0.0)
    scale = largest if largest > 0 else None
    return [replace(explanation, scale=scale) for explanation in listed]
