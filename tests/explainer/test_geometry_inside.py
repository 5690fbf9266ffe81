"""Models that crop, pad, resize, turn or flip their image themselves: the map lies where they look.

The truth is measured: which pixels move the output at all, and where a single bright spot lies.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from seewhy.errors import OptionError
from seewhy.explainer.explainer import Explainer

CELL = 4
SPOT = 6


class Cut(layers.Layer):
    """A layer of a user's own."""

    def call(self, x):
        return x[:, 12:, :-16]


class Turned(layers.Layer):
    def call(self, x):
        return ops.transpose(x, (0, 2, 1, 3))


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """Cuts and turns between its layers, in its own call."""

    def __init__(self, step):
        super().__init__()
        self.step = step
        self.cells = cells(2)
        self.pool = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(1, kernel_initializer="ones")

    def call(self, x):
        return self.head(self.pool(self.cells(self.step(x))))


def cells(rank):
    convolution = (layers.Conv1D, layers.Conv2D, layers.Conv3D)[rank - 1]
    return convolution(
        1, CELL, strides=CELL, padding="same", activation="relu", kernel_initializer="ones"
    )


def model_with(step, shape):
    rank = len(shape) - 1
    inputs = keras.Input(shape)
    pool = (
        layers.GlobalAveragePooling1D,
        layers.GlobalAveragePooling2D,
        layers.GlobalAveragePooling3D,
    )[rank - 1]
    x = pool()(cells(rank)(step(inputs)))
    return keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(x))


def subclassed(step, shape):
    model = Subclassed(step)
    model(np.zeros((1, *shape), "float32"))
    return model


def pooled_first(step):
    """The same step behind a convolution and a pooling, where a pixel is a cell of two."""
    convolution = layers.Conv2D(1, 3, padding="same", kernel_initializer="ones")
    return lambda x: step(layers.AveragePooling2D(2)(convolution(x)))


def nested(step, shape):
    inputs = keras.Input(shape)
    inner = keras.Model(inputs, step(inputs))
    return lambda x: inner(x)


