"""From the arrays of one image's pass to its explanations."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from seewhy import __version__, diagnostics
from seewhy.errors import SeewhyWarning
from seewhy.explanation import Explanation, Prediction
from seewhy.intake import Prepared
from seewhy.labels import Group, Label, Labels
from seewhy.targets import Target


@dataclass(frozen=True)
class Facts:
    """What all explanations of one explainer have in common."""

    layer: str
    method: str
    options: dict[str, Any]
    labels: Labels
    top: int
    found_logits: bool
    versions: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What a pass gave for one image, as `engine.evidence` describes it."""

    scores: np.ndarray
    outputs: np.ndarray
    probabilities: np.ndarray
    maps: np.ndarray
    reached: np.ndarray


def explanations(
    facts: Facts, image: Prepared, questions: Sequence[Target], outcome: Outcome
) -> list[Explanation]:
    """One explanation for each question about the image."""
    # by outputs, not probabilities: those of sure models are equal, all but one rounded to zero
    order = np.argsort(-outcome.outputs, kind="stable")
    predictions = tuple(
        Prediction(**vars(facts.labels[i]), probability=float(outcome.probabilities[i]))
        for i in order[: facts.top].tolist()
    )
    of_image = [*image.photo.notes, *diagnostics.of_outputs(outcome.outputs, facts.found_logits)]
    made = []
    for k, question in enumerate(questions):
        of_map = diagnostics.of_map(outcome.maps[k], bool(outcome.reached[k]))
        explanation = Explanation(
            map=outcome.maps[k],
            photo=image.photo,
            geometry=image.geometry,
            predictions=predictions,
            target=_about(question, facts.labels, order),
            score=float(outcome.scores[k]),
            layer=facts.layer,
            method=facts.method,
            options=facts.options,
            warnings=tuple(of_image + of_map),
            versions=facts.versions,
        )
        _tell(explanation)
        made.append(explanation)
    return made


def versions(backend: ModuleType) -> dict[str, str]:
    """The software that a result came from."""
    import keras

    return {
        "seewhy": __version__,
        "keras": str(keras.__version__),
        backend.NAME: backend.version(),
    }


def _about(question: Target, labels: Labels, order: np.ndarray) -> Label | Group:
    if isinstance(question.about, int):
        return labels[int(order[question.about])]
    return question.about


def _tell(explanation: Explanation) -> None:
    for text in explanation.warnings:
        about = f"{explanation.photo.name}, {explanation.target.name}"
        warnings.warn(f"{about}: {text}", SeewhyWarning, stacklevel=2)
