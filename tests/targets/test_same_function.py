"""Functions as targets: compiled once where they do the same, and never mistaken for another."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from seewhy.explainer.explainer import Explainer
from seewhy.run import compile_cache
from seewhy.targets.same_function import SameFunction


def unit(k, scale=1.0):
    return lambda outputs: scale * outputs[:, k]


def of_array(weights):
    return lambda outputs: outputs @ weights


def nested(function):
    return lambda outputs: 2 * function(outputs)


SAME = {
    "number": (unit(1), unit(1)),
    "array": (of_array(np.arange(3.0)), of_array(np.arange(3.0))),
    "function": (nested(unit(2)), nested(unit(2))),
}
OTHER = {
    "number": (unit(1), unit(2)),
    "type": (unit(1), unit(True)),
    "sign of zero": (unit(1, 0.0), unit(1, -0.0)),
    "default": (lambda x, k=1: x[:, k], lambda x, k=2: x[:, k]),
    "array": (of_array(np.arange(3.0)), of_array(np.ones(3))),
    "function": (nested(unit(2)), nested(unit(1))),
    "code": (lambda x: x[:, 0], lambda x: x[:, 1]),
    "objects": (of_array([object()]), of_array([object()])),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_same(kind):
    one, other = map(SameFunction, SAME[kind])
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize("kind", OTHER)
def test_not_the_same(kind):
    one, other = map(SameFunction, OTHER[kind])
    assert one != other


def test_lambdas_in_a_loop_are_compiled_once_a_kind(monkeypatch):
    monkeypatch.setattr(compile_cache, "KEPT", 4)
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    keras.utils.set_random_seed(0)
    model = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    explainer = Explainer(model)
    image = np.random.default_rng(0).normal(size=(8, 8, 3)).astype("float32")
    maps = [explainer([image], [unit(k % 3)])[0].map for k in range(9)]
    for k in range(3, 9):
        np.testing.assert_array_equal(maps[k], maps[k % 3])
    assert np.abs(maps[0] - maps[1]).max() > 1e-6
    assert len(explainer.pipeline.runner.compiled.functions) == 3
    for k in range(3):
        explainer([image], [unit(0, 2.0 + k)])
    assert len(explainer.pipeline.runner.compiled.functions) == 4
