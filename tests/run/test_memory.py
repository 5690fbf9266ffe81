"""Explaining again and again takes no more memory."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

import seewhy
from nets import zoo
from nets.zoo import conv

ROUNDS = 200
WARM_UP = 20
# on torch a pass is recorded at its 32nd call, which takes memory once for each shape
ALL_RECORDED = 70


def resident():
    """Memory in use by this process in MiB; None where the system does not tell."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return None
    import os

    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def objects():
    gc.collect()
    return len(gc.get_objects())


def grown(work, rounds, warm_up=WARM_UP):
    """By how much memory in MiB and living objects grow in so many rounds, after a warm-up."""
    for _ in range(warm_up):
        work()
    alive, before = objects(), resident()
    for _ in range(rounds):
        work()
    return (resident() or 0) - (before or 0), objects() - alive


@pytest.fixture(scope="module")
def model():
    return zoo.classifier(conv(name="a"), conv(16, name="b"), at=2).model


def test_one_explainer(model):
    explainer, images = seewhy.Explainer(model), zoo.images()
    memory, alive = grown(lambda: explainer(images), ROUNDS, ALL_RECORDED)
    assert alive < ROUNDS  # not one object more a round
    assert memory < 20


def test_questions_that_differ(model):
    explainer, images = seewhy.Explainer(model), zoo.images()
    wanted = iter(range(10**6))

    def ask():
        explainer(images, next(wanted) % zoo.CLASSES)

    memory, alive = grown(ask, ROUNDS, ALL_RECORDED)
    assert alive < ROUNDS
    assert memory < 20


def test_explain_again_and_again(model):
    image = zoo.images()[0]
    rounds = 40  # each compiles anew
    memory, alive = grown(lambda: seewhy.explain(model, image), rounds)
    assert alive < 20 * rounds
    assert memory < 60


def test_explanations_of_other_sizes():
    model = zoo.classifier(conv(), at=1, inputs=zoo.image(None, None, 3)).model
    explainer = seewhy.Explainer(model)
    batches = [zoo.images(side, side) for side in (8, 10)]
    sides = iter(range(10**6))

    def ask():
        explainer(batches[next(sides) % 2])

    memory, alive = grown(ask, ROUNDS // 2, ALL_RECORDED)
    assert alive < ROUNDS // 2
    assert memory < 20


def test_an_explainer_can_go():
    # the model itself may stay in Keras's and the frameworks' own tables
    explainer = seewhy.Explainer(zoo.classifier(conv(), at=1).model)
    explanation = explainer(zoo.images())[0]
    assert np.isfinite(explanation.map).all()
    gone = weakref.ref(explainer)
    del explainer, explanation
    gc.collect()
    assert gone() is None


def test_the_explanation_keeps_no_tensor(model):
    explanation = seewhy.Explainer(model)(zoo.images())[0]
    # what can be asked later is what keeps the model
    asks = ("ask_all", "ask_trust")
    seen, waiting = set(), [value for name, value in vars(explanation).items() if name not in asks]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type):
            continue
        seen.add(id(value))
        module = type(value).__module__.split(".")[0]
        assert module not in ("keras", "tensorflow", "jax", "jaxlib", "torch"), type(value)
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple):
            waiting += value
        elif hasattr(value, "__dict__"):
            waiting += vars(value).values()
