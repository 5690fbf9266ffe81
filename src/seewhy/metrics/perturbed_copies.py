"""Scores of many changed copies of images, made in chunks so that memory stays bounded."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.maps.scaling import check_finite
from seewhy.metrics.checks import as_numbers

BYTES = 2**26
"""Of copies that are held at once."""

ScoreFunction = Callable[..., Any]
"""(images) or (images, which) → scores (n,)."""
ExplainFunction = Callable[..., Any]
"""(images) or (images, which) → maps (n, height, width)."""
Make = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(which image (n,), which row (n,)) → changed copies (n, height, width, channels)."""


def scores_of_images(scorer: ScoreFunction, images: np.ndarray) -> np.ndarray:
    """The score of each image as it is, float64 (batch,)."""
    scores: np.ndarray = scores_of_copies(scorer, images, 1, lambda which, _: images[which])[:, 0]
    return scores


def scores_of_copies(
    scorer: ScoreFunction, images: np.ndarray, rows: int, make: Make
) -> np.ndarray:
    """The scores of so many changed copies of each image, float64 (batch, rows)."""
    ask = accept_which(scorer)
    total = len(images) * rows
    size = copies_at_once(images)
    results = np.empty(total)
    for start in range(0, total, size):
        numbers = np.arange(start, min(start + size, total))
        which = numbers // rows
        copies = make(which, numbers % rows).astype("float32", copy=False)
        scores = as_numbers(ask(copies, which), "scores").astype("float64", copy=False)
        if scores.shape != (len(numbers),):
            raise OptionError(
                f"a scorer gives one score for each image, ({len(numbers)},); got shape "
                f"{scores.shape}. Pick one class: scorer = lambda images: predict(images)[:, k]."
            )
        results[numbers] = scores
    return results.reshape(len(images), rows)


def maps_of_copies(
    explain: ExplainFunction, images: np.ndarray, rows: int, make: Make
) -> np.ndarray:
    """The maps of so many changed copies of each image, float64 (batch, rows, height, width)."""
    ask = accept_which(explain)
    total = len(images) * rows
    size = copies_at_once(images)
    results = []
    for start in range(0, total, size):
        numbers = np.arange(start, min(start + size, total))
        which = numbers // rows
        copies = make(which, numbers % rows).astype("float32", copy=False)
        explained = as_numbers(ask(copies, which), "maps").astype("float64", copy=False)
        if explained.ndim != 3 or len(explained) != len(numbers):
            raise OptionError(
                f"explain gives one map for each image, ({len(numbers)}, height, width); got "
                f"shape {explained.shape}."
            )
        check_finite(explained)
        results.append(explained)
    maps = np.concatenate(results)
    return maps.reshape(len(images), rows, *maps.shape[1:])


def copies_at_once(images: np.ndarray) -> int:
    """How many copies of one image are held at once."""
    return max(1, BYTES // max(1, int(images[0].nbytes)))


def accept_which(function: Callable[..., Any]) -> Callable[[np.ndarray, np.ndarray], Any]:
    """The function of (images, which), also where it takes images alone.

    It is given `which` if it has a parameter of that name, or a second one without a default.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some functions that are written in C tell nothing
        return lambda images, _: function(images)
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    positional = [parameter for parameter in parameters if parameter.kind in places]
    needed = [parameter for parameter in positional if parameter.default is inspect.Parameter.empty]
    if len(needed) > 1 or any(parameter.name == "which" for parameter in positional):
        return function
    return lambda images, _: function(images)
