"""Models without a usable grid: the error names methods that work, and they do."""

from __future__ import annotations

import re
import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from seewhy.errors import LayerError
from seewhy.explainer.explainer import Explainer

SIDE = 8


def pixels():
    inputs = keras.Input((SIDE, SIDE, 1))
    x = layers.Dense(6, activation="relu", name="hidden")(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def pooled_at_once():
    inputs = keras.Input((SIDE, SIDE, 1))
    x = layers.Dense(6, name="hidden")(layers.GlobalAveragePooling2D()(inputs))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


class Closed(layers.Layer):
    """As a layer of a file of another program: nothing can be looked into."""

    def call(self, x):
        weights = ops.reshape(ops.arange(SIDE * SIDE * 3, dtype="float32"), (SIDE * SIDE, 3))
        return ops.softmax(ops.reshape(x, (-1, SIDE * SIDE)) @ (weights / 100))


def closed():
    inputs = keras.Input((SIDE, SIDE, 1))
    return keras.Model(inputs, Closed(name="hidden")(inputs))


@pytest.mark.parametrize("make", [pixels, pooled_at_once, closed])
@pytest.mark.parametrize("layer", [None, "hidden"])
def test_the_error_names_methods_that_work(make, layer):
    keras.utils.set_random_seed(0)
    model = make()
    with pytest.raises(LayerError) as told:
        Explainer(model, layer=layer)
    named = re.findall(r"'(occlusion|rise|integrated_gradients)'", str(told.value))
    assert len(named) == 3
    assert "--method occlusion" in str(told.value)
    image = np.random.default_rng(0).random((SIDE, SIDE, 1)).astype("float32")
    for method in named:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            explanation = Explainer(model, method=method)([image])[0]
        assert explanation.heatmap.shape == (SIDE, SIDE)
        assert np.abs(explanation.map).max() > 0
