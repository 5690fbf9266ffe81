"""
A quantity instead of a class
=============================

A network that gives a number has no classes. ``targets.regression`` asks what makes the number larger;
its negative asks what makes it smaller. The network here counts discs.
"""

import keras
import numpy as np
from keras import layers

import seewhy
from seewhy import targets

random = np.random.default_rng(0)
rows, cols = np.mgrid[:48, :48]


def draw(count):
    photo = random.normal(60, 10, (48, 48, 3))
    for row, col in random.integers(6, 42, (count, 2)):
        photo[(rows - row) ** 2 + (cols - col) ** 2 < 16] = (230, 200, 80)
    return np.clip(photo, 0, 255).astype("uint8")


counts = random.integers(0, 6, 300)
photos = np.stack([draw(count) for count in counts])
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((48, 48, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(1),
    ]
)
model.compile(keras.optimizers.Adam(1e-2), "mse")
model.fit(photos.astype("float32"), counts, batch_size=32, epochs=15, verbose=0)
photo = draw(4)
print("discs:", 4, "predicted:", round(float(model.predict(photo[None], verbose=0)[0, 0]), 1))

# %%
explainer = seewhy.Explainer(model)
(explanation,) = explainer([photo], targets.regression())
print(explanation.target.name, round(explanation.score, 2))
explanation.overlay(legend=True)
