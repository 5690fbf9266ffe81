"""Advice is true where it is given, and warnings point at the user's line."""

from __future__ import annotations

import functools
import inspect
import warnings

import keras
import numpy as np
import pytest
from keras import layers

import seewhy
from nets import tiny
from seewhy import targets
from seewhy.errors import MemoryWarning, SeewhyWarning, warn
from seewhy.explainer.explainer import Explainer


def notes(model, question, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = Explainer(model, **{"preprocess": "none"} | options)
        explanation = explainer(tiny.images(1), [question])[0]
    return {text.partition(":")[0]: text for text in explanation.warnings}


def negative(activations):
    """A map that speaks against everything."""
    return -(activations[..., 0] ** 2) - 1


@pytest.mark.parametrize(
    ("question", "advice", "not_this"),
    [
        (1, "--against", "minus"),
        ("top", "targets.counterfactual", "minus"),
        (targets.counterfactual(1), "without the minus", "--against"),
        (-(2 * targets.class_(1)), "without the minus", "counterfactual"),
        (targets.margin(1, 2), "the other way round", "--against"),
        (targets.custom(lambda outputs: outputs[:, 0]), "its opposite", "--against"),
        (targets.class_(1) + targets.class_(2), "its opposite", "--against"),
    ],
)
def test_what_to_ask_where_nothing_speaks_for_it(question, advice, not_this):
    text = notes(tiny.plain(), question, method=negative)["no-positive-evidence"]
    assert advice in text
    assert not_this not in text


@pytest.mark.parametrize(
    ("question", "scores", "advice"),
    [
        (1, "logits", "Ask scores='probabilities'"),
        (targets.margin(0, 1), "logits", "does not divide"),
        (targets.margin(1, 0), "logits", "does not divide"),
        (targets.counterfactual(1), "probabilities", "does not divide"),
    ],
)
def test_what_to_do_where_a_method_divides_by_a_negative_score(question, scores, advice):
    model = tiny.plain()
    head = model.get_layer("predictions")
    kernel, bias = head.get_weights()
    head.set_weights([kernel, bias - np.array([0, 50, 0, 0, 0], "float32")])
    found = notes(model, question, method="ablation-cam", scores=scores)
    told = found.get("negative-score")
    if told is None:  # one of both margins is positive
        assert question is not None
        assert inspect.isclass(type(question))
        return
    assert advice in told
    assert ("scores='probabilities'" in told) == (advice == "Ask scores='probabilities'")


def two_outputs():
    image = keras.Input((32, 32, 3))
    pooled = layers.GlobalAveragePooling2D()(tiny.trunk(image))
    heads = [layers.Dense(3, name=name)(pooled) for name in "ab"]
    return tiny.fixed(keras.Model(image, heads))


def test_an_output_that_the_question_names_is_not_asked_for_again():
    model = two_outputs()
    assert "output-chosen" in notes(model, 1)
    assert "output-chosen" not in notes(model, targets.output("a", 1))
    assert "output-chosen" not in notes(model, targets.output("b", 1))
    assert "output-chosen" not in notes(model, 1, output="a")


def test_a_quantity_that_is_asked_as_one_is_not_told_to_be_asked_so():
    image = keras.Input((32, 32, 3))
    x = layers.Dense(1)(layers.GlobalAveragePooling2D()(tiny.trunk(image)))
    model = tiny.fixed(keras.Model(image, x))
    assert "targets.regression()" in notes(model, "top")["logits-not-found"]
    assert "logits-not-found" not in notes(model, targets.regression())


def test_a_call_that_was_chosen_is_not_told_to_be_chosen():
    image = keras.Input((32, 32, 3))
    conv = layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    pooled = layers.GlobalAveragePooling2D()(conv(conv(image)))
    model = tiny.fixed(keras.Model(image, layers.Dense(3)(pooled)))
    assert "several-calls" in notes(model, 1, layer="shared")
    assert "several-calls" not in notes(model, 1, layer="shared#1")


def test_logits_that_are_not_known_are_not_recommended():
    image = keras.Input((32, 32, 3))
    x = layers.Dense(4)(layers.GlobalAveragePooling2D()(tiny.trunk(image)))
    x = layers.Lambda(lambda z: keras.ops.softmax(1e4 * z))(x)
    model = tiny.fixed(keras.Model(image, x))
    text = notes(model, "top", scores="probabilities")["saturated"]
    assert "were not found" in text
    assert "Ask the logits" not in text


def here():
    """The number of the line that calls this."""
    return inspect.currentframe().f_back.f_lineno


@pytest.fixture(scope="module")
def network():
    return tiny.plain()


CALLS = {
    "explain": lambda m, p: seewhy.explain(m, p, method=negative, preprocess="none"),
    "Explainer": lambda m, p: seewhy.Explainer(m, method=negative, preprocess="none")([p]),
    "ask": lambda m, p: seewhy.Explainer(m, method=negative, preprocess="none").ask([p], [1, 2]),
    "in a comprehension": lambda m, p: [
        seewhy.explain(one, p, method=negative, preprocess="none") for one in [m]
    ],
}


@pytest.mark.parametrize("call", CALLS)
def test_warnings_point_at_the_users_line(call, network):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CALLS[call](network, tiny.images(1)[0])
    told = [each for each in caught if issubclass(each.category, SeewhyWarning)]
    assert told
    first = CALLS[call].__code__.co_firstlineno
    for each in told:
        assert each.filename == __file__
        assert first <= each.lineno <= first + 2


def test_what_concepts_warn_of_points_at_the_users_line(network):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = here() + 1
        seewhy.concepts(network, tiny.images(2), count=1, layer="conv1")
    told = [each for each in caught if issubclass(each.category, SeewhyWarning)]
    assert {(each.filename, each.lineno) for each in told} <= {(__file__, line)}


@pytest.mark.framework_free
def test_the_first_frame_outside_is_found_whatever_lies_between():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = here() + 1
        functools.reduce(lambda a, b: warn("seen", MemoryWarning), [1, 2])
    assert [(each.filename, each.lineno) for each in caught] == [(__file__, line)]
    assert caught[0].category is MemoryWarning
