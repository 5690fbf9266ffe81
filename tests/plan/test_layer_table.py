"""The tree of a model's layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import seewhy
from nets import tiny, transformers
from seewhy import errors
from seewhy.explainer.explainer import Explainer
from seewhy.network.split import Split


def rows(model, **options):
    return {row.path: row for row in seewhy.layers(model, **options)}


def test_paths_grids_units_and_the_default():
    found = rows(tiny.nested())
    assert list(found) == [
        "rescale",
        *(f"base/{name}" for name in ("conv1", "pool1", "conv2", "bn2", "relu2")),
        *(f"base/{name}" for name in ("conv3", "sum3", "relu3")),
    ]
    assert [row.grid for row in found.values()] == [(32, 32)] * 2 + [(16, 16)] * 7
    assert found["base/conv1"].units == 6
    assert [path for path, row in found.items() if row.default] == ["base/relu3"]
    assert "in front of the head" in found["base/relu3"].why
    assert Explainer(tiny.nested(), preprocess="none").layer == "base/relu3"


def test_every_row_can_be_given_as_a_layer():
    model = transformers.vit()
    for row in seewhy.layers(model):
        explanation = Explainer(model, layer=row.path)(tiny.images(1))[0]
        assert explanation.layer == row.path
        assert explanation.map.shape == row.grid


def test_work_behind_a_layer_by_hand():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="one")(image)
    x = keras.layers.Conv2D(2, 1, padding="same", use_bias=False, name="two")(x)
    x = keras.layers.Dense(5, use_bias=False)(keras.layers.Flatten()(x))
    found = rows(keras.Model(image, x))
    one, two, dense = 64 * 27 * 4, 64 * 4 * 2, 128 * 5
    whole = one + two + dense + 128  # Flatten hands on 128 values
    assert found["one"].behind == pytest.approx((two + dense + 128) / whole)
    assert found["two"].behind == pytest.approx((dense + 128) / whole)


def test_indices_count_what_is_listed():
    model = tiny.flat()
    paths = [row.path for row in seewhy.layers(model)]
    assert paths == ["conv1", "pool1", "conv2", "pool2"]
    for index in (-1, -4, 0, 2):
        assert Explainer(model, layer=index).layer == paths[index]
    with pytest.raises(errors.LayerError, match=r"4 layers.*-4 to 3"):
        Explainer(model, layer=-5)


def test_a_tree_in_text():
    text = str(seewhy.layers(tiny.nested()))
    lines = text.splitlines()
    assert lines[0] == "nested, for an input of 32 × 32"
    assert lines[1].startswith("default: base/relu3, the last layer with a grid")
    assert lines[2:4] == ["├─ 32 × 32 cells", next(line for line in lines if "rescale" in line)]
    below = lines[lines.index("└─ base/") + 1 :]
    assert all(line.startswith("   ") for line in below)
    assert below[0] == "   ├─ 32 × 32 cells"
    (marked,) = [line for line in lines if "← default" in line]
    assert "─ relu3 " in marked


def test_a_layer_that_is_called_twice():
    image = keras.Input((8, 8, 3))
    conv = keras.layers.Conv2D(3, 3, padding="same", name="conv")
    x = keras.layers.GlobalAveragePooling2D()(conv(conv(image)))
    model = tiny.fixed(keras.Model(image, keras.layers.Dense(2)(x)))
    assert list(rows(model)) == ["conv", "conv#2"]
    with pytest.raises(errors.LayerError, match=r"2 times.*#1 to #2"):
        Explainer(model, layer="conv#3")
    with pytest.warns(errors.SeewhyWarning, match="several-calls"):
        explanation = Explainer(model, layer="conv")(tiny.images(1, side=8))[0]
    assert explanation.layer == "conv#2"


def test_presets_need_no_weights():
    found = rows("mobilenetv2")
    assert found["out_relu"].default
    assert found["out_relu"].grid == (7, 7)


def test_without_space():
    with pytest.raises(errors.LayerError, match="no layer with a spatial grid"):
        seewhy.layers(keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)]))


def test_without_declared_inputs():
    split = Split(lambda x: x * 2.0, lambda a: a[:, 0, 0])
    with pytest.raises(errors.ModelError, match="image=array"):
        seewhy.layers(split)
    found = seewhy.layers(split, image=np.zeros((4, 6, 3), "float32"))
    assert [row.grid for row in found] == [(4, 6)]


def test_of_another_size():
    model = tiny.plain(side=None)
    assert rows(model, size=48)["relu3"].grid == (24, 24)
    assert rows(model, size=(32, 64))["relu3"].grid == (16, 32)
