"""Attention methods against transformers whose forward pass is written out here."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers import oracle
from helpers.attention_by_hand import blocked, rollout, run
from nets import tiny, transformers
from seewhy import errors, methods
from seewhy.explainer.explainer import Explainer

TARGET = 1


def le_grad(model, images):
    """Bousselham et al. 2024: block by block, the mean token given to norm and head."""
    x = model.get_layer("tokens")(model.get_layer("patches")(images))
    if any(layer.name == "prefix" for layer in model.layers):
        x = model.get_layer("prefix")(x)
    total = 0
    for i in range(2):
        block, before = model.get_layer(f"block{i}"), x

        def score(shift, block=block, before=before):
            tokens = blocked(block, before, shift)[0]
            mean = model.get_layer("last")(ops.mean(tokens, axis=1))
            return model.get_layer("head")(mean)[:, TARGET]

        x, shares = blocked(block, before, 0)
        slope = oracle.gradients(score, ops.zeros_like(shares))
        for head in range(slope.shape[1]):
            total += np.maximum(slope[:, head], 0).mean(axis=1) / slope.shape[1] / 2
    return total


def attribution(attentions, gradients):
    """Chefer et al. 2021, eq. 5 and 6."""
    relevance = np.eye(attentions.shape[-1])
    for block, slope in zip(attentions, gradients, strict=True):
        mean = np.zeros(relevance.shape)
        for head, own in zip(block, slope, strict=True):
            mean += np.maximum(head * own, 0) / len(block)
        relevance = relevance + mean @ relevance
    return relevance


REFERENCES = {"attention_rollout": rollout, "transformer_attribution": attribution}
VITS = [(1, "token"), (0, "mean"), (3, "token")]


def test_all_are_tested_here():
    family = {entry.name for entry in methods.all_methods() if entry.family == "transformer"}
    assert family == {*REFERENCES, "le_grad"}


@pytest.mark.parametrize(("prefix", "pool"), VITS)
@pytest.mark.parametrize("custom", [True, False])
def test_le_grad_equals_blocks_by_hand(prefix, pool, custom):
    model, images = transformers.vit(prefix=prefix, pool=pool), tiny.images(2)
    expected = le_grad(model, ops.convert_to_tensor(images))[:, prefix:].reshape(2, 4, 4)
    if not custom:  # the same numbers in layers that lie open
        same = transformers.vit(prefix=prefix, pool=pool, custom=False)
        same.set_weights(opened(model))
        np.testing.assert_allclose(oracle.array(same(images)), oracle.array(model(images)), 1e-4)
        model = same
    explanations = Explainer(model, method="le-grad")(images, TARGET)
    found = np.stack([one.map for one in explanations])
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())
    score = oracle.array(model(images))[:, TARGET]
    assert [one.score for one in explanations] == pytest.approx(list(score), abs=1e-5)
    whole = Explainer(model, method="transformer-attribution")(images, TARGET)[0].map
    assert np.corrcoef(whole.ravel(), found[0].ravel())[0, 1] < 0.999  # it is another map


def opened(model):
    """The weights of a ViT of custom blocks in the order of one whose layers lie open."""
    found = []
    for layer in model.layers:
        parts = [layer]
        if layer.name.startswith("block"):
            parts = [layer.norm1, layer.attention, layer.norm2, layer.wide, layer.narrow]
        found += [array for part in parts for array in part.get_weights()]
    return found


def test_blocks_that_cannot_be_told():
    image = keras.Input((32, 32, 3))
    x = layers.Reshape((-1, 8))(layers.Conv2D(8, 8, strides=8)(image))
    x = layers.MultiHeadAttention(2, 4, name="lonely")(x, x)
    model = tiny.fixed(keras.Model(image, layers.Dense(3)(ops.mean(x, axis=1))))
    with pytest.raises(errors.MethodError, match=r"none was found behind 'lonely'"):
        Explainer(model, method="le-grad")


@pytest.mark.parametrize(("prefix", "pool"), VITS)
@pytest.mark.parametrize("name", REFERENCES)
def test_equal_to_attention_by_hand(name, prefix, pool):
    model, images = transformers.vit(prefix=prefix, pool=pool), tiny.images(2)
    tokens = 16 + prefix
    none = ops.zeros((2, 2, 2, tokens, tokens))
    tensor = ops.convert_to_tensor(images)
    logits, attentions = run(model, tensor, none, pool)
    # the forward pass by hand is the model
    np.testing.assert_allclose(oracle.array(logits), oracle.array(model(images)), atol=1e-5)
    gradients = oracle.gradients(lambda s: run(model, tensor, s, pool)[0][:, TARGET], none)
    expected = []
    for shares, slope in zip(oracle.array(attentions), gradients, strict=True):
        full = REFERENCES[name](shares, slope)
        row = full[0] if prefix else full.mean(axis=0)
        expected.append(row[prefix:].reshape(4, 4))
    explanations = Explainer(model, method=name)(images, TARGET)
    found = np.stack([one.map for one in explanations])
    size = np.abs(expected).max()
    assert size > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * size)
    score = oracle.array(logits)[:, TARGET]
    assert [one.score for one in explanations] == pytest.approx(list(score), abs=1e-5)


def test_rows_of_a_rollout_sum_to_one():
    images = tiny.images(2)
    mean = Explainer(transformers.vit(prefix=0, pool="mean"), method="attention-rollout")
    for one in mean(images, TARGET):
        assert one.map.sum() == pytest.approx(1, rel=1e-5)
    token = Explainer(transformers.vit(prefix=1), method="attention-rollout")
    for one in token(images, TARGET):  # the class token keeps a part: the law can fail
        assert one.map.sum() < 0.99


def test_attention_asks_about_the_class():
    explainer = Explainer(transformers.vit(), method="transformer-attribution")
    one, other = (explainer(tiny.images(1), k)[0].map for k in (0, 1))
    assert np.abs(one - other).max() > 0.01 * np.abs(one).max()
    explainer = Explainer(transformers.vit(), method="attention-rollout")
    one, other = (explainer(tiny.images(1), k)[0].map for k in (0, 1))
    np.testing.assert_array_equal(one, other)


def test_masks_and_causal_attention_are_those_of_the_layer():
    image = keras.Input((32, 32, 3))
    x = layers.Reshape((-1, 8))(layers.Conv2D(8, 8, strides=8)(image))
    x = layers.LayerNormalization()(x)
    allowed = np.tril(np.ones((1, 16, 16), bool), 2)
    x = layers.MultiHeadAttention(2, 4)(x, x, attention_mask=allowed)
    x = layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    model = tiny.fixed(keras.Model(image, layers.Dense(3)(ops.mean(x, axis=1))))
    images = tiny.images(2)
    explanations = Explainer(model, method="attention-rollout")(images, TARGET)
    expected = oracle.array(model(images))[:, TARGET]
    assert [one.score for one in explanations] == pytest.approx(list(expected), abs=1e-5)
    assert explanations[0].map[0, 0] > explanations[0].map[-1, -1]  # all may look at the first


@pytest.mark.parametrize("name", [*REFERENCES, "le_grad"])
def test_a_model_without_attention(name):
    with pytest.raises(errors.MethodError, match="no MultiHeadAttention"):
        Explainer(tiny.plain(), method=name)


def test_all_classes_at_once_are_not_for_attention():
    explainer = Explainer(transformers.vit(), method="transformer-attribution")
    with pytest.raises(errors.MethodError, match="attentions"):
        explainer.all_classes(tiny.images(1))
