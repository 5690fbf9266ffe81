"""Pixels of keras-hub's classifiers, against keras-hub's own preprocessors."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras_hub import models

from nets import hub, tiny
from seewhy.models.keras_hub import hub_crops, hub_image_size, hub_preprocessing

# As in the presets, by kind: timm's networks, MobileNetV5 and others in 0..1, and -1..1
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
VALUES = {
    "standardised": {"scale": list(1 / 255 / STD), "offset": list(-MEAN / STD)},
    "0..1": {"scale": 1 / 255},
    "-1..1": {"scale": 1 / 127.5, "offset": -1.0},
    "offset only": {"offset": [-123.68, -116.779, -103.939]},
    "raw": {},
    "mean and variance": {"mean": MEAN.tolist(), "variance": (STD**2).tolist(), "scale": 1 / 255},
}


class Model:
    """All that is read of a classifier."""

    def __init__(self, preprocessor) -> None:
        self.preprocessor = preprocessor


def own(preprocessor, pixels):
    """What keras-hub makes of the pixels.

    Given as float32: keras-hub 0.32 adds a lone offset to uint8 modulo 256.
    """
    return keras.ops.convert_to_numpy(preprocessor(pixels.astype("float32")))


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("name", hub.CLASSIFIERS)
def test_same_as_keras_hub(name, values):
    preprocessor = hub.preprocessor(name, **values)
    pixels = tiny.photos(count=2, side=32)
    got = hub_preprocessing(Model(preprocessor))(pixels.astype("float32"))
    assert got.dtype == np.float32
    # summed in another order, near 0 after the offset
    np.testing.assert_allclose(got, own(preprocessor, pixels), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", hub.CLASSIFIERS)
def test_with_a_classifier(name):
    preprocessor = hub.preprocessor(name, image_size=(40, 24), **VALUES["standardised"])
    model = hub.CLASSIFIERS[name](preprocessor=preprocessor)
    assert hub_image_size(model) == (40, 24)
    assert hub_crops(model)
    assert hub_preprocessing(model) is not None
    # its photos already have the size, so that keras-hub resizes nothing either
    pixels = tiny.photos(count=1, side=80)[:, :40, :24]
    got = hub_preprocessing(model)(pixels.astype("float32"))
    np.testing.assert_allclose(got, own(preprocessor, pixels), rtol=1e-6, atol=1e-5)


def test_without_a_preprocessor_nothing_is_known():
    model = hub.vit()
    assert model.preprocessor is None
    assert hub_preprocessing(model) is None
    assert hub_image_size(model) is None
    assert not hub_crops(model)


@pytest.mark.parametrize("preprocessor", [None, lambda pixels: pixels, keras.layers.Rescaling(2.0)])
def test_a_preprocessor_of_another_kind_says_nothing(preprocessor):
    assert hub_preprocessing(Model(preprocessor)) is None
    assert hub_image_size(Model(preprocessor)) is None


def test_a_model_that_is_not_of_keras_hub():
    assert hub_preprocessing(tiny.plain()) is None
    assert hub_image_size(tiny.plain()) is None


def test_a_preprocessor_without_converter():
    preprocessor = models.ViTImageClassifierPreprocessor()
    assert hub_preprocessing(Model(preprocessor)) is None


def test_no_resizing():
    model = Model(hub.preprocessor("ViT", scale=1 / 255))
    assert hub_image_size(model) is None


def test_squashing_is_no_cropping():
    assert not hub_crops(Model(hub.preprocessor("ViT", crop_to_aspect_ratio=False)))


def test_the_pixels_given_are_left_as_they_are():
    pixels = np.full((1, 4, 4, 3), 100, "float32")
    for values in VALUES.values():
        got = hub_preprocessing(Model(hub.preprocessor("ResNet", **values)))(pixels)
        assert not np.shares_memory(got, pixels)
    assert (pixels == 100).all()
