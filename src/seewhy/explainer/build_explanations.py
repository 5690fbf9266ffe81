"""From the arrays of one image's pass to its explanations."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from seewhy._version import __version__
from seewhy.errors import warn
from seewhy.maps import diagnostics
from seewhy.maps.scaling import full_colour
from seewhy.models.prepare import Part
from seewhy.network.outputs import Output
from seewhy.results.explanation import Explanation
from seewhy.results.prediction import Prediction
from seewhy.results.records.record import Origin
from seewhy.run.outcome import Outcome
from seewhy.targets import advice
from seewhy.targets.labels import Group, Label, Labels
from seewhy.targets.target import Ranking, Target, TargetLabel


@dataclass(frozen=True)
class ExplainerInfo:
    """What all explanations of one explainer have in common."""

    layer: str
    method: str
    options: dict[str, Any]
    labels: Labels
    top: int
    output: Output
    notes: tuple[str, ...]
    versions: dict[str, str]
    upsampling: str = "linear"
    runs_as_written: str | None = None
    """Why passes could not be recorded, where a backend tries to."""
    ask_origin: Callable[[Target, str], Origin] | None = None
    """Tells what a record needs of the explainer, by the question and the target's name."""


@dataclass(frozen=True)
class ShownInput:
    """The input that a map is laid over, and how all classes are asked about it."""

    part: Part
    ask_all: Callable[[], np.ndarray]
    ask_trust: Callable[[Target], Callable[[Explanation], Any]] | None = None


def build_explanations(
    info: ExplainerInfo, shown: ShownInput, questions: Sequence[Target], outcome: Outcome
) -> list[Explanation]:
    """One explanation for each question about the image."""
    order, predictions = _ranking(info, outcome)
    ranking = Ranking(info.labels, order)
    photo, geometry = shown.part.photo, shown.part.geometry
    assert photo is not None  # noqa: S101  (for mypy: an image has a picture)
    assert geometry is not None  # noqa: S101
    finite = np.isfinite(outcome.ranked).all()
    of_image = [*photo.notes, *([] if finite else diagnostics.NO_SCORES)]
    explanations = []
    for k, question in enumerate(questions):
        map = outcome.maps[k]
        notes, figures = _notes_and_figures(info, outcome, k, question)
        target = question.tell(ranking)
        explanation = Explanation(
            map=map,
            photo=photo,
            geometry=geometry,
            predictions=predictions,
            target=target,
            score=float(outcome.scores[k]),
            layer=info.layer,
            method=info.method,
            options=info.options,
            warnings=(*of_image, *notes),
            versions=info.versions,
            probability=_probability(info, outcome, question, target),
            diagnostics=figures,
            scale=full_colour(map, geometry.input),
            upsampling=info.upsampling,
            ask_all=shown.ask_all,
            ask_trust=shown.ask_trust and shown.ask_trust(question),
            ask_origin=info.ask_origin and functools.partial(info.ask_origin, question),
            labels=info.labels,
        )
        explanations.append(explanation)
    return explanations


def _notes_and_figures(
    info: ExplainerInfo, outcome: Outcome, k: int, question: Target
) -> tuple[list[str], dict[str, Any]]:
    """What must be known of the map of question k, in words and in numbers."""
    map, reached = outcome.maps[k], bool(outcome.reached[k])
    of_method = outcome.figures[k] if outcome.figures else {}
    notes = [
        *notes_of_model(info.notes, question),
        *_output_notes(info, outcome, question),
        *_probability_notes(info, outcome, question, float(outcome.scores[k])),
        *diagnostics.map_warnings(
            map, reached, info.output.name, advice.ask_the_opposite(question)
        ),
        *diagnostics.figure_warnings(
            of_method, advice.ask_without_dividing(question, info.options["scores"])
        ),
    ]
    of_output: dict[str, Any] = {
        "output": info.output.name,
        "logits_found": info.output.final is not None,
    }
    if info.runs_as_written is not None:
        of_output["runs_as_written"] = info.runs_as_written
    return notes, diagnostics.map_figures(map, reached) | of_output | of_method


def versions(backend: ModuleType) -> dict[str, str]:
    """The software that a result came from."""
    import keras

    return {
        "seewhy": __version__,
        "keras": str(keras.__version__),
        backend.NAME: backend.version(),
    }


def _ranking(
    info: ExplainerInfo, outcome: Outcome
) -> tuple[tuple[int, ...], tuple[Prediction, ...]]:
    if info.output.regression:
        return (), ()
    # by scores, not probabilities: those of sure models are equal, all but one rounded to zero
    order = tuple(np.argsort(-outcome.ranked, kind="stable").tolist())
    return order, tuple(
        Prediction(**vars(info.labels[i]), probability=float(outcome.probabilities[i]))
        for i in order[: info.top]
    )


def _probability(
    info: ExplainerInfo, outcome: Outcome, question: Target, target: TargetLabel
) -> float | None:
    """Of the class or group that the target is; None where there is none to tell."""
    if info.output.regression or not question.is_class_score:
        return None
    if isinstance(target, Label):
        share = float(outcome.probabilities[target.index])
    elif isinstance(target, Group) and info.output.activation != "sigmoid":
        share = float(outcome.probabilities[list(target.indices)].sum())
    else:  # classes that do not exclude each other have no probability together
        return None
    return min(share, 1.0) if np.isfinite(share) else None


def notes_of_model(notes: Sequence[str], question: Target) -> list[str]:
    """Those of the plan, but for the choice of an output that the question makes itself."""
    chosen = advice.names_output(question)
    return [note for note in notes if not (chosen and note.startswith("output-chosen"))]


def _output_notes(info: ExplainerInfo, outcome: Outcome, question: Target) -> list[str]:
    output = info.output
    if output.regression or output.field or output.final is not None:
        return []
    if advice.asks_quantity(question):
        return []
    return diagnostics.output_warnings(
        outcome.ranked, output.unknown, output.binary, output.classifies, output.name
    )


def _probability_notes(
    info: ExplainerInfo, outcome: Outcome, question: Target, score: float
) -> list[str]:
    if not question.is_class_score:
        return []
    scores = info.options["scores"]
    ready = diagnostics.looks_like_probabilities(outcome.ranked)
    known = info.output.final is not None or not (info.output.unknown or ready)
    mend = advice.ask_the_logits(question, scores, known=known)
    asked = question.scores or scores
    return diagnostics.probability_warnings(score, asked == "probabilities", mend)


def warn_of(explanations: Sequence[Explanation]) -> None:
    """Tell what must be known to read them: each kind of warning once, with its count."""
    told: dict[str, list[tuple[Explanation, str]]] = {}
    for explanation in explanations:
        for text in explanation.warnings:
            told.setdefault(text.partition(":")[0], []).append((explanation, text))
    for several in told.values():
        first, text = several[0]
        count = len({id(explanation) for explanation, _ in several})
        warn_of_kind(first, text, count, len(explanations))


def warn_of_kind(first: Explanation, text: str, count: int, total: int) -> None:
    """Tell one warning of the first explanation that has one of its kind, of `count` in all."""
    about = f"{first.photo.name}, {first.target.name}: {text}"
    more = f"{count} of {total} explanations, the first: " if count > 1 else ""
    warn(f"{more}{about}")
