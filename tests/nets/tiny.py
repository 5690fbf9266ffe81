"""Tiny networks with fixed random weights, the same on every backend."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def fixed(model: keras.Model, seed: int = 0) -> keras.Model:
    """The model with weights drawn from a seed, alive at every layer."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        if variable.dtype.startswith(("float", "bfloat")):
            scale = 1 / np.sqrt(max(1, np.prod(variable.shape[:-1])))
            value = random.normal(0, 1.5 * scale, variable.shape)
            if "variance" in variable.path or "gamma" in variable.path:
                value = 0.5 + np.abs(value)
            variable.assign(value.astype("float32"))
    return model


def trunk(x, units: int = 6):
    """Two convolutions, a pooling and a residual block: (32, 32, 3) → (16, 16, units)."""
    x = layers.Conv2D(units, 3, padding="same", activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    y = layers.Conv2D(units, 3, padding="same", use_bias=False, name="conv2")(x)
    y = layers.BatchNormalization(name="bn2")(y)
    y = layers.ReLU(name="relu2")(y)
    y = layers.Conv2D(units, 3, padding="same", name="conv3")(y)
    x = layers.Add(name="sum3")([x, y])
    return layers.Activation("relu", name="relu3")(x)


def plain(head: str = "softmax", classes: int = 5, side: int | None = 32) -> keras.Model:
    """A small classifier: trunk, global average pooling, and one of several heads."""
    image = keras.Input((side, side, 3), name="image")
    x = layers.GlobalAveragePooling2D(name="gap")(trunk(image))
    x = HEADS[head](x, classes)
    return fixed(keras.Model(image, x, name=f"plain_{head.replace(' ', '_')}"))


def _dense(activation):
    return lambda x, n: layers.Dense(n, activation=activation, name="predictions")(x)


def _separate(step):
    return lambda x, n: step(layers.Dense(n, name="logits")(x))


def _convolution(x, n):
    x = layers.Reshape((1, 1, -1))(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(n, 1, activation="softmax", name="predictions")(x)
    return layers.Flatten()(x)


HEADS = {
    "softmax": _dense("softmax"),
    "sigmoid": _dense("sigmoid"),
    "logits": _dense(None),
    "softmax layer": _separate(lambda x: layers.Softmax(name="closing")(x)),
    "activation layer": _separate(lambda x: layers.Activation("softmax", name="closing")(x)),
    "sigmoid layer": _separate(lambda x: layers.Activation("sigmoid", name="closing")(x)),
    "softmax operation": _separate(lambda x: keras.ops.softmax(x)),
    "convolution": _convolution,
}


def flat(classes: int = 5) -> keras.Sequential:
    """A VGG-like net: convolutions, pooling, then dense layers on the flattened grid."""
    return fixed(
        keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                layers.Conv2D(6, 3, padding="same", activation="relu", name="conv1"),
                layers.MaxPooling2D(name="pool1"),
                layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2"),
                layers.MaxPooling2D(name="pool2"),
                layers.Flatten(name="flatten"),
                layers.Dense(12, activation="relu", name="fc"),
                layers.Dense(classes, activation="softmax", name="predictions"),
            ],
            name="flat",
        )
    )


def nested(classes: int = 5) -> keras.Sequential:
    """Transfer learning: a functional base in a Sequential with its own Rescaling and head."""
    image = keras.Input((32, 32, 3))
    base = keras.Model(image, trunk(image), name="base")
    base.trainable = False
    return fixed(
        keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                layers.Rescaling(1 / 127.5, offset=-1, name="rescale"),
                base,
                layers.GlobalAveragePooling2D(name="gap"),
                layers.Dense(classes, activation="softmax", name="predictions"),
            ],
            name="nested",
        )
    )


def images(count: int = 3, side: int = 32, seed: int = 1) -> np.ndarray:
    """float32 (count, side, side, 3), standard normal: network inputs."""
    return np.random.default_rng(seed).normal(size=(count, side, side, 3)).astype("float32")


def photos(count: int = 3, side: int = 48, seed: int = 6) -> np.ndarray:
    """uint8 (count, side, side, 3) of coarse coloured blocks under fine noise.

    Without the noise all values within a block are equal, and which of them a max pooling takes
    is up to the processor.
    """
    random = np.random.default_rng(seed)
    blocks = random.integers(30, 226, (count, side // 8, side // 8, 3))
    noise = random.integers(-30, 31, (count, side, side, 3))
    return (blocks.repeat(8, axis=1).repeat(8, axis=2) + noise).astype("uint8")


def volumes():
    volume = keras.Input((6, 8, 8, 1))
    # no ReLU: TensorFlow has two kernels for MaxPooling3D, which treat ties of zeros differently
    x = layers.Conv3D(4, 3, padding="same")(volume)
    x = layers.Flatten()(layers.MaxPooling3D()(x))
    return fixed(keras.Model(volume, layers.Dense(3)(x)))


def pixels():
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
    return fixed(keras.Model(image, layers.Conv2D(3, 1, activation="softmax")(x)))
