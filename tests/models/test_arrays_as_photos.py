"""Float arrays: prepared inputs, or photos; and ranges that cannot be what the model wants."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from seewhy import errors
from seewhy.explainer.explainer import Explainer

SIDE = 24
PIXELS = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype("uint8")


def model(*scaling):
    inputs = keras.Input((SIDE, SIDE, 3))
    x = inputs
    for layer in scaling:
        x = layer(x)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    keras.utils.set_random_seed(0)
    return keras.Model(inputs, outputs)


def explained(model, image, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Explainer(model, top=3, **options)([image])[0]


def probabilities(explanation):
    return {each.index: each.probability for each in explanation.predictions}


def own(model, image):
    return dict(enumerate(ops.convert_to_numpy(model(image[None].astype("float32")))[0].tolist()))


def assert_sees(explanation, model, image):
    expected = own(model, image)
    for index, probability in probabilities(explanation).items():
        assert probability == pytest.approx(expected[index], abs=1e-5)


def test_floats_are_prepared_where_nothing_is_said():
    net = model()
    ready = PIXELS / 127.5 - 1
    explanation = explained(net, ready.astype("float32"))
    assert_sees(explanation, net, ready)
    assert not [note for note in explanation.warnings if "range" in note]


def test_floats_as_photos():
    net = model()
    for floats in (PIXELS.astype("float32"), PIXELS.astype("float64")):
        explanation = explained(net, floats, preprocess="tf", prepared=False)
        assert_sees(explanation, net, PIXELS / 127.5 - 1)
    shares = explained(net, (PIXELS / 255).astype("float32"), preprocess="tf", prepared=False)
    assert_sees(shares, net, PIXELS / 127.5 - 1)
    assert [note for note in shares.warnings if "range-assumed" in note]
    tens = explained(net, PIXELS / 25.5, preprocess="tf", prepared=False, range=(0, 10))
    assert_sees(tens, net, PIXELS / 127.5 - 1)


def test_floats_of_another_size_are_photos_too():
    large = np.repeat(np.repeat(PIXELS, 2, axis=0), 3, axis=1)
    net = model()
    floats = explained(net, large.astype("float32"), preprocess="unit", prepared=False)
    photo = explained(net, large, preprocess="unit")
    assert probabilities(floats) == pytest.approx(probabilities(photo), abs=1e-3)
    assert floats.heatmap.shape == large.shape[:2]


def test_what_is_said_of_pixels_is_done_or_refused():
    net = model()
    explanation = explained(net, PIXELS.astype("float32"), preprocess="tf")
    assert_sees(explanation, net, PIXELS / 127.5 - 1)
    for ready in (PIXELS / 127.5 - 1, PIXELS / 255):
        with pytest.raises(errors.ImageError, match="prepared=True"):
            explained(net, ready.astype("float32"), preprocess="tf")
        known = explained(net, ready.astype("float32"), preprocess="tf", prepared=True)
        assert_sees(known, net, ready)


def test_no_photo_at_all():
    for values in (PIXELS - 300.0, PIXELS * 2.0):
        with pytest.raises(errors.ImageError, match="range="):
            explained(model(), values, preprocess="tf", prepared=False)
    with pytest.raises(errors.ImageError, match="NaN"):
        explained(model(), np.full((SIDE, SIDE, 3), np.nan), preprocess="tf", prepared=False)
    with pytest.raises(errors.OptionError, match="prepared"):
        Explainer(model(), prepared="yes")


@pytest.mark.parametrize(
    ("scaling", "right", "wrong"),
    [
        ([layers.Rescaling(1 / 255)], 1, 1 / 255),
        ([layers.Rescaling(1 / 127.5, -1)], 1, 1 / 127.5),
    ],
)
def test_a_range_that_the_model_cannot_want_is_told(scaling, right, wrong):
    net = model(*scaling)
    fine = explained(net, (PIXELS * right).astype("float32"))
    assert not [note for note in fine.warnings if "range-unlikely" in note]
    told = explained(net, (PIXELS * wrong).astype("float32"))
    assert [note for note in told.warnings if "range-unlikely" in note and "prepared=" in note]
    known = explained(net, (PIXELS * wrong).astype("float32"), prepared=True)
    assert not [note for note in known.warnings if "range-unlikely" in note]


def test_pixels_for_a_known_network_are_told():
    keras.utils.set_random_seed(0)
    net = keras.applications.MobileNetV2((32, 32, 3), weights=None, classes=5)
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype("float32")
    told = explained(net, photo)
    assert [note for note in told.warnings if "range-unlikely" in note]
    assert not [n for n in explained(net, photo / 127.5 - 1).warnings if "range-unlikely" in n]
    as_photo = explained(net, photo, prepared=False)
    assert_sees(as_photo, net, photo / 127.5 - 1)


def test_more_than_8_bits_reach_the_network():
    inputs = keras.Input((SIDE, SIDE, 1))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1)(layers.Rescaling(1 / 255)(inputs)))
    net = keras.Model(inputs, layers.Dense(2, activation="softmax")(x))
    scan = (np.random.default_rng(0).random((SIDE, SIDE)) * 4095).astype("uint16")
    explanation = explained(net, scan, range=(0, 4095))
    assert_sees(explanation, net, scan[..., None] / 4095 * 255)
    assert not explanation.warnings
    assert [note for note in explained(net, scan).warnings if "high-bit-depth" in note]


class Resizes(keras.Model):
    def __init__(self, side=64):
        super().__init__()
        self.side = side
        self.conv = layers.Conv2D(4, 3, strides=4, padding="same", activation="relu")
        self.pool = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(3, activation="softmax")

    def call(self, x):
        return self.head(self.pool(self.conv(ops.image.resize(x / 255, (self.side, self.side)))))


def free(step):
    inputs = keras.Input((None, None, 3))
    x = step(layers.Rescaling(1 / 255)(inputs))
    x = layers.Conv2D(4, 3, strides=4, padding="same", activation="relu")(x)
    return keras.Model(
        inputs, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    )


RESIZING = {
    "resized": lambda: free(layers.Resizing(64, 64)),
    "padded": lambda: free(layers.Resizing(64, 64, pad_to_aspect_ratio=True)),
    "cropped": lambda: free(layers.Resizing(64, 64, crop_to_aspect_ratio=True)),
    "centre": lambda: free(layers.CenterCrop(40, 64)),
    "an operation": lambda: free(lambda x: ops.image.resize(x, (64, 64))),
    "a lambda": lambda: free(layers.Lambda(lambda x: ops.image.resize(x, (64, 64)))),
    "in its own call": Resizes,
    "to the usual size": lambda: free(layers.Resizing(224, 224, pad_to_aspect_ratio=True)),
    "to the usual size by a lambda": lambda: free(
        layers.Lambda(lambda x: ops.image.resize(x, (224, 224)))
    ),
    "to the usual size in its own call": lambda: Resizes(224),
}


@pytest.mark.parametrize("kind", RESIZING)
def test_a_model_that_resizes_gets_the_photo_as_it_is(kind):
    keras.utils.set_random_seed(0)
    net = RESIZING[kind]()
    net(np.zeros((1, 80, 80, 3), "float32"))
    for size in ((50, 150), (90, 70)):
        photo = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype("uint8")
        photo[:, : size[1] // 3] //= 4
        explanation = explained(net, photo, preprocess="none")
        assert_sees(explanation, net, photo)
        assert explanation.heatmap.shape == size
    squashed = explained(net, photo, preprocess="none", size=80)
    assert squashed.geometry.input == (80, 80)
