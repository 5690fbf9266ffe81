"""
Several labels at once
======================

A network with a sigmoid for each label may say several at once. Each label has its own map, and
``targets.multi_label`` asks for all that are predicted together. The network here is a small one that is
trained to say whether a photo has something red, green or blue in it.
"""

import keras
import numpy as np
from keras import layers

import seewhy
from seewhy import targets

random = np.random.default_rng(0)


def draw(has):
    photo = random.normal(110, 12, (48, 48, 3))
    for k in np.flatnonzero(has):
        top, left = random.integers(0, 34, 2)
        photo[top : top + 14, left : left + 14] = 60
        photo[top : top + 14, left : left + 14, k] = 210
    return np.clip(photo, 0, 255).astype("uint8")


has = random.integers(0, 2, (240, 3))
photos = np.stack([draw(each) for each in has])
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((48, 48, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(12, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(3, activation="sigmoid"),
    ]
)
model.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy", metrics=["binary_accuracy"])
model.fit(photos.astype("float32"), has, batch_size=32, epochs=15, verbose=0)
print("accuracy", round(model.evaluate(photos.astype("float32"), has, verbose=0)[1], 3))

# %%
# A photo with something red and something blue: one map for each label, and one for both.

photo = draw([1, 0, 1])
explainer = seewhy.Explainer(model, labels=["red", "green", "blue"])
(row,) = explainer.ask([photo], ["red", "blue", targets.multi_label()])
print([explanation.target.name for explanation in row])
row.grid(columns=3)
