"""Transformers: tokens become a grid, and the default layer is one that gets gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny, transformers
from seewhy import errors
from seewhy.explainer.explainer import Explainer
from seewhy.network import grids
from seewhy.network.calls import Call

GRIDS = {
    "class token": ({}, (4, 4), "block1/norm1"),
    "class token, layers in the open": ({"custom": False}, (4, 4), "block1_norm1"),
    "class token and registers": ({"prefix": 5}, (4, 4), "block1/norm1"),
    "no class token": ({"prefix": 0, "pool": "mean"}, (4, 4), "block1/norm1"),
    "wide": ({"size": (24, 40)}, (3, 5), "block1/norm1"),
    "a grid that looks like another": ({"size": (32, 64), "prefix": 4}, (4, 8), "block1/norm1"),
}


@pytest.mark.parametrize("kind", GRIDS)
def test_the_grid_and_the_default_layer(kind):
    options, grid, layer = GRIDS[kind]
    model = transformers.vit(**options)
    explainer = Explainer(model, preprocess="unit")
    assert explainer.layer == layer
    photos = tiny.photos()
    for explanation in explainer(photos):
        assert explanation.map.shape == grid
        assert explanation.heatmap.shape == photos.shape[1:3]
        assert np.abs(explanation.map).max() > 0
        assert not [text for text in explanation.warnings if text.startswith("no-gradient")]


def test_a_cell_lies_where_its_patch_does():
    """Changing one patch changes the layer's own token: the map's cell of those pixels."""
    model = transformers.vit(prefix=1, size=(24, 40), depth=0)
    images = np.random.default_rng(0).normal(size=(1, 24, 40, 3)).astype("float32")
    other = images.copy()
    other[0, 8:16, 32:40] += 1  # patch in row 1, column 4

    def norm(activations):
        return ops.sum(activations**2, axis=-1)

    explainer = Explainer(model, layer="prefix", method=norm)
    changed = explainer(other)[0].map - explainer(images)[0].map
    assert changed.shape == (3, 5)
    assert np.argwhere(np.abs(changed) > 1e-6).tolist() == [[1, 4]]


def test_behind_the_last_attention_no_patch_gets_a_gradient():
    model = transformers.vit()
    explainer = Explainer(model, layer="last")
    with pytest.warns(errors.SeewhyWarning, match="no-gradient"):
        explanation = explainer(tiny.images(1))[0]
    assert not explanation.map.any()


def test_tokens_of_no_grid_ask_for_it():
    image = keras.Input((32, 32, 3))
    x = layers.Reshape((-1, 48))(image)[:, :60]
    x = layers.Dense(6, activation="relu", name="tokens")(x)
    x = layers.GlobalAveragePooling1D()(x)
    model = tiny.fixed(keras.Model(image, layers.Dense(3)(x)))
    with pytest.raises(errors.LayerError, match=r"grid=\(rows, cols\)"):
        Explainer(model)
    explainer = Explainer(model, grid=(6, 10))
    assert explainer(tiny.images(1))[0].map.shape == (6, 10)
    with pytest.raises(errors.LayerError, match=r"grid"):
        Explainer(model, grid=(8, 10))


def test_an_image_of_another_size():
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(8, 8, strides=8)(image)
    x = layers.Reshape((-1, 8))(x)
    x = layers.Dense(6, activation="relu", name="dense")(transformers.Prefix(2)(x))
    model = tiny.fixed(keras.Model(image, layers.Dense(3)(ops.mean(x, axis=1))))
    explainer = Explainer(model, layer="dense", size=32)
    for size, grid in (((32, 32), (4, 4)), ((64, 64), (8, 8))):
        images = np.random.default_rng(0).normal(size=(1, *size, 3)).astype("float32")
        assert explainer(images)[0].map.shape == grid


def call(shape, kind="Dense", path="layer"):
    operation = type(kind, (), {"name": path.rpartition("/")[2]})()
    return Call(operation, path, 0, shape, (), object())


# shapes of the calls in order, image, expected layout of the last: (grid, prefix) or None
LAYOUTS = {
    "ViT-B/16": ([(2, 14, 14, 768), (2, 197, 768)], (224, 224), ((14, 14), 1)),
    "DeiT distilled": ([(2, 14, 14, 192), (2, 198, 192)], (224, 224), ((14, 14), 2)),
    "DINOv2 with registers": ([(2, 16, 16, 384), (2, 261, 384)], (224, 224), ((16, 16), 5)),
    "no convolution": ([(2, 197, 64)], (224, 224), ((14, 14), 1)),
    "wide, no convolution": ([(2, 50, 64)], (80, 160), ((5, 10), 0)),
    "Swin's last stage": ([(2, 56, 56, 96), (2, 3136, 96), (2, 49, 768)], (224, 224), ((7, 7), 0)),
    "windows": ([(2, 8, 8, 96), (8, 16, 96)], (32, 32), None),
    "squeezed": ([(2, 8, 8, 64), (2, 1, 64)], (32, 32), None),
    "channels as a sequence": ([(2, 8, 8, 64), (2, 64, 1)], (32, 32), None),
    "of another number": ([(2, 8, 8, 64), (2, 100, 64)], (32, 32), None),
    "a signal": ([(2, 50, 4)], (100,), ((50,), 0)),
    "a volume": ([(2, 3, 4, 5, 8)], (6, 8, 10), ((3, 4, 5), 0)),
    "one cell": ([(2, 1, 1, 8)], (32, 32), None),
}


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.framework_free
def test_layouts(kind):
    shapes, image, expected = LAYOUTS[kind]
    found = grids.grid_layouts([call(shape) for shape in shapes], grids.InputView(image, batch=2))[
        -1
    ]
    assert (found and (found.space, found.prefix)) == expected


@pytest.mark.framework_free
def test_heads_are_no_rows():
    calls = [
        call((2, 8, 8, 16), "Conv2D"),
        call((2, 64, 4, 8), "EinsumDense", "mha/query"),
        call((2, 4, 64, 64), "Dropout", "mha/dropout"),
        call((2, 64, 16), "MultiHeadAttention", "mha"),
    ]
    found = grids.grid_layouts(calls, grids.InputView((32, 32), batch=2))
    assert [one and one.space for one in found] == [(8, 8), None, None, (8, 8)]
