"""One of the classes that a model holds for likely."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """One of the model's top classes for a photo."""

    index: int
    wnid: str | None
    """WordNet id; None where the classes have none."""
    name: str
    probability: float
    """0..1."""
