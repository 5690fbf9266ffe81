"""The record of a run over many photos: what each of its explanations has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seewhy.results.plain_values import plain_values
from seewhy.results.records.record import Origin
from seewhy.targets.target import Target

if TYPE_CHECKING:
    from seewhy.explainer.pipeline import Pipeline


def run_record(pipeline: Pipeline, questions: Sequence[tuple[str, Target]]) -> dict[str, Any]:
    """The fields of a `Record` that do not depend on the photo, as plain values.

    questions: each with its words; at least one. Their names are those of the record of an
    explanation, but for `questions`, a list with `words`, `target` and `asked` of each.
    """
    maker = pipeline.info().ask_origin
    assert maker is not None  # noqa: S101  (for mypy: a pipeline always knows)
    origins: list[tuple[str, Origin]] = [(words, maker(each, words)) for words, each in questions]
    first = origins[0][1]
    return {
        "model": dict(vars(first.model)),
        "layer": pipeline.plan.layer,
        "layers": list(first.layers),
        "method": plain_values(dict(vars(first.method))),
        "options": plain_values(dict(first.options)),
        "not_recorded": list(first.not_recorded),
        "questions": [
            {"words": words, "target": each.target, "asked": plain_values(each.asked)}
            for words, each in origins
        ],
    }
