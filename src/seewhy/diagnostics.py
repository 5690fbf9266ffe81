"""What must be known to read a map, as texts "name: what is so, and what to do"."""

from __future__ import annotations

import numpy as np


def of_map(map: np.ndarray, gradients_reach: bool) -> list[str]:
    """Warnings about one signed map (rows, cols)."""
    if not np.isfinite(map).all():
        return [
            "not-finite: the map has NaN or infinite values, so it has no picture. Check the "
            "model's weights, and that the image is preprocessed as the model expects."
        ]
    if not gradients_reach:
        return [
            "no-gradient: the map is all zero, since the score does not depend on the target "
            "layer. Choose a layer on the way to the output."
        ]
    if not map.any():
        return ["all-zero: the map is all zero: the evidence cancels or every unit is silent."]
    notes = []
    if map.max() <= 0:
        notes.append(
            f"no-positive-evidence: nothing at this layer speaks for the target (values from "
            f"{map.min():.3g} to {map.max():.3g}), so the heatmap is all zero."
        )
    if map.size > 1 and map.max() == map.min():
        notes.append("constant: the map has one value everywhere, so it points at no place.")
    return notes


def of_outputs(outputs: np.ndarray, found_activation: bool) -> list[str]:
    """Warnings about one image's outputs (classes,) before the closing softmax or sigmoid."""
    if found_activation or not looks_like_probabilities(outputs):
        return []
    return [
        "logits-not-found: the outputs are probabilities, but no closing softmax was found in "
        "front of which logits could be taken. The map is of the probability; it fades where "
        "the model is sure."
    ]


def looks_like_probabilities(outputs: np.ndarray) -> bool:
    """Whether outputs (classes,) lie in 0..1 and sum to one."""
    return bool(outputs.size > 1 and outputs.min() >= 0 and abs(outputs.sum() - 1) < 1e-3)
