"""Every image classifier of keras-hub, explained with no further argument."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
from keras_hub import models

from nets import hub
from seewhy.explainer.explainer import Explainer
from seewhy.network.calls import operations

# What a person would take: (grid, pattern of the layer's path). Convolutional networks: the last
# step in front of pooling. ViT, DeiT and MiT: the first norm of the last block, since behind it
# only a class token counts. Swin attends within windows, and pools over all tokens behind a last
# norm.
LAST_BLOCK = r"/transformer_block_2/ln_1$"
EXPECTED = {
    "CSPNet": ((4, 4), r"/\w+csp_transition_activation$"),
    "DeiT": ((4, 4), LAST_BLOCK),
    "DeiT, mean of tokens": ((4, 4), LAST_BLOCK),
    "DenseNet": ((4, 4), r"/relu$"),
    "EfficientNet": ((8, 8), r"/top_activation$"),
    "HGNetV2": ((4, 4), r"^head_last/head_last_lab$"),
    "MiT": ((4, 4), r"/hierarchical_encoder_1_1/layer_normalization\w*$"),
    "MobileNet": ((4, 4), r"/block_3_0/activation\w*$"),
    "MobileNetV5": ((4, 4), r"/msfa/rms_norm2d\w*$"),
    "MobileNetV5 without fusion": ((4, 4), r"/mobile_attention\w*$"),
    "ResNet": ((4, 4), r"/stack1_block1_out$"),
    "ResNet V2": ((4, 4), r"/post_relu$"),
    "ResNet with softmax": ((4, 4), r"/stack1_block1_out$"),
    "SwinTransformer": ((4, 4), r"(backbone\w*/norm|/stage_1/blocks_1/norm1)$"),
    "VGG": ((14, 14), r"/block3_conv2$"),
    "VGG, flattened": ((14, 14), r"/block3_conv2$"),
    "ViT": ((4, 4), LAST_BLOCK),
    "ViT with a layer in front of the logits": ((4, 4), LAST_BLOCK),
    "ViT with softmax": ((4, 4), LAST_BLOCK),
    "ViT without class token": ((4, 6), LAST_BLOCK),
    "ViT, mean of tokens": ((4, 4), LAST_BLOCK),
    "Xception": ((4, 4), r"/block3_sepconv2_act$"),
}
BUILDERS = {**hub.CLASSIFIERS, **hub.VARIANTS}
STEP = 2e-3  # a larger one steps over kinks of ReLU-like activations, a smaller one rounds


def test_every_classifier_is_named_here():
    suffix = "ImageClassifier"
    there = {name.removesuffix(suffix) for name in dir(models) if name.endswith(suffix)} - {""}
    assert there == set(hub.CLASSIFIERS)
    assert set(EXPECTED) == set(BUILDERS)


@pytest.mark.parametrize("name", EXPECTED)
def test_explained_with_no_further_argument(name):
    model = BUILDERS[name]()
    images = hub.images(model)
    explained = Explainer(model)(images)
    grid, path = EXPECTED[name]
    layer = explained[0].layer
    assert re.search(path, layer), layer
    _last(model).activation = keras.activations.linear
    logits = _outputs(model, images)
    for image, explanation, row in zip(images, explained, logits, strict=True):
        assert explanation.map.shape == grid
        assert np.isfinite(explanation.map).all()
        assert np.ptp(explanation.map) > 1e-3 * np.abs(explanation.map).max() > 0
        expected = _grad_cam(model, image, layer, grid, int(np.argmax(row)))
        atol = 0.01 * np.abs(expected).max()  # of differences in single precision
        np.testing.assert_allclose(explanation.map, expected, rtol=0, atol=atol)
    assert np.abs(explained[0].map - explained[1].map).max() > 0


def _outputs(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def _grad_cam(model, image, path, grid, wanted):
    """Grad-CAM by central differences: a unit's mean gradient tells how the logit moves with it.

    Each unit is moved up and down over the whole grid, all at once as one batch.
    """
    step = _find(model, path)
    found = {}

    def note(activations):
        found["activations"] = keras.ops.convert_to_numpy(activations)[0]
        return activations

    _run(model, step, note, image[None])
    activations = found["activations"]
    units = activations.shape[-1]
    moved = np.zeros((2, units, *activations.shape), "float32")
    prefix = len(activations) - np.prod(grid) if activations.ndim == 2 else 0  # class tokens
    for unit in range(units):
        moved[0, unit, prefix:, ..., unit] = STEP
        moved[1, unit, prefix:, ..., unit] = -STEP
    moved = moved.reshape(2 * units, *activations.shape)
    batch = np.repeat(image[None], 2 * units, axis=0)
    logits = _run(model, step, lambda x: x + keras.ops.convert_to_tensor(moved), batch)
    up, down = logits[:, wanted].reshape(2, units)
    weights = (up - down) / (2 * STEP) / np.prod(grid)
    return (activations[prefix:] @ weights).reshape(grid)


def _last(model):
    """The layer that gives the logits, with its softmax where it has one."""
    return next(step for step in operations(model) if step.name in ("predictions", "classifier"))


def _run(model, step, change, images):
    call = step.call

    def changed(*args, **kwargs):
        return change(call(*args, **kwargs))

    step.__dict__["call"] = changed
    try:
        return _outputs(model, images)
    finally:
        del step.__dict__["call"]


def _find(model, path):
    step = model
    for name in path.split("/"):
        step = next(inner for inner in operations(step) if inner.name == name)
    return step
