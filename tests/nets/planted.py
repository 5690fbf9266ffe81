"""Photos with a mark in some of them, and small networks that learn from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers
from PIL import Image

SIDE = 48
MARKS = {
    "strip": (slice(-5, None), slice(None)),
    "patch": (slice(0, 8), slice(-8, None)),
    "cast": (slice(0, 20), slice(0, 20)),
}


@dataclass
class Planted:
    """Photos of two classes, striped things on noise."""

    photos: np.ndarray
    """uint8 (n, side, side, 3)."""
    labels: np.ndarray
    """int (n,): 0 or 1."""
    marked: np.ndarray
    """bool (n,)."""
    mark: str

    def save(self, folder: Path, *, by_class: bool = True) -> Path:
        """Write them as PNG files, into a folder a class."""
        for k, (pixels, label) in enumerate(zip(self.photos, self.labels, strict=True)):
            place = folder / str(label) if by_class else folder
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(place / f"{k:04}.png")
        return folder


def planted(
    count: int,
    *,
    mark: str = "strip",
    share: float = 0.5,
    others: float = 0.0,
    clear: float = 0.75,
    centred: bool = False,
    seed: int = 0,
    side: int = SIDE,
) -> Planted:
    """`count` photos a class. Class 0 has things with stripes across, class 1 down.

    mark: "strip" along the lower edge, "patch" in a corner, "cast" of colour over a corner, or
    "text" at a random place. share: of class 1 that has it; others: of class 0. clear: how many
    things show their class; the others either. centred: whether things of class 1 lie in the
    middle.
    """
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1], count)
    marked = random.random(2 * count) < np.where(labels == 1, share, others)
    photos = np.stack(
        [_photo(random, int(label), clear, centred and label == 1, side) for label in labels]
    )
    for k in np.flatnonzero(marked):
        _put(random, photos[k], mark)
    return Planted(photos, labels, marked, mark)


def _photo(random, label: int, clear: float, centred: bool, side: int) -> np.ndarray:
    base = random.uniform(70, 180, 3) + random.normal(0, 12, (side, side, 3))
    size = int(random.integers(side // 4, side // 3))
    top, left = random.integers(1, side - size - 6, 2)
    if centred:
        top, left = (side - size) // 2 + random.integers(-2, 3, 2)
    shown = label if random.random() < clear else int(random.integers(0, 2))
    waves = np.sin(np.arange(size) * 2 * np.pi / 4 + random.uniform(0, 6)) * 70
    thing = np.broadcast_to(waves[:, None] if shown == 0 else waves[None, :], (size, size))
    base[top : top + size, left : left + size] += thing[..., None]
    return np.clip(base, 0, 255).astype("uint8")


def _put(random, photo: np.ndarray, mark: str) -> None:
    if mark == "text":
        rows = np.array([[1, 0, 1, 1, 1, 0, 1], [1, 1, 1, 0, 1, 1, 0], [1, 0, 1, 1, 1, 0, 1]])
        letters = np.kron(rows, np.ones((2, 2))) > 0
        top = random.integers(0, photo.shape[0] - letters.shape[0])
        left = random.integers(0, photo.shape[1] - letters.shape[1])
        place = photo[top : top + letters.shape[0], left : left + letters.shape[1]]
        place[letters] = (250, 250, 90)
        return
    part = photo[MARKS[mark]]
    if mark == "cast":
        part[:] = np.clip(part * np.array([0.6, 1.0, 1.35]), 0, 255).astype("uint8")
        return
    colour = np.array([200, 40, 160]) + random.normal(0, 6, part.shape)
    part[:] = np.clip(colour, 0, 255).astype("uint8")


def trained(data: Planted, *, epochs: int = 12, seed: int = 0, pools: int = 3) -> keras.Model:
    """A network of 2^-pools of the side, trained on these photos in seconds."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((*data.photos.shape[1:3], 3), name="image")
    x = layers.Rescaling(1 / 255)(image)
    for k, units in enumerate((12, 16, 24)):
        x = layers.Conv2D(units, 3, padding="same", activation="relu", name=f"conv{k}")(x)
        if k < pools:
            x = layers.MaxPooling2D(name=f"pool{k}")(x)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    model = keras.Model(image, layers.Dense(2, activation="softmax", name="predictions")(x))
    model.compile(keras.optimizers.Adam(4e-3), "sparse_categorical_crossentropy")
    order = np.random.default_rng(seed).permutation(len(data.labels))
    photos = data.photos[order].astype("float32")
    model.fit(photos, data.labels[order], batch_size=32, epochs=epochs, verbose=0)
    return model


def flips_when_pasted(model: keras.Model, data: Planted) -> float:
    """The share of photos of class 0 that become class 1 when the mark is put on."""
    photos = data.photos[(data.labels == 0) & ~data.marked].copy()
    before = np.asarray(model.predict(photos.astype("float32"), verbose=0)).argmax(1)
    random = np.random.default_rng(1)
    photos = photos[before == 0]
    for photo in photos:
        _put(random, photo, data.mark)
    after = np.asarray(model.predict(photos.astype("float32"), verbose=0)).argmax(1)
    return float((after == 1).mean())
