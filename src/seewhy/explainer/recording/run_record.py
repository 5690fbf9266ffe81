"""The record of a run over many photos: what each of its explanations has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seewhy.explainer.recording.origin import OriginMaker
from seewhy.results.plain_values import plain_values
from seewhy.targets.asked_again import asked, flag_words
from seewhy.targets.target import Target

if TYPE_CHECKING:
    from seewhy.explainer.pipeline import Pipeline


def run_record(pipeline: Pipeline, questions: Sequence[tuple[str, Target]]) -> dict[str, Any]:
    """The fields of a `Record` that do not depend on the photo, as plain values.

    questions: each with its words. The names are those of the record of an explanation, but for
    `questions`, a list with `question` (in words), `target` and `asked` of each.
    """
    first, labels = OriginMaker.of(pipeline).of_all(), pipeline.plan.labels
    return {
        "model": dict(vars(first.model)),
        "layer": pipeline.plan.layer,
        "layers": list(first.layers),
        "method": plain_values(dict(vars(first.method))),
        "options": plain_values(dict(first.options)),
        "not_recorded": list(first.not_recorded),
        "questions": [
            {
                "question": words,
                "target": flag_words(each, labels, words),
                "asked": plain_values(asked(each)),
            }
            for words, each in questions
        ],
    }
