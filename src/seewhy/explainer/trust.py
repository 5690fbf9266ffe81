"""Can an explanation be trusted? A handful of checks in plain words."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from seewhy.errors import MapError, ModelError, SeewhyError
from seewhy.explainer.pipeline import Pipeline
from seewhy.explainer.scorer import Scorer
from seewhy.images.geometry import enlarge
from seewhy.maps.correlation import correlation
from seewhy.maps.regions import hottest_first
from seewhy.metrics.faithfulness.baselines import heavily_blurred
from seewhy.metrics.sanity import layers_with_weights, randomised_copies
from seewhy.models.prepare import Prepared
from seewhy.results.explanation import Explanation
from seewhy.results.trust import Check, Trust
from seewhy.targets.target import Target

# The share of the photo that is taken away, or kept alone.
SHARE = 0.2
# So much of the evidence should speak for the target.
POSITIVE = 0.1
# So much the score should fall at least.
FALL = 0.01
# What keeps so much of the score by itself is enough, whatever other parts do.
KEPT = 0.5
# How many random classifiers are asked: one alone may happen to be like the real one.
HEADS = 3
# How many other parts of that share stand for chance.
CHANCES = 4
# Maps that correlate by more are the same map to the eye.
ALIKE = 0.8
# Maps of an image and its mirror image should correlate by this much.
STEADY = 0.5


def check_trust(
    pipeline: Pipeline, sample: Prepared, question: Target, explanation: Explanation
) -> Trust:
    """Check one explanation. For methods of one pass it takes 17 forward passes in all."""
    if not np.isfinite(explanation.map).all():
        return Trust((Check("finite", False, np.nan, "The map is not finite.", grave=True),))
    checks = [_check_positive_evidence(explanation.map)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the explanation has told them
        fixed = _pinned_target(pipeline, question, explanation)
        checks += _check_other_maps(pipeline, sample, fixed, explanation)
        checks.append(_check_random_classifier(pipeline, sample, fixed, explanation))
        checks += _check_hiding(pipeline, sample, fixed, explanation)
    return Trust(tuple(checks))


def _pinned_target(pipeline: Pipeline, question: Target, explanation: Explanation) -> Target:
    """The same class for changed images, also where "top" was asked."""
    index = getattr(explanation.target, "index", None)
    return question if index is None else pipeline.targets([int(index)])[0]


def _check_positive_evidence(map: np.ndarray) -> Check:
    positive, whole = np.maximum(map, 0).sum(), np.abs(map).sum()
    share = float(positive / whole) if whole else 0.0
    words = f"{share:.0%} of the evidence speaks for the target (expected: {POSITIVE:.0%} or more)."
    return Check("positive evidence", share >= POSITIVE, share, words, grave=share == 0)


def _check_other_maps(
    pipeline: Pipeline, sample: Prepared, question: Target, explanation: Explanation
) -> list[Check]:
    """The map of the least likely class, and that of the mirror image."""
    inputs = pipeline.inputs([sample])
    shown, first = pipeline.changed_input
    image = inputs[shown]
    space = image.ndim - 2
    mirrored = list(inputs)
    if space >= 2:
        mirrored[shown] = np.ascontiguousarray(np.flip(image, axis=-1 if first else -2))
    flipped = pipeline.outcomes(mirrored, [[question]])[0].maps[0][..., ::-1]
    steady = _positive_correlation(explanation.map, flipped)
    words = f"The map of the mirror image correlates by {steady:.2f} (expected: {STEADY} or more)."
    checks = [
        Check("stable under a flip", steady >= STEADY, steady, words)
        if space >= 2
        else Check("stable under a flip", None, np.nan, "No mirror image: this is no picture.")
    ]
    ranked = pipeline.outcomes(inputs, [[question]])[0].ranked
    if getattr(explanation.target, "index", None) is None or ranked.size < 2:
        words = "Not compared with another class: the target is no single class."
        return [*checks, Check("differs from the least likely class", None, np.nan, words)]
    least = int(np.argmin(ranked))
    if least == getattr(explanation.target, "index", None):
        words = "The least likely class itself was asked: there is nothing to explain."
        return [*checks, Check("differs from the least likely class", False, 1.0, words, True)]
    other = pipeline.outcomes(inputs, [pipeline.targets([least])])[0].maps[0]
    same = _positive_correlation(explanation.map, other)
    words = (
        f"The map of the least likely class correlates by {same:.2f} (expected: {ALIKE} or less)."
    )
    return [*checks, Check("differs from the least likely class", same <= ALIKE, same, words, True)]


def _check_random_classifier(
    pipeline: Pipeline, sample: Prepared, question: Target, explanation: Explanation
) -> Check:
    """The map of a copy of the model whose last layer with parameters is shuffled."""
    name = "depends on the classifier"
    try:
        _, copy = next(randomised_copies(pipeline.wrapped.model))
        # behind the classifier there may be a scale or a normalisation, which decides nothing
        layers = layers_with_weights(copy)
        heads = [each for each in layers if any(len(value.shape) > 1 for value in each.weights)]
        layer_of_copy = (heads or layers)[-1]
        other = pipeline.for_copy(copy)
        inputs, alike = pipeline.inputs([sample]), []
        for seed in range(HEADS):
            generator = np.random.default_rng(seed)
            values = [np.asarray(each) for each in layer_of_copy.get_weights()]
            layer_of_copy.set_weights([generator.permuted(each, axis=None) for each in values])
            map = other.outcomes(inputs, [[question]])[0].maps[0]
            alike.append(_positive_correlation(explanation.map, map))
    except (ModelError, SeewhyError, StopIteration) as error:
        words = f"Not asked with a random classifier: {' '.join(str(error).split())[:120]}"
        return Check(name, None, np.nan, words)
    same = float(np.mean(alike))
    words = (
        f"With {HEADS} random classifiers the map correlates by {same:.2f} on average (expected: "
        f"{ALIKE} or less)."
    )
    return Check(name, same <= ALIKE, same, words, grave=True)


def _check_hiding(
    pipeline: Pipeline, sample: Prepared, question: Target, explanation: Explanation
) -> list[Check]:
    """Does the score fall without the hottest fifth, and is that fifth enough?"""
    names = ("the score needs the hottest fifth", "the hottest fifth is enough")
    try:
        scorer = Scorer(pipeline.runner, pipeline.plan, [sample], [question], "probabilities")
        image = scorer.inputs[0]
        if image.ndim != 3:
            raise MapError("this is no picture.")
        order = hottest_first(explanation.map, image.shape[:2])
    except SeewhyError as error:
        return [Check(name, None, np.nan, f"Nothing hidden: {error}") for name in names]
    parts = np.stack([_hottest_share(order, image.shape[:2]), *_random_parts(image.shape[:2])])[
        ..., None
    ]
    blank = heavily_blurred(image[None])[0]
    copies = [image[None], np.where(parts, blank, image), np.where(parts, image, blank)]
    scores = scorer(np.concatenate(copies), np.zeros(2 * len(parts) + 1, int)).astype("float64")
    whole, without, alone = scores[0], scores[1 : len(parts) + 1], scores[len(parts) + 1 :]
    falls = whole - without
    needed = Check(
        names[0],
        bool(falls[0] > max(FALL, falls[1:].mean())),
        float(falls[0] - falls[1:].mean()),
        f"Without its hottest fifth the score goes from {whole:.3f} to {without[0]:.3f}; without "
        f"other fifths to {without[1:].mean():.3f}.",
    )
    enough = Check(
        names[1],
        bool(alone[0] > alone[1:].mean() or alone[0] >= KEPT * whole),
        float(alone[0] - alone[1:].mean()),
        f"Alone, the hottest fifth scores {alone[0]:.3f} of {whole:.3f}; other fifths "
        f"{alone[1:].mean():.3f}.",
    )
    return _excused(needed, enough)


def _excused(needed: Check, enough: Check) -> list[Check]:
    """One of the two is enough.

    What is there more than once can be missed, and what needs its surroundings is not enough
    alone: neither makes a map wrong.
    """
    if enough.passed and not needed.passed:
        words = f"{needed.words} It does not count, as that fifth alone is enough."
        return [replace(needed, words=words, excused=True), enough]
    if needed.passed and not enough.passed:
        words = f"{enough.words} It does not count, as the score needs that fifth."
        return [needed, replace(enough, words=words, excused=True)]
    return [needed, enough]


def _hottest_share(order: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """bool (*size): the first share of an order of pixels."""
    picked = np.zeros(order.size, bool)
    picked[order[: round(SHARE * order.size)]] = True
    return picked.reshape(size)


def _random_parts(size: tuple[int, ...]) -> list[np.ndarray]:
    """As many connected parts of the same share, wherever chance puts them."""
    parts = []
    for seed in range(CHANCES):
        grid = np.random.default_rng(seed).random((7, 7))
        fine = enlarge(grid, size)
        parts.append(_hottest_share(np.argsort(-fine, axis=None, kind="stable"), size))
    return parts


def _positive_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of what speaks for the target; 0 where a map is the same everywhere."""
    return correlation(np.maximum(one, 0), np.maximum(other, 0))
