"""A vision transformer that is small enough to be trained while the site is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from PIL import Image

from seewhy.data import FOLDER

SIZE = (64, 96)
"""Rows and columns of its input, about the proportions of the bundled photo."""
PATCH, UNITS = 8, 32
RADIUS = 8
"""Of the disc, in pixels of the input."""
COLOURS = ((240, 150, 40), (40, 90, 250))
"""Of the disc, by class: orange and blue."""
PLACE = (44, 20)
"""Row and column of the disc that is drawn for the pictures, on the cat's cheek."""


class ClassToken(layers.Layer):
    """Puts a learnt token in front of the others: (batch, tokens + 1, units)."""

    def build(self, shape: Any) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x: Any) -> Any:
        tokens = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, UNITS))
        return ops.concatenate([tokens, x], axis=1)


def disc_on_photo(path: Path) -> np.ndarray:
    """uint8 (320, 480, 3): the photo with a blue disc."""
    return _drawn(_resized(path, 5), PLACE, 1)


def trained_transformer() -> Any:
    """Trained to tell an orange disc (class 0) from a blue one (1), anywhere on the photo."""
    random = np.random.default_rng(0)
    photo = _resized(FOLDER / "chelsea.png", 1)
    labels = random.integers(0, 2, 500)
    places = np.stack([random.integers(10, side - 10, len(labels)) for side in SIZE], axis=1)
    photos = [
        _drawn(np.roll(photo, random.integers(0, 64, 2), axis=(0, 1)), tuple(place), label)
        for place, label in zip(places, labels, strict=True)
    ]
    keras.utils.set_random_seed(2)
    model = _vit()
    loss, optimizer = "sparse_categorical_crossentropy", keras.optimizers.Adam(2e-3)
    model.compile(optimizer, loss, metrics=["accuracy"])
    stacked = np.stack(photos).astype("float32")
    model.fit(stacked, labels, batch_size=32, epochs=8, verbose=0)
    accuracy = model.evaluate(stacked, labels, verbose=0)[1]
    if accuracy < 0.95:
        raise ValueError(f"the tiny transformer has learned too little: accuracy {accuracy:.2f}")
    return model


def _resized(path: Path, scale: int) -> np.ndarray:
    """The photo at so many times the network's input."""
    rows, cols = SIZE
    with Image.open(path) as photo:
        small = photo.convert("RGB").resize((scale * cols, scale * rows), Image.Resampling.BOX)
        return np.asarray(small)


def _drawn(photo: np.ndarray, place: tuple[int, ...], label: int) -> np.ndarray:
    """With a disc of the class's colour at this place of the network's input."""
    scale = len(photo) / SIZE[0]
    rows, cols = np.mgrid[: photo.shape[0], : photo.shape[1]]
    changed = photo.copy()
    disc = np.hypot(rows - scale * place[0], cols - scale * place[1]) < scale * RADIUS
    changed[disc] = COLOURS[label]
    return changed


def _vit() -> Any:
    """Two pre-norm blocks over a class token and patches of 8 × 8 pixels."""
    image = keras.Input((*SIZE, 3))
    x = layers.Rescaling(1 / 127.5, -1)(image)
    x = layers.Conv2D(UNITS, PATCH, strides=PATCH, name="patches")(x)
    x = layers.Reshape((-1, UNITS), name="tokens")(x)
    x = ClassToken(name="class_token")(x)
    for k in range(2):
        y = layers.LayerNormalization(name=f"norm{k}a")(x)
        y = layers.MultiHeadAttention(4, UNITS // 4, name=f"attention{k}")(y, y)
        x = layers.Add(name=f"sum{k}a")([x, y])
        y = layers.LayerNormalization(name=f"norm{k}b")(x)
        y = layers.Dense(2 * UNITS, activation="gelu", name=f"wide{k}")(y)
        x = layers.Add(name=f"sum{k}b")([x, layers.Dense(UNITS, name=f"narrow{k}")(y)])
    x = layers.LayerNormalization(name="last")(x)
    return keras.Model(image, layers.Dense(2, activation="softmax", name="head")(x[:, 0]))