WIDE, SQUARE = (48, 80, 1), (64, 64, 1)
FOLLOWED = {
    "nothing": (lambda x: x, WIDE),
    "cropped": (layers.Cropping2D(((20, 4), (0, 12))), WIDE),
    "cropped, one side": (layers.Cropping2D(((0, 0), (37, 0))), WIDE),
    "centre": (layers.CenterCrop(24, 32), WIDE),
    "centre, larger than the image": (layers.CenterCrop(64, 64), WIDE),
    "padded below": (layers.ZeroPadding2D(((0, 32), (0, 0))), WIDE),
    "padded all around": (layers.ZeroPadding2D(24), WIDE),
    "padded to its aspect ratio": (layers.Resizing(64, 64, pad_to_aspect_ratio=True), WIDE),
    "cropped to its aspect ratio": (layers.Resizing(64, 64, crop_to_aspect_ratio=True), WIDE),
    "resized": (layers.Resizing(64, 32), WIDE),
    "permuted": (layers.Permute((2, 1, 3)), WIDE),
    "permuted square": (layers.Permute((2, 1, 3)), SQUARE),
    "permuted, cropped": (
        lambda x: layers.Cropping2D(((0, 30), (0, 0)))(layers.Permute((2, 1, 3))(x)),
        SQUARE,
    ),
    "transposed": (lambda x: ops.transpose(x, (0, 2, 1, 3)), SQUARE),
    "axes swapped": (lambda x: ops.swapaxes(x, 1, 2), SQUARE),
    "axis moved": (lambda x: ops.moveaxis(x, 2, 1), SQUARE),
    "flipped": (lambda x: ops.flip(x, axis=2), WIDE),
    "a quarter turn": (lambda x: ops.rot90(x, k=1, axes=(1, 2)), WIDE),
    "a quarter turn of a square": (lambda x: ops.rot90(x, k=1, axes=(1, 2)), SQUARE),
    # of others than squares, Keras 3 on TensorFlow scrambles half turns
    "a half turn": (lambda x: ops.rot90(x, k=2, axes=(1, 2)), SQUARE),
    "three quarter turns": (lambda x: ops.rot90(x, k=3, axes=(1, 2)), SQUARE),
    "sliced": (lambda x: x[:, 13:41, 22:], WIDE),
    "sliced from the end": (lambda x: x[:, :-20, ..., :], WIDE),
    "sliced backwards": (lambda x: x[:, ::-1], WIDE),
    "sliced with steps": (lambda x: x[:, ::2, 8::2], WIDE),
    "padded by an operation": (lambda x: ops.pad(x, ((0, 0), (30, 0), (0, 0), (0, 0))), WIDE),
    "cropped by an operation": (
        lambda x: ops.image.crop_images(x, 20, 30, target_height=20, target_width=40),
        WIDE,
    ),
    "padded by an image operation": (
        lambda x: ops.image.pad_images(x, 8, 40, target_height=64, target_width=128),
        WIDE,
    ),
    "cropped, then padded": (
        lambda x: layers.ZeroPadding2D(((0, 16), (0, 0)))(layers.Cropping2D(((16, 0), (0, 0)))(x)),
        WIDE,
    ),
    "cropped, then resized": (
        lambda x: layers.Resizing(40, 40)(layers.Cropping2D(((16, 0), (40, 0)))(x)),
        WIDE,
    ),
    "in a model within": (nested(layers.Cropping2D(((20, 4), (0, 12))), WIDE), WIDE),
    "enlarged": (lambda x: layers.UpSampling2D(2)(layers.Cropping2D(((20, 0), (0, 0)))(x)), WIDE),
    "steps cropped": (layers.Cropping1D((40, 8)), (96, 1)),
    "steps padded": (layers.ZeroPadding1D((0, 64)), (96, 1)),
    "steps in units": (lambda x: layers.Permute((2, 1))(layers.Permute((2, 1))(x)), (96, 1)),
    "volume cropped": (layers.Cropping3D(((4, 0), (0, 8), (8, 0))), (16, 24, 32, 1)),
    "volume padded": (layers.ZeroPadding3D(((0, 16), (0, 0), (0, 0))), (16, 24, 32, 1)),
    "volume turned": (layers.Permute((3, 1, 2, 4)), (16, 24, 32, 1)),
}
FOUND = {
    "lambda that crops": (lambda x: layers.Lambda(lambda y: y[:, 20:, 8:])(x), WIDE),
    "lambda that turns": (
        lambda x: layers.Lambda(lambda y: ops.transpose(y, (0, 2, 1, 3)))(x),
        SQUARE,
    ),
    "lambda that flips": (lambda x: layers.Lambda(lambda y: ops.flip(y, axis=1))(x), SQUARE),
    "a layer that crops": (Cut(), WIDE),
    "a layer that turns": (Turned(), SQUARE),
}
IN_CALL = {
    "crops in its call": (lambda x: x[:, 12:44, 24:], WIDE),
    "turns in its call": (lambda x: ops.transpose(x, (0, 2, 1, 3)), SQUARE),
    "crops the middle in its call": (lambda x: x[:, 16:48, 16:48], SQUARE),
}


def explained(model, images):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        explanations = Explainer(model)(images)
    return explanations, [str(each.message) for each in told]


def seen_along(model, shape, axis):
    """bool of an axis' length: whether a change there moves the output."""
    image = np.random.default_rng(0).uniform(1, 2, shape).astype("float32")
    copies = np.stack([image] * (shape[axis] + 1))
    for k in range(shape[axis]):
        copies[(k, *[slice(None)] * axis, k)] *= 3
    outputs = ops.convert_to_numpy(model(copies)).ravel()
    return np.abs(outputs[:-1] - outputs[-1]) > 1e-6 * abs(outputs[-1])


