"""What one pass gives for one image, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """What a pass gave for one image, as `passes.evidence_pass` describes it."""

    scores: np.ndarray
    ranked: np.ndarray
    probabilities: np.ndarray
    maps: np.ndarray
    reached: np.ndarray
    figures: tuple[dict[str, float], ...] = ()
    """What the method tells of each map beside it."""


def join_layers(outcomes: Sequence[Outcome], maps: np.ndarray) -> Outcome:
    """The outcomes of several layers for one image, with their fused maps."""
    reached = np.any([outcome.reached for outcome in outcomes], axis=0)
    return replace(outcomes[0], maps=maps, reached=reached)
