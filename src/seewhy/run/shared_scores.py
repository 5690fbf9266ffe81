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

    def find(self, request: tuple[Any, ...]) -> np.ndarray | None:
        return next(
            (scores for known_request, scores in self.known if _same(known_request, request)), None
        )

    def keep(self, request: tuple[Any, ...], scores: np.ndarray) -> None:
        # methods that learn a mask ask of new ones at every step: those are not worth their room
        self.known = [*self.known[1 - KEPT :], (request, scores)]


def _same(first: Any, second: Any) -> bool:
    """Whether what was asked is the same: tensors by identity, arrays by their values."""
    if first is second:
        return True
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, np.ndarray | np.generic) and isinstance(second, np.ndarray | np.generic):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if is_dataclass(first) and type(first) is type(second):
        return all(_same(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))
    if callable(first) or isinstance(first, str | int | float):
        return bool(first == second)
    return False
