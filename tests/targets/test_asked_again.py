"""Questions as plain values, asked again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from seewhy import targets
from seewhy.network.outputs import Output
from seewhy.targets.asked_again import ask_again, asked, flag_words
from seewhy.targets.labels import Label, Labels
from seewhy.targets.question import Context, parse_target
from seewhy.targets.target import batch_key

pytestmark = pytest.mark.framework_free

LABELS = Labels(tuple(Label(k, None, name) for k, name in enumerate("abcde")), {"some": (1, 3)})
CLASSES = Context(LABELS, (Output("out", (5,), None), Output("two", (5,), None)), 0, "logits")
FIELD = Context(LABELS, (Output("out", (4, 6, 5), None),), 0, "logits")
MASK = np.arange(24).reshape(4, 6) % 5 == 0
QUESTIONS = {
    "top": (targets.top(), CLASSES),
    "second": (targets.top(1), CLASSES),
    "class": (targets.class_("c"), CLASSES),
    "group": (targets.class_("some"), CLASSES),
    "probability": (targets.probability("d"), CLASSES),
    "probability of a group": (targets.probability("some"), CLASSES),
    "margin": (targets.margin("a", "some"), CLASSES),
    "against": (targets.counterfactual("b"), CLASSES),
    "sum": (0.5 * (targets.class_("a") + targets.class_(2)) - targets.top(), CLASSES),
    "several": (targets.multi_label(["a", "e"]), CLASSES),
    "likely": (targets.multi_label(threshold=0.25), CLASSES),
    "regression": (targets.regression(3), CLASSES),
    "output": (targets.output("two", "c"), CLASSES),
    "similarity": (targets.similarity([0.25, -1, 3, 0, 2]), CLASSES),
    "point": (targets.region("b", point=(2, 3)), FIELD),
    "mask": (targets.region("c", mask=MASK), FIELD),
    "box": (targets.box((1, 5), "d"), FIELD),
    "best of a box": (targets.box((1, 5)), FIELD),
}


@pytest.mark.parametrize(("question", "context"), QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_comes_back_as_it_was(question, context):
    target = parse_target(question, context)
    plain = json.loads(json.dumps(asked(target)))
    again = parse_target(ask_again(plain, "some"), context)
    assert batch_key(again) == batch_key(target)
    for one, other in zip(again.values, target.values, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_a_function_cannot_be_written_down():
    function = targets.custom(lambda outputs: outputs[:, 0])
    assert asked(parse_target(function, CLASSES)) is None
    assert asked(parse_target(targets.class_("a") - function, CLASSES)) is None


def test_what_the_flag_takes():
    words = {
        name: flag_words(parse_target(question, context), LABELS, "some")
        for name, (question, context) in QUESTIONS.items()
    }
    told = {name: word for name, word in words.items() if word is not None}
    assert told == {"top": "top", "class": "2", "group": "some"}


DEEP: dict = {"kind": "class", "index": 1, "scores": None}
for _ in range(50):
    DEEP = {"kind": "scaled", "factor": 2, "of": DEEP}


@pytest.mark.parametrize(
    "plain",
    [
        *(None, [], "top", {}, {"kind": None}, {"kind": ["class"]}, {"kind": "custom"}, DEEP),
        *({"kind": "class", "index": value} for value in (-1, "1", True, 2**40, None, 1.5)),
        {"kind": "class", "index": 1, "scores": "x"},
        {"kind": "group", "indices": []},
        {"kind": "group", "indices": list(range(50_000))},
        {"kind": "region", "index": 1, "space": [10**6, 10**6], "indices": [1]},
        {"kind": "region", "index": 1, "space": [4, 6], "indices": [24]},
        {"kind": "similar", "to": ["x"]},
        {"kind": "similar", "to": []},
        {"kind": "sum", "sign": 1, "of": [{"kind": "rank", "rank": 0}]},
        {"kind": "scaled", "factor": "x", "of": {"kind": "rank", "rank": 0}},
        {"kind": "output", "output": 0, "of": None},
    ],
)
def test_hostile_questions_are_refused(plain):
    with pytest.raises(ValueError, match="its question"):
        ask_again(plain)


def test_a_group_of_classes_that_there_are_not_is_told():
    question = ask_again({"kind": "group", "indices": [1, 9], "scores": None}, "some")
    with pytest.raises(ValueError, match="class 9"):
        parse_target(question, CLASSES)
