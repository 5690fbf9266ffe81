"""A listed probability is the model's own, however its output is closed."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import conv, image
from seewhy.explainer.explainer import Explainer


def joined(activation, units):
    def close(x):
        return layers.Concatenate()([layers.Dense(n, activation=activation)(x) for n in units])

    return close


def behind(step):
    def close(x):
        return step(layers.Dense(4, activation="softmax")(x))

    return close


def halves(x):
    return layers.Average()([layers.Dense(4, activation="softmax")(x) for _ in range(2)])


def used_twice(x):
    part = layers.Dense(2, activation="sigmoid")(x)
    return layers.Concatenate()([part, layers.Lambda(lambda y: 1 - y)(part)])


KNOWN = {
    "softmax": lambda x: layers.Dense(4, activation="softmax")(x),
    "sigmoids": lambda x: layers.Dense(4, activation="sigmoid")(x),
    "one sigmoid": lambda x: layers.Dense(1, activation="sigmoid")(x),
    "reshaped": behind(layers.Reshape((4,))),
    "joined sigmoids": joined("sigmoid", [1, 1, 1, 1]),
    "joined softmaxes": joined("softmax", [2, 3]),
    "joined kinds": lambda x: layers.Concatenate()(
        [
            layers.Dense(3, activation="softmax")(x),
            layers.Activation("sigmoid")(layers.Dense(2)(x)),
            layers.Reshape((2,))(layers.Dense(2, activation="softmax")(x)),
        ]
    ),
    "joined by an operation": lambda x: ops.concatenate(
        [layers.Dense(n, activation="sigmoid")(x) for n in (2, 3)], axis=-1
    ),
}
UNKNOWN = {
    "joined, one part open": lambda x: layers.Concatenate()(
        [layers.Dense(2, activation="softmax")(x), layers.Lambda(ops.sigmoid)(layers.Dense(2)(x))]
    ),
    "joined, one part used": used_twice,
    "averaged": halves,
    "multiplied": behind(lambda y: layers.Multiply()([y, y])),
    "lambda": behind(layers.Lambda(lambda y: y * 0.5)),
    "bare sigmoid": lambda x: layers.Lambda(ops.sigmoid)(layers.Dense(4)(x)),
    "one bare sigmoid": lambda x: layers.Lambda(ops.sigmoid)(layers.Dense(1)(x)),
    "one minus": behind(lambda y: 1 - y),
}


def closed(close):
    inputs = image()
    x = layers.GlobalAveragePooling2D()(conv(name="a")(inputs))
    return tiny.fixed(keras.Model(inputs, close(x)))


class OwnCall(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.conv, self.dense = conv(name="conv"), layers.Dense(units)

    def call(self, x):
        return ops.sigmoid(self.dense(ops.max(self.conv(x), axis=(1, 2))))


def own_call(units):
    model = OwnCall(units)
    model(zoo.images())
    return tiny.fixed(model)


@pytest.mark.parametrize("name", [*KNOWN, *UNKNOWN, "own call", "one of own call"])
def test_probabilities_are_those_of_the_model(name):
    if name.endswith("own call"):
        model = own_call(1 if name.startswith("one") else 4)
    else:
        model = closed((KNOWN | UNKNOWN)[name])
    images = zoo.images(count=3)
    outputs = ops.convert_to_numpy(ops.stop_gradient(model(images)))
    if outputs.shape[1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    for explanation, expected in zip(Explainer(model, top=9)(images), outputs, strict=True):
        listed = {p.index: p.probability for p in explanation.predictions}
        assert set(listed) == set(range(len(expected)))
        np.testing.assert_allclose([listed[k] for k in range(len(expected))], expected, atol=1e-5)
        assert explanation.target.index == expected.argmax()
        told = any("logits-not-found" in text for text in explanation.warnings)
        assert told == (name not in KNOWN)


@pytest.mark.parametrize("units", [1, 4])
def test_logits_in_the_range_of_probabilities_are_logits(units):
    def close(x):
        # such that all logits lie between 0.2 and 0.8
        small = keras.initializers.Constant(0.0)
        bias = keras.initializers.Constant(0.5)
        return layers.Dense(units, kernel_initializer=small, bias_initializer=bias)(x)

    inputs = image()
    model = keras.Model(inputs, close(layers.GlobalAveragePooling2D()(conv(name="a")(inputs))))
    found = Explainer(model)(zoo.images(count=1))[0].predictions[0].probability
    assert found == pytest.approx(0.25 if units == 4 else 1 / (1 + np.exp(-0.5)), rel=1e-5)


def test_the_score_of_a_part_is_its_logit():
    inputs = image()
    x = layers.GlobalAveragePooling2D()(conv(name="a")(inputs))
    parts = [layers.Dense(n, name=f"part{n}") for n in (2, 3)]
    heads = [layers.Softmax()(parts[0](x)), layers.Activation("sigmoid")(parts[1](x))]
    model = tiny.fixed(keras.Model(inputs, layers.Concatenate()(heads)))
    images = zoo.images(count=2)
    logits = keras.Model(inputs, layers.Concatenate()([part(x) for part in parts]))
    expected = ops.convert_to_numpy(ops.stop_gradient(logits(images)))
    for index in range(5):
        for explanation, row in zip(Explainer(model)(images, index), expected, strict=True):
            assert explanation.score == pytest.approx(row[index], rel=1e-5)
            assert not any("logits-not-found" in text for text in explanation.warnings)
    own = Explainer(model)(images, lambda outputs: outputs[:, 3])
    assert [one.score for one in own] == pytest.approx(expected[:, 3].tolist(), rel=1e-5)


def test_a_part_as_target_layer_keeps_the_probabilities():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    part = layers.Conv2D(2, 1, activation="softmax", name="part")(x)
    other = layers.Conv2D(3, 1, activation="sigmoid")(x)
    model = tiny.fixed(keras.Model(inputs, layers.Concatenate()([part, other])))
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    for layer in ("conv", "part"):
        found = Explainer(model, layer=layer)(images, 0)
        means = ops.convert_to_numpy(ops.stop_gradient(model(images))).mean(axis=(1, 2))
        for explanation, row in zip(found, means, strict=True):
            for prediction in explanation.predictions:
                assert prediction.probability == pytest.approx(row[prediction.index], abs=1e-5)
