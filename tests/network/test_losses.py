"""Which outputs are quantities and which are classes, told from what a model was compiled with."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import conv, image
from seewhy import targets
from seewhy.explainer.explainer import Explainer
from seewhy.network.losses import is_of_classes, is_of_quantities, losses_of_outputs

CLASSES = keras.losses.CategoricalCrossentropy(from_logits=True)


class Compiled:
    """What a compiled model tells."""

    def __init__(self, loss, output_names=None):
        self.loss, self.output_names = loss, output_names


@pytest.mark.parametrize(
    ("loss", "layer_names", "names", "expected"),
    [
        (None, None, ["a", "b"], [None, None]),
        ("mse", None, ["a"], ["mse"]),
        ("mse", None, ["a", "b"], ["mse", "mse"]),
        (["mse"], None, ["a"], ["mse"]),
        (["mse", "hinge"], None, ["a", "b"], ["mse", "hinge"]),
        (("mse", None), None, ["a", "b"], ["mse", None]),
        (["mse", "mae"], None, ["a"], [None]),
        ({"b": "mse"}, None, ["a", "b"], [None, "mse"]),
        ({"b": "mse", "a": "hinge"}, None, ["a", "b"], ["hinge", "mse"]),
        ({"x": "mse"}, None, ["a"], ["mse"]),
        ({"out": "mse", "in": "hinge"}, ["in", "out"], ["0", "1"], ["hinge", "mse"]),
        ({"a": {"b": "mse", "c": "hinge"}}, None, ["a/b", "a/c"], ["mse", "hinge"]),
        ({"a": ["mse", "hinge"]}, None, ["a/0", "a/1"], ["mse", "hinge"]),
    ],
)
def test_losses_by_output(loss, layer_names, names, expected):
    assert losses_of_outputs(Compiled(loss, layer_names), names) == expected


@pytest.mark.parametrize(
    "loss",
    ["mse", "mean_absolute_error", keras.losses.Huber(name="x"), keras.losses.log_cosh, "MAPE"],
)
def test_losses_of_quantities(loss):
    assert is_of_quantities(loss)
    assert not is_of_classes(loss)


@pytest.mark.parametrize(
    "loss", ["squared_hinge", "binary_crossentropy", CLASSES, keras.losses.hinge]
)
def test_losses_of_classes(loss):
    assert is_of_classes(loss)
    assert not is_of_quantities(loss)


def heads(dictionary, **units):
    """A model with an output of so many units for each name."""
    inputs = image()
    x = layers.GlobalAveragePooling2D()(conv(name="a")(inputs))
    outputs = {name: layers.Dense(count, name=name)(x) for name, count in units.items()}
    return tiny.fixed(keras.Model(inputs, outputs if dictionary else list(outputs.values())))


@pytest.mark.parametrize(
    ("dictionary", "loss"),
    [
        (False, ["mse", CLASSES, "mae"]),
        (False, {"age": "mse", "race": CLASSES, "points": "mae"}),
        (True, {"age": "mse", "race": CLASSES, "points": "mae"}),
    ],
)
def test_each_output_of_several_is_taken_for_what_it_was_trained_for(dictionary, loss):
    model = heads(dictionary, age=1, race=4, points=6)
    model.compile(loss=loss)
    images = zoo.images(count=1)
    outputs = model(images)
    raw = outputs if dictionary else dict(zip(("age", "race", "points"), outputs, strict=True))
    raw = {name: ops.convert_to_numpy(value)[0] for name, value in raw.items()}
    asked = {name: Explainer(model, output=name)(images)[0] for name in raw}
    for name in ("age", "points"):
        assert asked[name].target.name == "value 0"
        assert asked[name].predictions == ()
        assert asked[name].score == pytest.approx(raw[name][0], rel=1e-4)
        quantity = targets.output(name, targets.regression())
        np.testing.assert_allclose(
            asked[name].map, Explainer(model)(images, quantity)[0].map, rtol=1e-4, atol=1e-7
        )
    assert asked["race"].target.index == raw["race"].argmax()
    # the only output of classes is the one that is asked without a wish
    assert Explainer(model)(images)[0].diagnostics["output"] == "race"


def test_one_loss_for_all_outputs_and_for_a_vector():
    for units in ({"age": 1, "height": 1}, {"points": 6}):
        model = heads(False, **units)
        model.compile(loss="mse")
        for name in units:
            assert Explainer(model, output=name)(zoo.images(count=1))[0].target.name == "value 0"
