"""Scores of changed copies that several questions about one image share."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from seewhy.plan.evidence_sources import QuestionBatch

# More than any method asks about before the next question begins.
KEPT = 8


@dataclass
class SharedScores:
    """Scores of changed copies by all questions about the same images: each copy runs once."""

    question: QuestionBatch
    """All of them."""
    values: list[np.ndarray]
    known: list[tuple[tuple[Any, ...], np.ndarray]] = field(default_factory=list)
    """What was asked last, and scores (rows, questions, batch)."""

    def find(self, asked: tuple[Any, ...]) -> np.ndarray | None:
        return next((scores for own, scores in self.known if _same(own, asked)), None)

    def keep(self, asked: tuple[Any, ...], scores: np.ndarray) -> None:
        # methods that learn a mask ask of new ones at every step: those are not worth their room
        self.known = [*self.known[1 - KEPT :], (asked, scores)]


def _same(one: Any, other: Any) -> bool:
    """Whether what was asked is the same: tensors by identity, arrays by their values."""
    if one is other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.ndarray | np.generic) and isinstance(other, np.ndarray | np.generic):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if is_dataclass(one) and type(one) is type(other):
        return all(_same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if callable(one) or isinstance(one, str | int | float):
        return bool(one == other)
    return False
