"""A small classifier and photos, for tests of what is watched while it is trained."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def classifier(classes: int = 3) -> keras.Model:
    """Compiled; (16, 16, 3) → a grid of 8 × 8 → classes."""
    keras.utils.set_random_seed(3)
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="last")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, layers.Dense(classes, activation="softmax")(x))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def data(count: int = 24, classes: int = 3):
    """float32 (count, 16, 16, 3) in 0..1, and classes."""
    numbers = np.random.default_rng(0)
    return numbers.random((count, 16, 16, 3), "float32"), numbers.integers(0, classes, count)


def fit(model: keras.Model, callbacks, epochs: int = 2, **named):
    x, y = data()
    return model.fit(x, y, batch_size=12, epochs=epochs, verbose=0, callbacks=callbacks, **named)


def classifier_of_two_cells() -> keras.Model:
    """The same with a last grid of 2 × 2."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 8, 8, activation="relu")(image)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def without_training(
    model: keras.Model, callback, epochs: int = 1, *, first: int = 0, changed: bool = False
):
    """Calls the callback as `fit` does, which saves the time in which that is traced.

    first: the epoch with which it begins. changed: whether the model's weights are others after
    each epoch. Returns the logs.
    """
    callback.set_model(model)
    callback.set_params({"epochs": first + epochs, "steps": 1, "verbose": 0})
    callback.on_train_begin()
    seen = []
    for epoch in range(first, first + epochs):
        callback.on_epoch_begin(epoch)
        if changed:
            head = model.layers[-1].kernel
            head.assign(np.random.default_rng(epoch).normal(size=head.shape))
        seen.append({"loss": 1.0})
        callback.on_epoch_end(epoch, seen[-1])
    callback.on_train_end()
    return seen