def spots(seen):
    """Corners of spots inside what is seen: near both ends of every axis, and between."""
    ranges = [np.flatnonzero(part) for part in seen]
    ends = [(r[0] + 1, (r[0] + r[-1] - SPOT) // 2, r[-1] - SPOT) for r in ranges]
    return [*zip(*ends, strict=True), tuple(e[k % 3] for k, e in enumerate(ends))]


def spot(shape, corner):
    image = np.zeros(shape, "float32")
    image[tuple(slice(at, at + SPOT) for at in corner)] = 1
    return image


def check(model, shape):
    seen = [seen_along(model, shape, axis) for axis in range(len(shape) - 1)]
    corners = spots(seen)
    explanations, told = explained(model, [spot(shape, corner) for corner in corners])
    for corner, explanation in zip(corners, explanations, strict=True):
        heat = explanation.heatmap
        hot = np.argwhere(heat > 0.8 * heat.max()).mean(axis=0)
        cells = [
            part.sum() / count for part, count in zip(seen, explanation.map.shape, strict=True)
        ]
        truth = np.array(corner) + SPOT / 2 - 0.5
        assert np.all(np.abs(hot - truth) <= np.maximum(cells, 2) + 1), (corner, hot)
    for axis, part in enumerate(seen):
        others = tuple(k for k in range(len(seen)) if k != axis)
        shown = np.flatnonzero(explanations[0].geometry.seen.any(axis=others))
        ends = np.flatnonzero(part)[[0, -1]]  # between them, steps may leave pixels out
        np.testing.assert_allclose(shown[[0, -1]], ends, atol=1)
    return told


@pytest.mark.parametrize("kind", FOLLOWED)
def test_steps_of_keras_are_followed(kind):
    if kind == "sliced backwards" and keras.backend.backend() == "torch":
        pytest.skip("torch takes no slices with negative steps")
    step, shape = FOLLOWED[kind]
    told = check(model_with(step, shape), shape)
    assert not [text for text in told if "geometry-unknown" in text]


@pytest.mark.parametrize("kind", ["cropped", "centre", "sliced", "padded below"])
def test_also_behind_other_layers(kind):
    step, shape = FOLLOWED[kind]
    doubled = (shape[0] * 2, shape[1] * 2, 1)
    model = model_with(pooled_first(step), doubled)
    check(model, doubled)


@pytest.mark.parametrize("kind", FOUND)
def test_steps_of_users_are_found_and_told(kind):
    step, shape = FOUND[kind]
    told = check(model_with(step, shape), shape)
    assert [text for text in told if "geometry-unknown" in text]


@pytest.mark.parametrize("kind", IN_CALL)
def test_what_a_model_does_in_its_own_call(kind):
    step, shape = IN_CALL[kind]
    told = check(subclassed(step, shape), shape)
    assert [text for text in told if "geometry-unknown" in text]


@pytest.mark.parametrize("step", [lambda x: ops.roll(x, 16, axis=1), lambda x: ops.sort(x, axis=1)])
def test_what_no_straight_line_leads_to_is_told(step):
    _, told = explained(model_with(step, SQUARE), [spot(SQUARE, (20, 20))])
    assert [text for text in told if "geometry-unknown" in text]


def test_a_part_of_several_is_found():
    def right_half(x):
        return ops.split(x, 2, axis=2)[1]

    told = check(model_with(right_half, WIDE), WIDE)
    assert [text for text in told if "geometry-unknown" in text]


def test_signals_whose_channels_come_first_are_told():
    inputs = keras.Input((2, 96))
    x = layers.GlobalAveragePooling1D()(cells(1)(layers.Permute((2, 1))(inputs)))
    model = keras.Model(inputs, layers.Dense(1)(x))
    _, told = explained(model, [np.ones((2, 96), "float32")])
    assert [text for text in told if "geometry-unknown" in text]


def test_a_subclassed_model_that_moves_nothing_is_not_warned_of():
    told = check(subclassed(lambda x: x + 1, SQUARE), SQUARE)
    assert not [text for text in told if "geometry-unknown" in text]


def test_copies_that_would_show_other_parts_are_refused():
    model = model_with(layers.Cropping2D(((0, 0), (0, 40))), WIDE)
    for enhance in ("flips", "scales"):
        with pytest.raises(OptionError, match="crops"):
            Explainer(model, enhance=enhance)
    Explainer(model, enhance="noise")
    centred = model_with(layers.CenterCrop(24, 40), WIDE)
    Explainer(centred, enhance="flips")


def test_checks_of_trust_know_what_the_layer_sees():
    one_side = model_with(layers.Cropping2D(((0, 0), (0, 40))), WIDE)
    explanations, _ = explained(one_side, [spot(WIDE, (20, 10))])
    checks = {check.name: check for check in explanations[0].trust().checks}
    assert checks["stable under a flip"].passed is None
    assert "one side" in checks["stable under a flip"].words
    centred = model_with(layers.CenterCrop(24, 40), WIDE)
    explanations, _ = explained(centred, [spot(WIDE, (20, 45))])
    checks = {check.name: check for check in explanations[0].trust().checks}
    assert checks["stable under a flip"].passed
    assert checks["is the method's own map"].passed
