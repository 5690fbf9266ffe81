"""How a model wants its pixels, found out from the model alone."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.models import detect_preprocess, efficientnet_lite0, presets
from seewhy.models.model_files import constant_weights


def head(x, classes=4):
    from keras import layers

    return layers.Dense(classes)(layers.GlobalAveragePooling2D()(x))


def net(*first, channels=3, size=32):
    """A small network with some layers in front of its first convolution."""
    import keras

    images = keras.Input((size, size, channels))
    x = images
    for step in first:
        x = step(x)
    return keras.Model(images, head(keras.layers.Conv2D(4, 3)(x)))


def base(name, **options):
    """The convolutional part of a network of keras.applications, without weights."""
    import keras

    options = {"weights": None, "include_top": False, "input_shape": (96, 96, 3)} | options
    with constant_weights():
        return getattr(keras.applications, name)(**options)


def found(model):
    return detect_preprocess.detect_preprocessing(model, None)


def test_a_preset_says_it():
    assert detect_preprocess.detect_preprocessing(None, presets.get_preset("resnet50")) == "caffe"


def test_unknown_without_evidence():
    import keras

    assert found(net()) is None
    assert found(net(keras.layers.ZeroPadding2D(2), keras.layers.RandomFlip())) is None
    assert found(net(keras.layers.Rescaling(1.0))) is None


@pytest.mark.parametrize(
    "step",
    [
        lambda keras: keras.layers.Rescaling(1 / 255),
        lambda keras: keras.layers.Rescaling(1 / 127.5, offset=-1),
        lambda keras: keras.layers.Normalization(mean=[120.0] * 3, variance=[3600.0] * 3),
        lambda keras: lambda x: x / 255.0,
        lambda keras: keras.applications.vgg16.preprocess_input,
        lambda keras: keras.Sequential([keras.layers.Rescaling(1 / 255)]),
        lambda keras: keras.layers.Lambda(lambda x: x / 127.5 - 1),
    ],
)
def test_models_that_scale_their_own_pixels_want_them_raw(step):
    import keras

    assert found(net(step(keras))) == "none"
    assert found(net(keras.layers.ZeroPadding2D(1), step(keras))) == "none"


@pytest.mark.parametrize(
    "step",
    [
        lambda keras: keras.layers.Normalization(mean=[0.5] * 3, variance=[0.05] * 3),
        lambda keras: keras.layers.Rescaling(2, offset=-1),
        lambda keras: lambda x: x * 2 - 1,
    ],
)
def test_models_that_expect_scaled_pixels_are_not_guessed(step):
    import keras

    assert found(net(step(keras))) is None


def test_statistics_of_adapted_normalisation_are_no_learnt_weights():
    import keras

    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)))
    assert layer.weights
    assert found(net(layer)) == "none"


def test_scaling_behind_weights_says_nothing():
    import keras

    assert found(net(keras.layers.Conv2D(3, 3), keras.layers.Rescaling(1 / 255))) is None


def test_sequential_with_scaling():
    import keras

    layers = [keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    assert found(keras.Sequential([*layers, keras.layers.Dense(2)])) == "none"
    del layers[1]
    assert found(keras.Sequential([*layers, keras.layers.Dense(2)])) is None


def test_a_model_without_declared_input_is_unknown():
    import keras

    class Own(keras.Model):
        def call(self, x):
            return x / 255

    assert found(Own()) is None
    assert detect_preprocess.detect_input_size(Own(), None) is None


FAMILIES = {
    "VGG16": ("caffe", "VGG"),
    "ResNet50": ("caffe", "ResNet"),
    "ResNet50V2": ("tf", "ResNet V2"),
    "DenseNet121": ("torch", "DenseNet"),
    "InceptionV3": ("tf", "Inception V3"),
    "Xception": ("tf", "Xception"),
    "MobileNet": ("tf", "MobileNet"),
    "MobileNetV2": ("tf", "MobileNet V2"),
    "MobileNetV3Small": ("none", "MobileNet V3"),
    "EfficientNetB0": ("none", "EfficientNet"),
    "EfficientNetV2B0": ("none", "EfficientNet V2"),
    "ConvNeXtTiny": ("none", "ConvNeXt"),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_networks_of_keras_are_recognised_as_bases(name):
    import keras

    mode, family = FAMILIES[name]
    inner = base(name)
    images = keras.Input((96, 96, 3))
    nested = keras.Model(images, head(inner(images)), name="mine")
    inlined = keras.Model(inner.input, head(inner.output), name="mine")
    for model in (inner, nested, inlined):
        assert found(model) == mode
        assert detect_preprocess.detect_architecture(model) == family


def test_scaling_in_front_of_a_base_goes_first():
    import keras

    inner = base("MobileNetV2")
    scaling = keras.layers.Rescaling(1 / 127.5, offset=-1)
    model = keras.Sequential([keras.Input((96, 96, 3)), scaling, inner])
    assert found(model) == "none"


def test_weights_in_front_of_a_base_make_it_unknown():
    import keras

    layers = [keras.Input((96, 96, 3)), keras.layers.Conv2D(3, 1), base("MobileNetV2")]
    assert found(keras.Sequential(layers)) is None


def test_two_bases_that_disagree_make_it_unknown():
    import keras

    images = keras.Input((96, 96, 3))
    outputs = [head(base(name)(images)) for name in ("MobileNetV2", "DenseNet121")]
    model = keras.Model(images, keras.layers.add(outputs))
    assert found(model) is None
    assert detect_preprocess.detect_architecture(model) is None


def test_mobilenet_v3_without_its_own_scaling():
    assert found(base("MobileNetV3Small", include_preprocessing=False)) == "tf"


def test_names_like_vgg_alone_are_no_evidence():
    import keras
    from keras import layers

    images = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, name="block1_conv1")(images)
    x = layers.MaxPooling2D(name="block1_pool")(layers.Conv2D(16, 3, name="block1_conv2")(x))
    assert found(keras.Model(images, head(x), name="vgg16")) is None


def test_the_bundled_network_as_a_model():
    model = efficientnet_lite0.efficientnet_lite0(weights=False)
    assert found(model) == "lite"
    assert detect_preprocess.detect_architecture(model) == "EfficientNet-Lite0"


def test_looking_changes_nothing_in_the_model():
    import keras

    model = net(keras.layers.Rescaling(1 / 255))
    before = [dict(step.__dict__) for step in model.operations]
    found(model)
    assert [step.__dict__ for step in model.operations] == before


def test_the_error_says_how_to_name_it():
    text = str(detect_preprocess.missing_preprocessing_error(net()))
    assert all(part in text for part in ("--preprocess", '"tf"', '"none"', "vgg16", "function"))


def test_input_size():
    import keras

    images = keras.Input((20, 30, 3))
    assert detect_preprocess.detect_input_size(keras.Model(images, head(images)), None) == (20, 30)
    images = keras.Input((3, 20, 30))
    assert detect_preprocess.detect_input_size(keras.Model(images, head(images)), None) == (20, 30)
    images = keras.Input((None, None, 3))
    model = keras.Model(images, head(images))
    assert detect_preprocess.detect_input_size(model, None) is None
    assert detect_preprocess.detect_input_size(model, presets.get_preset("xception")) == (299, 299)


def several(photo_steps, *, other=(5,), other_steps=(), as_dict=True):
    """A photo, and something beside it that has weights of its own in front of the photo's."""
    import keras
    from keras import layers

    inputs = {"photo": keras.Input((32, 32, 3)), "a": keras.Input(other)}
    x, y = inputs["photo"], inputs["a"]
    for step in photo_steps:
        x = step(x)
    for step in other_steps:
        y = step(y)
    y = layers.Dense(4)(layers.Flatten()(y))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x))
    outputs = layers.Dense(2)(layers.Concatenate()([y, x]))
    return keras.Model(inputs if as_dict else list(inputs.values()), outputs)


