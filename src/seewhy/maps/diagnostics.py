"""What must be known to read a map: figures, and texts "name: what is so, and what to do"."""

from __future__ import annotations

from typing import Any

import numpy as np

NO_SCORES = [
    "not-finite: the model's scores are NaN or infinite. Check its weights and all of its inputs."
]

# Beyond it a probability has next to no slope left.
SATURATED = 0.999


def map_figures(map: np.ndarray, gradients_reach: bool) -> dict[str, Any]:
    """One signed map (*space) in numbers: sums of evidence, and what the ReLU leaves out."""
    finite = bool(np.isfinite(map).all())
    values = map.astype("float64") if finite else np.zeros_like(map, "float64")
    positive, negative = values[values > 0].sum(), -values[values < 0].sum()
    whole = positive + negative
    return {
        "grid": list(map.shape),
        "finite": finite,
        "gradient_reaches_layer": gradients_reach,
        "constant": bool(finite and map.max() == map.min()),
        "positive": float(positive),
        "negative": float(negative) + 0.0,  # not -0.0
        "clipped": float(negative / whole) + 0.0 if whole else 0.0,
    }


def map_warnings(
    map: np.ndarray, gradients_reach: bool, target: str = "the target", mend: str = ""
) -> list[str]:
    """Warnings about one signed map (*space).

    target: the output that is asked. mend: what to ask where nothing speaks for the target.
    """
    if not np.isfinite(map).all():
        return [
            "not-finite: the map has NaN or infinite values, so it has no picture. Check the "
            "model's weights, and that the image is preprocessed as the model expects."
        ]
    if not gradients_reach:
        return [
            "no-gradient: the map is all zero, since the score does not change with the target "
            "layer. Either the layer is not on the way to the output that is asked "
            f"({target}; seewhy.layers(model) lists them), or the question has no gradient: it is "
            "constant, in whole numbers, or saturated."
        ]
    if not map.any():
        return ["all-zero: the map is all zero: the evidence cancels or every unit is silent."]
    notes = []
    if map.max() <= 0:
        share = map.astype("float64").sum()
        notes.append(
            f"no-positive-evidence: nothing at this layer speaks for the target (values from "
            f"{map.min():.3g} to {map.max():.3g}, in all {share:.3g}), so the heatmap is all "
            f"zero. {mend}".rstrip()
        )
    elif (negative := -np.minimum(map.astype("float64"), 0).sum()) > 0:
        clipped = negative / np.abs(map.astype("float64")).sum()
        if clipped > 0.9:
            notes.append(
                f"mostly-negative: {clipped:.0%} of the evidence speaks against the target and is "
                f"left out of the heatmap, which shows the remaining {1 - clipped:.0%} as if full."
            )
    if map.size > 1 and map.max() == map.min():
        notes.append("constant: the map has one value everywhere, so it points at no place.")
    if map.size == 1:
        notes.append(
            "single-cell: the layer's grid is 1 × 1 for this image, so the map points at no "
            "place. Choose an earlier layer or, if the model takes any, a larger input size."
        )
    return notes


def output_warnings(
    outputs: np.ndarray, unknown: bool, single: bool, classifies: bool, name: str
) -> list[str]:
    """Warnings about one image's main output, which no closing step was found of.

    outputs: what ranks its classes. unknown: whether only the values tell what they are. single:
    whether one unit tells between two classes. classifies: whether a loss says that it does.
    """
    ready = looks_like_probabilities(outputs)
    if ready and single:
        return [
            f"logits-not-found: the single value of {name}, {outputs[1]:.3g}, lies in 0..1 and is "
            f"taken as the probability of the positive side, for no closing sigmoid was found in "
            f"front of which a logit could be taken. If it is a quantity, ask "
            f"targets.regression() in Python."
        ]
    if ready or (unknown and outputs.size and outputs.min() >= 0 and outputs.max() <= 1):
        return [
            f"logits-not-found: the values of {name} all lie in 0..1 and are taken as "
            f"probabilities, but no closing softmax or sigmoid was found in front of which logits "
            f"could be taken. The map is of the probability; it fades where the model is sure."
        ]
    if single and not classifies:
        return [
            f"logits-not-found: the single value of {name}, {outputs[1]:.3g}, is taken as a "
            f"logit, so the positive side is predicted from 0 on. If it is a probability, "
            f"close the model with a sigmoid layer; if it is a quantity, ask "
            f"targets.regression() in Python."
        ]
    return []


def figure_warnings(figures: dict[str, float], mend: str) -> list[str]:
    """Warnings about what a method tells beside its map. mend: what to ask instead."""
    if figures.get("divisor", 1) > 0:
        return []
    return [
        f"negative-score: the method divides by the score, which is {figures['divisor']:.3g}: "
        f"what speaks for the target is negative in its map. {mend}"
    ]


def probability_warnings(probability: float, is_score: bool, mend: str) -> list[str]:
    """A warning if the gradient of a probability was asked for where it is as good as 0 or 1.

    mend: what to ask instead.
    """
    if not is_score or 1 - SATURATED < probability < SATURATED:
        return []
    return [
        f"saturated: the probability is {probability:.6f}, where its gradient fades and the map "
        f"shows rounding. {mend}"
    ]


def looks_like_probabilities(outputs: np.ndarray) -> bool:
    """Whether outputs (classes,) lie in 0..1 and sum to one."""
    return bool(outputs.size > 1 and outputs.min() >= 0 and abs(outputs.sum() - 1) < 1e-3)
