"""What an explanation costs, in seconds and in forward passes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from seewhy import images
from seewhy.errors import SeewhyWarning
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.scorer import Scorer
from seewhy.images.photo import Photo

RUNS = 5
PATIENCE = 2.0
"""Seconds from which on no more runs are made."""


def time_explanation(
    explainer: Explainer, scorer: Scorer, photo: Photo, target: Any
) -> tuple[float, float]:
    """Median seconds of one explanation, and over those of one forward pass of the same process.

    The photo is brought to the network's size first, so that reading and shrinking do not count.
    Both are warm: a run before that is not counted compiles what is to be compiled.
    """
    size = (scorer.inputs.shape[1], scorer.inputs.shape[2])
    small = Photo(images.fit(photo, size, explainer.fit)[0], photo.name)
    once, image = np.zeros(1, int), scorer.inputs[:1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        seconds = _median(lambda: explainer([small], target))
    return seconds, seconds / _median(lambda: scorer(image, once))


def _median(run: Callable[[], Any]) -> float:
    run()
    taken: list[float] = []
    while len(taken) < RUNS and sum(taken) < PATIENCE:
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))
