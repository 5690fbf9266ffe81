"""Laws of methods on nets of which one knows what must come out; each is seen to fail, too."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny
from seewhy.explainer.explainer import Explainer

EXTREMAL = {"area": 0.25, "steps": 60, "cells": 16}


def all_parts(full_gradients):
    """The sum of everything that the image and the biases add."""
    parts = [ops.sum(ops.reshape(part, (part.shape[0], -1)), axis=-1) for part in full_gradients]
    return ops.reshape(sum(parts), (-1, 1, 1))


def image_part(full_gradients):
    return all_parts(full_gradients[:1])


@pytest.mark.parametrize("net", ["flat", "plain"])
def test_full_gradients_add_up_to_the_score(net):
    model, images = getattr(tiny, net)(), tiny.images(2)
    for one in Explainer(model, method=all_parts)(images, 2):
        assert one.map.item() == pytest.approx(one.score, rel=1e-4)
    for one in Explainer(model, method=image_part)(images, 2):  # without the biases they do not
        assert one.map.item() != pytest.approx(one.score, rel=1e-2)


def test_full_gradients_of_normalisations_offsets_and_fused_softmax():
    image = keras.Input((16, 16, 3))
    x = layers.Rescaling(1 / 2, offset=-0.3)(image)
    x = layers.SeparableConv2D(6, 3, activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.LeakyReLU()(layers.DepthwiseConv2D(3, padding="same")(x))
    x = layers.Conv2DTranspose(4, 3, activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    model = tiny.fixed(keras.Model(image, layers.Dense(5, activation="softmax")(x)))
    model.layers[3].set_weights(
        [np.array(w) for w in ([1, 2, 1, 2, 1, 3], [1, 0, 2, 0, 1, 1])]
        + [np.array(w) for w in ([0.5, 0, 1, 0, 0.2, 0.1], [1, 2, 0.5, 1, 1, 1])]
    )
    images = np.random.default_rng(0).random((2, 16, 16, 3), "float32")
    for one in Explainer(model, method=all_parts)(images, 2):
        assert one.map.item() == pytest.approx(one.score, rel=1e-4)


def quadrants():
    """A net whose score is the contrast in the upper left quarter of an image."""
    image = keras.Input((32, 32, 1))
    edges = layers.Conv2D(2, 2, padding="same", use_bias=False, activation="relu", name="edges")
    x = edges(image)
    picked = layers.Flatten()(x)
    model = keras.Model(image, layers.Dense(2, use_bias=False, name="sum")(picked))
    up = np.array([[1, -1], [0, 0]], "float32")
    edges.set_weights([np.stack([up, -up], axis=-1)[:, :, None]])
    weights = np.zeros((32, 32, 2, 2), "float32")
    weights[:16, :16, :, 1] = 1
    weights[:16, 16:, :, 1] = 0.1
    model.get_layer("sum").set_weights([weights.reshape(-1, 2)])
    stripes = np.zeros((1, 32, 32, 1), "float32")
    stripes[:, :, ::2] = 1
    return model, stripes


def test_an_extremal_mask_finds_what_the_score_is_made_of():
    model, images = quadrants()
    explainer = Explainer(model, method="extremal_perturbation", options=EXTREMAL)
    found = explainer(images, 1)[0]
    assert found.map.shape == (16, 16)
    assert found.map[:8, :8].sum() / found.map.sum() > 0.7
    assert found.map.mean() == pytest.approx(0.25, abs=0.05)
    assert 0.5 < found.diagnostics["score_kept"] < 1.05
    # a class without evidence has no such region, and less area keeps less
    other = explainer(images, 0)[0]
    assert other.map[:8, :8].sum() / other.map.sum() < 0.4
    less = explainer.having(options=EXTREMAL | {"area": 0.05})(images, 1)[0]
    assert less.diagnostics["score_kept"] < 0.5 * found.diagnostics["score_kept"]


def test_a_meaningful_mask_hides_what_the_score_is_made_of():
    model, images = quadrants()
    options = {"steps": 40, "cells": 16}
    explainer = Explainer(model, method="meaningful_perturbation", options=options)
    found = explainer(images, 1)[0]
    assert found.map[:8, :8].mean() > 0.8
    assert found.map[8:, 8:].mean() < 0.3
    assert found.diagnostics["score_left"] < 0.1
    assert not explainer(images, 0)[0].map.any()  # where there is nothing to hide
