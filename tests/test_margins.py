"""Nets whose maps are compared across backends, twins and packages stand on no ties."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from helpers import margins, world
from nets import tiny
from seewhy.explainer.explainer import Explainer

pytestmark = pytest.mark.one_backend  # margins lie far above what backends differ by

CASES = {
    **{f"plain, {count} images": (tiny.plain, tiny.images(count)) for count in (1, 2, 3)},
    **{f"flat, {count} images": (tiny.flat, tiny.images(count)) for count in (1, 2, 3)},
    **{f"nested, {count} images": (tiny.nested, tiny.images(count)) for count in (1, 2, 3)},
    "volumes": (
        tiny.volumes,
        np.random.default_rng(0).normal(size=(3, 6, 8, 8, 1)).astype("float32"),
    ),
    "pixels": (tiny.pixels, tiny.images(side=16)),
}


@pytest.mark.parametrize("name", CASES)
def test_inputs_of_compared_nets_are_far_from_ties(name):
    build, inputs = CASES[name]
    margins.assert_no_ties(build(), inputs)


@pytest.mark.parametrize("name", world.worlds())
def test_the_nets_of_the_slow_references_are_far_from_ties(name):
    each = world.worlds()[name]
    margins.assert_no_ties(each.model, each.images)


@pytest.mark.parametrize(("build", "scaling"), [(tiny.plain, "unit"), (tiny.flat, "unit")])
def test_photos_are_far_from_ties(build, scaling):
    model = build()
    margins.assert_no_ties(
        model, Explainer(model, preprocess=scaling).scorer(tiny.photos(), 1).inputs
    )


def test_ties_are_found():
    # blocks of one colour, and pixels that are scaled twice, are what tests stood on once
    blocks = np.random.default_rng(2).random((2, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2)
    with pytest.raises(AssertionError, match="another seed"):
        margins.assert_no_ties(tiny.plain(), blocks.astype("float32"))
    with pytest.raises(AssertionError, match="another seed"):
        margins.assert_no_ties(tiny.nested(), np.abs(tiny.images()) / 255)


def test_the_margin_of_a_pooling_is_its_gap():
    values = np.array([[1.0, 4.0, 2.0, 3.5], [0.0, 2.0, 9.0, 0.0]])[None, ..., None]
    assert margins.of_windows(values, (2, 2), (2, 2)) == pytest.approx(2 / 9)
    pool = keras.Sequential([keras.Input((2, 4, 1)), layers.MaxPooling2D()])
    assert margins.least(pool, values.astype("float32")) == pytest.approx(2 / 9)
    assert margins.of_windows(0 * values, (2, 2), (2, 2)) == np.inf


def test_the_margin_of_a_relu_is_the_distance_from_its_bend():
    values = np.array([[-3.0, 0.5, 7.0]], "float32")
    for steps in ([layers.ReLU()], [layers.Activation("relu")]):
        model = keras.Sequential([keras.Input((3,)), *steps])
        assert margins.least(model, values) == pytest.approx(0.05)
        np.testing.assert_array_equal(model(values), [[0, 0.5, 7]])
    for steps in ([layers.ReLU(6.0)], [layers.Activation("relu6")]):
        model = keras.Sequential([keras.Input((3,)), *steps])
        assert margins.least(model, np.array([[-3.0, 1, 6.5]], "float32")) == pytest.approx(
            0.5 / 9.5
        )


def test_the_margin_of_a_ranking_is_the_lead_of_the_best():
    assert margins.of_ranking(np.array([[1.0, 3.0, 2.5], [0.0, 5.0, 1.0]])) == pytest.approx(0.1)
