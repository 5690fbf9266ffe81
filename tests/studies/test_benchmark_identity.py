"""What counts as the same setting as in an earlier run, and what as another one."""

import functools
import os
import subprocess
import sys
from dataclasses import dataclass

import keras
import numpy as np
import pytest

from seewhy.studies.benchmark.identities.identity import Identity
from seewhy.studies.benchmark.identities.model_identity import keras_parts

L = keras.layers
FACTOR, TABLE = 1.0, {"a": [1, 2]}


def told(value):
    return Identity(keras_parts()).of(value)


def closing(over):
    def function(x):
        return x * over

    return function


def nested(factor):
    return [lambda x: [y * 2 for y in x], lambda x: [y * 3 for y in x]][factor]


def with_default(value):
    def function(x, y=value, *, z=value):
        return x + y + z

    return function


def uses_globals(x):
    return x * FACTOR * len(TABLE)


@dataclass
class Setting:
    value: object


class Holder:
    def __init__(self, value):
        self._value = value

    def __call__(self, x):
        return x * self._value


def wrapped(value):
    @functools.wraps(closing)
    def function(x):
        return x * value

    return function


@pytest.mark.one_backend
@pytest.mark.parametrize(
    "make",
    [
        *(closing, with_default, wrapped, Setting, Holder),
        lambda value: functools.partial(closing, value),
        lambda value: functools.lru_cache(closing(value)),
        lambda value: Holder(value).__call__,
        lambda value: closing(np.full((2, 2), value)),
        lambda value: closing(np.array([None, value], object)),
        lambda value: closing(keras.ops.convert_to_tensor([float(value)])),
        lambda value: closing({"a": [value]}),
        lambda value: closing({value, 7, 8, 9}),
        lambda value: closing(closing(Setting(value))),
        lambda value: lambda x: closing(value)(x),
        lambda value: type("Own", (Holder,), {"extra": closing(value)})(1),
        lambda value: value * 10**5000,
        lambda value: str(value) + "\udcff",
    ],
)
def test_settings_are_told_by_what_they_do(make):
    assert told(make(2)) == told(make(2))
    assert told(make(2)) != told(make(3))


@pytest.mark.one_backend
def test_nested_code_and_globals_are_told(monkeypatch):
    assert told(nested(0)) != told(nested(1))
    known = told(uses_globals)
    assert told(uses_globals) == known
    monkeypatch.setitem(TABLE, "b", 1)
    changed = told(uses_globals)
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    assert len({known, changed, told(uses_globals)}) == 3


@pytest.mark.one_backend
@pytest.mark.parametrize("unknown", [np.random.default_rng(0), iter([1]), memoryview(b"x")])
def test_what_cannot_be_told_is_another_one_each_time(unknown):
    identity = Identity()
    first = identity.of(closing(unknown))
    assert identity.unknown
    assert first != Identity().of(closing(unknown))


@pytest.mark.one_backend
def test_what_holds_itself_ends():
    ring = []
    ring.append(ring)
    deep = []
    for _ in range(10**5):
        deep = [deep]
    assert told(ring) == told(ring)
    assert told(deep)


class Scaled(L.Layer):
    def __init__(self, factor, **settings):
        super().__init__(**settings)
        self._factor = factor

    def call(self, x):
        return x * self._factor


class Subclassed(keras.Model):
    def __init__(self, factor, activation):
        super().__init__()
        self.scaled, self.dense = Scaled(factor), L.Dense(3, activation=activation)

    def call(self, x):
        return self.dense(self.scaled(x))


def sequential(*inner):
    model = keras.Sequential([keras.Input((4,)), *inner, L.Dense(3, name="last")], name="net")
    model.layers[-1].set_weights([np.ones((model.layers[-1].kernel.shape[0], 3)), np.zeros(3)])
    return model


def subclassed(factor, activation):
    model = Subclassed(factor, activation)
    model(np.ones((1, 4)))
    return model


def swapped(first):
    entry = keras.Input((4,), name="x")
    steps = [L.ReLU(name="a"), L.Rescaling(-1.0, name="b")]
    out = entry
    for step in steps if first else steps[::-1]:
        out = step(out)
    return keras.Model(entry, out, name="net")


def lambda_layer(factor):
    return sequential(L.Lambda(closing(factor), output_shape=(4,), name="l"))


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("make", "one", "other"),
    [
        (lambda scale: sequential(L.Rescaling(scale, name="r")), 1.0, 2.0),
        (lambda kind: sequential(L.Activation(kind, name="r")), "relu", "tanh"),
        (lambda factor: sequential(L.Activation(closing(factor), name="r")), 1, 2),
        (lambda factor: sequential(Scaled(factor, name="r")), 1, 2),
        (lambda factor: sequential(sequential(Scaled(factor, name="r"))), 1, 2),
        (lambda factor: subclassed(factor, "relu"), 1, 2),
        (lambda kind: subclassed(1, kind), "relu", "tanh"),
        (swapped, True, False),
        (lambda_layer, 1, 2),
    ],
)
def test_models_are_told_by_their_structure(make, one, other):
    def named(value):
        keras.utils.clear_session()  # the names that Keras gives begin anew, as in another process
        return told(make(value))

    assert named(one) == named(one)
    assert named(one) != named(other)


@pytest.mark.one_backend
def test_training_and_seeds_make_no_other_model():
    def augmented():
        keras.utils.clear_session()
        return sequential(L.Dropout(0.5, name="d"), L.GaussianNoise(0.1, name="g"))

    model = augmented()
    known = told(model)
    assert told(augmented()) == known
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    model.predict(np.ones((2, 4)), verbose=0)
    assert told(model) == known
    own = subclassed(1, "relu")
    known = told(own)
    own.compile("adam", "mse")
    own.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    assert told(own) == known


SCRIPT = """
import keras
from seewhy.studies.benchmark.identities.identity import Identity
from seewhy.studies.benchmark.identities.model_identity import keras_parts

NAMES = {"a", "b", "c"}

class Own(keras.layers.Layer):
    def call(self, x):
        return x * len(NAMES)

def formula(activations, gradients, *, names=frozenset("xyz")):
    return keras.ops.sum(activations * gradients * len(NAMES), axis=-1)

model = keras.Sequential([keras.Input((8, 8, 3)), Own(), keras.layers.Conv2D(2, 3)])
print(Identity(keras_parts()).of([model, formula]))
"""


@pytest.mark.one_backend
def test_another_process_takes_it_for_the_same():
    found = set()
    for seed in ("1", "2"):
        where = {**os.environ, "PYTHONHASHSEED": seed}
        told = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=where
        )
        found.add(told.stdout.strip().splitlines()[-1])
    assert len(found) == 1
