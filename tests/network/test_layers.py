"""The default layer, and finding layers by name, path and object."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from nets import tiny
from seewhy import backend, errors
from seewhy.explainer.explainer import Explainer
from seewhy.models import model_files, presets, wrapped_model
from seewhy.network import layers
from seewhy.plan.trace import trace_model

# What a person who knows these networks would take; a * stands for a number that Keras counts up.
EXPECTED = {
    "VGG16": "block5_conv3",
    "VGG19": "block5_conv4",
    "ResNet50": "conv5_block3_out",
    "ResNet101": "conv5_block3_out",
    "ResNet152": "conv5_block3_out",
    "ResNet50V2": "post_relu",
    "ResNet101V2": "post_relu",
    "ResNet152V2": "post_relu",
    "InceptionV3": "mixed10",
    "InceptionResNetV2": "conv_7b_ac",
    "Xception": "block14_sepconv2_act",
    "MobileNet": "conv_pw_13_relu",
    "MobileNetV2": "out_relu",
    "MobileNetV3Small": "activation",
    "MobileNetV3Large": "activation",
    "DenseNet121": "relu",
    "DenseNet169": "relu",
    "DenseNet201": "relu",
    "NASNetMobile": "activation",
    "NASNetLarge": "activation",
    **{f"EfficientNetB{i}": "top_activation" for i in range(8)},
    **{f"EfficientNetV2B{i}": "top_activation" for i in range(4)},
    **{f"EfficientNetV2{size}": "top_activation" for size in "SML"},
    # the sum that closes the last block
    **{f"ConvNeXt{size}": "add" for size in ("Tiny", "Small", "Base", "Large", "XLarge")},
}
# Keras does not build NASNetMobile on torch, so the other backends must
SOME = ("VGG16", "ResNet50", "MobileNetV3Small", "NASNetMobile", "EfficientNetB0", "ConvNeXtTiny")


def default_of(name, side):
    model = getattr(keras.applications, name)(weights=None)
    seen = wrapped_model.wrap_model(model, how="none", size=None if model.input_shape[1] else side)
    traced = trace_model(backend.load(), seen, seen.specs())
    return layers.default_layer(traced.calls, traced.places)


def test_every_classifier_is_named_here():
    here = {preset.builder for preset in presets.presets() if preset.builder}
    assert here == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_default_layer_of_keras_applications(name):
    on_torch = keras.backend.backend() == "torch"
    if on_torch and name == "NASNetMobile":
        pytest.skip("Keras does not build it on torch")
    if not on_torch and name not in SOME:
        pytest.skip("the torch run has all of them, in a second or two each")
    # without values, even the largest is built at once
    with keras.device("meta") if on_torch else model_files.constant_weights():
        place = default_of(name, 224)
    call = place.call
    assert call.name.rstrip("0123456789_") == EXPECTED[name].rstrip("0123456789_")
    if EXPECTED[name] not in ("activation", "add"):
        assert call.name == EXPECTED[name]
    assert min(place.layout.space) >= 5


def test_default_of_nested_and_flat_models():
    assert Explainer(tiny.nested()).layer == "base/relu3"
    assert Explainer(tiny.flat()).layer == "conv2"
    assert Explainer(tiny.plain()).layer == "relu3"


def test_pooling_to_one_cell_is_no_grid():
    image = keras.Input((32, 32, 3))
    x = keras.layers.GlobalAveragePooling2D(keepdims=True)(tiny.trunk(image))
    x = keras.layers.Conv2D(8, 1, activation="relu", name="behind")(x)
    x = keras.layers.Flatten()(keras.layers.Conv2D(3, 1)(x))
    model = keras.Model(image, x)
    assert Explainer(model).layer == "relu3"
    with pytest.raises(errors.LayerError, match="relu3"):
        Explainer(model, layer="behind")


@pytest.mark.parametrize("wanted", ["conv2", "base/conv2"])
def test_a_layer_by_name_or_path(wanted):
    assert Explainer(tiny.nested(), layer=wanted).layer == "base/conv2"


def test_a_layer_object():
    model = tiny.nested()
    layer = model.get_layer("base").get_layer("conv3")
    assert Explainer(model, layer=layer).layer == "base/conv3"
    with pytest.raises(errors.LayerError, match="not called"):
        Explainer(model, layer=tiny.plain().get_layer("conv3"))


def test_an_ambiguous_name_lists_the_paths():
    image = keras.Input((32, 32, 3))
    first = keras.Model(image, keras.layers.Conv2D(3, 3, name="conv")(image), name="first")
    other = keras.Input((30, 30, 3))
    second = keras.Model(other, keras.layers.Conv2D(4, 3, name="conv")(other), name="second")
    x = keras.layers.GlobalAveragePooling2D()(second(first(image)))
    model = keras.Model(image, x)
    with pytest.raises(errors.LayerError, match="'first/conv', 'second/conv'"):
        Explainer(model, layer="conv")
    assert Explainer(model, layer="first/conv").layer == "first/conv"


def test_a_grid_is_all_that_is_left_of_a_trace():
    explainer = Explainer(tiny.plain())
    assert explainer.pipeline.plan.cuts[0].layer.output is None
    assert explainer.pipeline.plan.cuts[0].layer.inputs == ()


def test_a_network_of_keras_applications_needs_no_further_argument():
    with model_files.constant_weights():
        model = keras.applications.VGG16(weights=None)
    explainer = Explainer(model)
    assert explainer.layer == "block5_conv3"
    assert explainer([np.zeros((9, 9, 3), "uint8")], "dalmatian")[0].target.index == 251
    assert explainer([np.zeros((9, 9, 3), "uint8")], "dalmatian")[0].map.shape == (14, 14)
