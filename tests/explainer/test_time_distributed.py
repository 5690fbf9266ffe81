"""A network that runs once a frame has a map for every frame.

The same network is written with convolutions over volumes whose kernels are one frame deep.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.method_options import OPTIONS
from seewhy.explainer.explainer import Explainer

FRAMES, SIDE = 3, 12
CLIPS = np.random.default_rng(0).normal(size=(2, FRAMES, SIDE, SIDE, 2)).astype("float32")
METHODS = ["grad_cam", "layer_cam", "grad_cam_plus_plus", "ablation_cam", "score_cam", "gradient"]


def head(x):
    x = layers.LSTM(4, name="memory")(x)
    return layers.Dense(3, activation="softmax", name="classes")(x)


def once_a_frame():
    frame = keras.Input((SIDE, SIDE, 2))
    x = layers.Conv2D(5, 3, strides=2, activation="relu", name="conv")(frame)
    cnn = keras.Model(frame, layers.GlobalAveragePooling2D()(x), name="cnn")
    inputs = keras.Input((FRAMES, SIDE, SIDE, 2))
    return keras.Model(inputs, head(layers.TimeDistributed(cnn, name="frames")(inputs)))


def as_volumes():
    inputs = keras.Input((FRAMES, SIDE, SIDE, 2))
    x = layers.Conv3D(5, (1, 3, 3), strides=(1, 2, 2), activation="relu", name="conv")(inputs)
    return keras.Model(inputs, head(ops.mean(x, axis=(2, 3))))


def pair():
    keras.utils.set_random_seed(0)
    model, volumes = once_a_frame(), as_volumes()
    for one, other in zip(model.get_weights(), volumes.weights, strict=True):
        other.assign(np.reshape(one, other.shape))
    return model, volumes


def explained(model, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Explainer(model, **options)(CLIPS, [1, 2])


@pytest.mark.parametrize("method", METHODS)
def test_equal_to_volumes(method):
    model, volumes = pair()
    options = {"method": method, "options": OPTIONS.get(method)}
    ours, theirs = (explained(each, **options) for each in (model, volumes))
    for one, other in zip(ours, theirs, strict=True):
        assert one.map.shape == other.map.shape
        scale = np.abs(other.map).max()
        assert scale > 0
        np.testing.assert_allclose(one.map, other.map, rtol=0, atol=1e-5 * scale)
        assert one.heatmap.shape == (FRAMES, SIDE, SIDE)


def test_the_layer_in_it_and_its_own_steps():
    model, _ = pair()
    assert explained(model)[0].layer == "frames/cnn/conv"
    assert explained(model, layer="conv")[0].map.shape == (FRAMES, 5, 5)
    steps = explained(model, layer="frames")[0]
    assert steps.map.shape == (FRAMES, 1, 1)


def test_predictions_are_those_of_the_model():
    model, _ = pair()
    expected = ops.convert_to_numpy(model(CLIPS))
    for row, explanation in zip(expected, explained(model), strict=True):
        for prediction in explanation.predictions:
            assert prediction.probability == pytest.approx(row[prediction.index], abs=1e-5)


def test_the_model_stays_as_it_was():
    model, _ = pair()
    before = ops.convert_to_numpy(model(CLIPS))
    kept = dict(model.get_layer("frames").__dict__)
    explained(model)
    assert model.get_layer("frames").__dict__.keys() == kept.keys()
    np.testing.assert_array_equal(ops.convert_to_numpy(model(CLIPS)), before)
