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


def kind_leaves(kind: Any) -> list[Any]:
    """The leaves of a question's kind."""
    return (
        [leaf for part in kind for leaf in kind_leaves(part)] if isinstance(kind, tuple) else [kind]
    )


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
