"""A vision transformer that is small enough to be trained while the site is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from PIL import Image

from seewhy.data import FOLDER

SIZE = (64, 96)
"""Rows and columns of its input, about the proportions of the bundled photo."""
PATCH, UNITS = 8, 32
BLUE = (40, 90, 250)
PLACE = (44, 20)
"""Row and column of the disc that is drawn for the pictures, on the cat's cheek."""


def disc_on_photo(path: Path) -> np.ndarray:
    """uint8 (64, 96, 3): the photo, made small, with a disc."""
    return _drawn(_small(path), PLACE, ring=False)


def trained_transformer() -> Any:
    """Trained to tell a ring (class 0) from a disc (1) at any place of the photo."""
    random = np.random.default_rng(0)
    photo = _small(FOLDER / "chelsea.png")
    labels = random.integers(0, 2, 700)
    places = np.stack([random.integers(10, side - 10, len(labels)) for side in SIZE], axis=1)
    photos = [
        _drawn(photo if k % 2 else photo[:, ::-1], tuple(place), ring=label == 0)
        for k, (place, label) in enumerate(zip(places, labels, strict=True))
    ]
    keras.utils.set_random_seed(0)
    model = _vit()
    loss, optimizer = "sparse_categorical_crossentropy", keras.optimizers.Adam(2e-3)
    model.compile(optimizer, loss, metrics=["accuracy"])
    stacked = np.stack(photos).astype("float32")
    model.fit(stacked, labels, batch_size=32, epochs=10, verbose=0)
    accuracy = model.evaluate(stacked, labels, verbose=0)[1]
    if accuracy < 0.95:
        raise ValueError(f"the tiny transformer has learned too little: accuracy {accuracy:.2f}")
    return model


def _small(path: Path) -> np.ndarray:
    rows, cols = SIZE
    with Image.open(path) as photo:
        return np.asarray(photo.convert("RGB").resize((cols, rows), Image.Resampling.BOX))


def _drawn(photo: np.ndarray, place: tuple[int, ...], *, ring: bool) -> np.ndarray:
    rows, cols = np.mgrid[: SIZE[0], : SIZE[1]]
    distance = np.hypot(rows - place[0], cols - place[1])
    changed = photo.copy()
    changed[(distance < 9) & ((distance > 5) | (not ring))] = BLUE
    return changed


def _vit() -> Any:
    """Two pre-norm blocks over patches of 8 × 8 pixels, the mean of whose tokens decides."""
    image = keras.Input((*SIZE, 3))
    x = layers.Rescaling(1 / 127.5, -1)(image)
    x = layers.Conv2D(UNITS, PATCH, strides=PATCH, name="patches")(x)
    x = layers.Reshape((-1, UNITS), name="tokens")(x)
    for k in range(2):
        y = layers.LayerNormalization(name=f"norm{k}a")(x)
        y = layers.MultiHeadAttention(4, UNITS // 4, name=f"attention{k}")(y, y)
        x = layers.Add(name=f"sum{k}a")([x, y])
        y = layers.LayerNormalization(name=f"norm{k}b")(x)
        y = layers.Dense(2 * UNITS, activation="gelu", name=f"wide{k}")(y)
        x = layers.Add(name=f"sum{k}b")([x, layers.Dense(UNITS, name=f"narrow{k}")(y)])
    x = layers.LayerNormalization(name="last")(x)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(image, layers.Dense(2, activation="softmax", name="head")(x))
