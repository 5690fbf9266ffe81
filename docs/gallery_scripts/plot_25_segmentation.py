"""
Segmentation: why is this region called so?
===========================================

A network that labels each pixel is asked about a region: the mean score of a class over the pixels of
a mask, a point, or everything that is predicted as it.
"""

import keras
import numpy as np
from keras import layers

import seewhy
from seewhy import targets

random = np.random.default_rng(0)


def draw():
    photo, where = random.normal(100, 12, (64, 64, 3)), np.zeros((64, 64), int)
    for label, colour in ((1, (200, 70, 60)), (2, (60, 90, 210))):
        top, left = random.integers(2, 42, 2)
        photo[top : top + 18, left : left + 18] = colour
        where[top : top + 18, left : left + 18] = label
    return np.clip(photo, 0, 255).astype("uint8"), where


pairs = [draw() for _ in range(160)]
photos = np.stack([photo for photo, _ in pairs]).astype("float32")
where = np.stack([each for _, each in pairs])
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((64, 64, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(12, 3, strides=2, padding="same", activation="relu", name="down"),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="middle"),
        layers.UpSampling2D(2),
        layers.Conv2D(3, 3, padding="same", activation="softmax", name="pixels"),
    ]
)
model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(photos, where, batch_size=16, epochs=6, verbose=0)
print("accuracy of pixels", round(model.evaluate(photos, where, verbose=0)[1], 3))

# %%
explainer = seewhy.Explainer(model, layer="middle", labels=["ground", "red thing", "blue thing"])
photo, _ = draw()
(row,) = explainer.ask([photo], [targets.region("red thing"), targets.region("blue thing")])
print([explanation.target.name for explanation in row])
row.grid(columns=2)
