"""A target: one question about one image, ready to be computed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.targets.labels import Group, Label, Labels

Tensor = Any

Score = Callable[..., Tensor]
"""(answers, *values) → (batch,). Each value has the batch axis."""


@dataclass(frozen=True)
class TargetText:
    """What a question without one class of its own asks, in words."""

    name: str
    classes: tuple[Label | Group, ...] = ()
    """The classes that it speaks of."""


TargetLabel = Label | Group | TargetText


def batch_key(target: Target) -> Hashable:
    """Questions of one key can be asked in one batch."""
    return (target.kind, tuple(value.shape for value in target.values))


@dataclass(frozen=True)
class Ranking:
    """One image's classes, the best first; () where the model's output has none."""

    labels: Labels
    order: tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """One question about one image, ready to be computed."""

    kind: Hashable
    """Compiled functions are kept by it: targets of one kind differ in their values only."""
    score: Score
    values: tuple[np.ndarray, ...]
    """What `score` needs to know of this question, without the batch axis."""
    tell: Callable[[Ranking], TargetLabel]
    """What the map speaks of."""
    is_class_score: bool = False
    """Whether it is the score of one class or group of the main output, and nothing else."""
    follows_rank: bool = False
    """Whether another image may be asked about another class, as where "top" is asked."""
    scores: str | None = None
    """"logits" or "probabilities", where it says which by itself; None for the explainer's."""
