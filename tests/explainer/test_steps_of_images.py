"""Recurrent layers in image models: their steps are bands of the photo, or refused; never a grid.

And layers whose channels come first though the model's do not.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from seewhy import errors
from seewhy.explainer.explainer import Explainer

HEIGHT, WIDTH = 32, 96


def columns(x):
    """Activations whose one row of cells are 24 columns of the photo."""
    x = layers.Conv2D(6, 3, padding="same", activation="relu", kernel_initializer="ones")(x)
    return layers.AveragePooling2D((HEIGHT, 4))(x)


def line_reader(recurrent, behind=()):
    """As text is read: a convolution, its columns as steps, a recurrent layer over them."""
    inputs = keras.Input((HEIGHT, WIDTH, 1))
    x = recurrent(layers.Reshape((24, 6))(columns(inputs)))
    for layer in behind:
        x = layer(x)
    outputs = layers.Dense(4, activation="softmax")(x)
    return keras.Model(inputs, outputs)


def mixed_reader():
    """The rows of a coarse grid go into the units, as in Keras's example of captchas."""
    inputs = keras.Input((HEIGHT, WIDTH, 1))
    x = layers.Permute((2, 1, 3))(inputs)
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(4)(x)
    x = layers.Dense(8, activation="relu", name="dense")(layers.Reshape((24, 8 * 4))(x))
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True), name="steps")(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def row_reader():
    """The rows of the image itself are the steps."""
    inputs = keras.Input((28, 28, 1))
    x = layers.Reshape((28, 28))(inputs)
    x = layers.LSTM(5, return_sequences=True, name="steps")(x)
    x = layers.LSTM(4)(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def gru(**options):
    return layers.GRU(5, return_sequences=True, name="steps", **options)


BANDS = {
    "GRU": (lambda: line_reader(gru()), (1, 24)),
    "SimpleRNN": (
        lambda: line_reader(layers.SimpleRNN(5, return_sequences=True, name="steps")),
        (1, 24),
    ),
    "Bidirectional": (
        lambda: line_reader(
            layers.Bidirectional(layers.LSTM(5, return_sequences=True), name="steps")
        ),
        (1, 24),
    ),
    "behind it": (
        lambda: line_reader(
            layers.GRU(5, return_sequences=True), [layers.Dense(7, activation="relu", name="steps")]
        ),
        (1, 24),
    ),
    "rows in units": (mixed_reader, (1, 24)),
    "rows as steps": (row_reader, (28, 1)),
}


def explained(model, image, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Explainer(model, **options)([image])[0]


@pytest.mark.parametrize("kind", BANDS)
def test_steps_are_bands(kind):
    make, grid = BANDS[kind]
    keras.utils.set_random_seed(0)
    model = make()
    image = np.random.default_rng(0).random(model.input_shape[1:]).astype("float32")
    target = lambda outputs: ops.sum(outputs[..., 0], axis=tuple(range(1, len(outputs.shape) - 1)))  # noqa: E731
    explanation = explained(model, image, layer="steps", method="hires-cam")
    assert explanation.map.shape == grid
    explanation = Explainer(model, layer="steps")([image], [target])[0]
    across = 0 if grid[0] == 1 else 1
    heat = explanation.heatmap
    np.testing.assert_allclose(heat, np.broadcast_to(heat.take([0], across), heat.shape))


def test_a_step_lies_over_its_columns():
    inputs = keras.Input((HEIGHT, WIDTH, 1))
    steps = layers.Dense(1, kernel_initializer="ones", name="steps")(
        layers.Reshape((24, 6))(columns(inputs))
    )
    pooled = layers.GlobalAveragePooling1D()(steps)
    model = keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(pooled))
    image = np.zeros((HEIGHT, WIDTH, 1), "float32")
    image[:, 60:64] = 1
    heat = explained(model, image, layer="steps").heatmap
    assert abs(int(heat[0].argmax()) - 61.5) <= 2.5


def test_steps_over_patches_are_no_grid():
    inputs = keras.Input((32, 32, 1))
    x = layers.Conv2D(6, 8, strides=8, activation="relu", name="patches")(inputs)
    x = layers.Reshape((16, 6))(x)
    x = layers.GRU(6, return_sequences=True, name="steps")(x)
    model = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    image = np.random.default_rng(0).random((32, 32, 1)).astype("float32")
    assert explained(model, image).layer == "patches"
    with pytest.raises(errors.LayerError, match="patches"):
        Explainer(model, layer="steps")


class ChannelsFirst(layers.Layer):
    """What a wrapped network of another framework gives: units in front, nothing to look into."""

    def call(self, x):
        kernel = ops.ones((2, 2, x.shape[1], 6)) / 12
        x = ops.transpose(x, (0, 2, 3, 1))
        return ops.transpose(ops.relu(ops.conv(x, kernel, strides=2)), (0, 3, 1, 2))


class Wraps(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = ChannelsFirst(name="body")
        self.head = layers.Dense(3)

    def call(self, x):
        return self.head(ops.mean(self.body(ops.transpose(x, (0, 3, 1, 2))), axis=(2, 3)))


@pytest.mark.parametrize("shape", [(24, 40, 3), (32, 32, 3)])
@pytest.mark.parametrize("functional", [True, False])
def test_units_in_front_are_recognised(shape, functional):
    if functional:
        inputs = keras.Input(shape)
        x = ChannelsFirst(name="body")(layers.Permute((3, 1, 2))(inputs))
        model = keras.Model(inputs, layers.Dense(3)(ops.mean(x, axis=(2, 3))))
    else:
        model = Wraps()
        model(np.zeros((1, *shape), "float32"))
    image = np.zeros(shape, "float32")
    image[4:8, 10:14] = 1
    explainer = Explainer(model, layer="body", method="hires-cam")
    explanation = explainer([image], [lambda outputs: ops.sum(outputs**2, axis=-1)])[0]
    assert explanation.map.shape == (shape[0] // 2, shape[1] // 2)
    hot = np.argwhere(np.abs(explanation.map) > 0.5 * np.abs(explanation.map).max())
    np.testing.assert_allclose(hot.mean(axis=0), (2.5, 5.5), atol=0.6)
