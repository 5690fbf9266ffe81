"""What methods that run the network again start from, and the outcomes that they end in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.run.outcome import Outcome
from seewhy.run.perturbed_runs import TailInputs


@dataclass(frozen=True)
class StartedPass:
    """What one run of the network gives to methods that run it again."""

    scores: Any
    """(batch, questions)."""
    ranked: tuple[Any, Any]
    """What ranks the classes, and their probabilities, (batch, classes) both."""
    reached: Sequence[Any]
    """Whether gradients reach the layer, (batch,) for each question; empty without gradients."""
    evidence: Sequence[dict[str, Any]]
    """In arrays, for each question by the names of needs."""
    tails: dict[str, TailInputs]
    """By the names of cuts."""


def outcomes_of_reruns(
    start: StartedPass,
    maps: Sequence[np.ndarray],
    figures: Sequence[dict[str, np.ndarray]],
    count: int,
) -> list[Outcome]:
    """For each of the first images the maps (batch, *space) and figures of all questions."""
    from keras import ops

    scores, ranked, probabilities = (
        ops.convert_to_numpy(values) for values in (start.scores, *start.ranked)
    )
    reached = [ops.convert_to_numpy(values) for values in start.reached]
    reached = reached or [np.ones(len(scores), bool)]
    return [
        Outcome(
            scores=scores[row],
            ranked=ranked[row],
            probabilities=probabilities[row],
            maps=np.stack([of_target[row] for of_target in maps]),
            reached=np.array([reached[q % len(reached)][row] for q in range(len(maps))]),
            figures=tuple(
                {name: float(values[row]) for name, values in of_target.items()}
                for of_target in figures
            ),
        )
        for row in range(count)
    ]
