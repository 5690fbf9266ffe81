"""Logits are found behind every kind of head, and the user's model keeps its own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny, twins
from seewhy.errors import SeewhyWarning
from seewhy.explainer.explainer import Explainer


@pytest.mark.parametrize("head", tiny.HEADS)
def test_the_score_is_the_logit(head):
    model, images = tiny.plain(head), tiny.images()
    explanations = Explainer(model)(images, targets=2)
    *_, logits = twins.evidence(_twin(model), "relu3", images, lambda logits: logits[:, 2])
    scores = [explanation.score for explanation in explanations]
    np.testing.assert_allclose(scores, logits[:, 2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", tiny.HEADS)
def test_probabilities_are_the_models_own(head):
    model, images = tiny.plain(head), tiny.images()
    own = ops.convert_to_numpy(model(images, training=False))
    if head == "logits":
        own = np.exp(own) / np.exp(own).sum(axis=-1, keepdims=True)
    for explanation, row in zip(Explainer(model, top=5)(images), own, strict=True):
        assert [p.index for p in explanation.predictions] == np.argsort(-row).tolist()
        listed = [p.probability for p in explanation.predictions]
        np.testing.assert_allclose(listed, np.sort(row)[::-1], rtol=1e-4, atol=1e-6)


def test_probabilities_can_be_asked_for():
    model, images = tiny.plain("softmax"), tiny.images()
    own = ops.convert_to_numpy(model(images, training=False))
    explanations = Explainer(model, scores="probabilities")(images, targets=2)
    scores = [explanation.score for explanation in explanations]
    np.testing.assert_allclose(scores, own[:, 2], rtol=1e-4, atol=1e-6)
    activations, gradients, _ = twins.evidence(
        _twin(model), "relu3", images, lambda logits: logits.softmax(-1)[:, 2]
    )
    expected = (gradients.mean(axis=(1, 2), keepdims=True) * activations).sum(-1)
    maps = np.stack([explanation.map for explanation in explanations])
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_a_closing_step_that_is_not_known_is_told():
    image = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(tiny.trunk(image))
    x = layers.Dense(5)(x)
    x = ops.exp(x - ops.max(x, axis=-1, keepdims=True))
    model = tiny.fixed(keras.Model(image, x / ops.sum(x, axis=-1, keepdims=True)))
    with pytest.warns(SeewhyWarning, match="logits-not-found"):
        explanation = Explainer(model)(tiny.images(1))[0]
    assert sum(p.probability for p in explanation.predictions) <= 1 + 1e-6
    assert any(text.startswith("logits-not-found") for text in explanation.warnings)


def test_a_softmax_inside_the_model_is_no_head():
    image = keras.Input((32, 32, 3))
    x = tiny.trunk(image)
    weights = layers.Softmax(axis=-1, name="attention")(layers.GlobalAveragePooling2D()(x))
    x = layers.GlobalAveragePooling2D()(x) * weights
    model = tiny.fixed(keras.Model(image, layers.Dense(5, name="predictions")(x)))
    own = ops.convert_to_numpy(model(tiny.images(), training=False))
    scores = [e.score for e in Explainer(model)(tiny.images(), targets=1)]
    np.testing.assert_allclose(scores, own[:, 1], rtol=1e-4, atol=1e-5)


def _twin(model):
    """The trunk and kernel are drawn from the same seed whatever closes the model."""
    return twins.Plain(tiny.plain("logits") if model.name == "plain_convolution" else model)