@pytest.mark.parametrize("as_dict", [True, False])
def test_scaling_is_found_behind_one_of_several_inputs(as_dict):
    from keras import layers

    scaled = [layers.Rescaling(1 / 255)]
    assert found(several(scaled, as_dict=as_dict)) == "none"
    assert found(several([layers.Normalization(mean=[120.0] * 3, variance=[900.0] * 3)])) == "none"
    assert found(several([], as_dict=as_dict)) is None
    assert found(several([layers.Rescaling(255.0)])) is None


def test_words_beside_a_photo():
    from keras import layers

    words = [layers.Embedding(10, 3)]
    assert found(several([layers.Rescaling(1 / 255)], other_steps=words)) == "none"


def test_two_photos_must_want_the_same():
    from keras import layers

    def other():
        return [layers.Rescaling(1 / 255), layers.Conv2D(2, 3)]

    size = (32, 32, 3)
    assert found(several(other()[:1], other=size, other_steps=other())) == "none"
    assert found(several([], other=size, other_steps=other())) is None


@pytest.mark.parametrize("scales", [True, False])
def test_two_views_that_share_a_base(scales):
    import keras
    from keras import layers

    steps = [layers.Rescaling(1 / 255)] if scales else []
    shared = keras.Sequential([keras.Input((32, 32, 3)), *steps, layers.Conv2D(4, 3)])
    views = [keras.Input((32, 32, 3)) for _ in range(2)]
    pooled = [layers.GlobalAveragePooling2D()(shared(view)) for view in views]
    model = keras.Model(views, layers.Dense(2)(layers.Concatenate()(pooled)))
    assert found(model) == ("none" if scales else None)
