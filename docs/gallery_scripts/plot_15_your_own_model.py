"""
Your own Keras model
====================

Any Keras 3 model goes in as it is, or as a ``.keras`` file, and is never changed. What seewhy may have to
be told is the names of the classes and how the model wants its pixels.
"""

import keras
import numpy as np
from keras import layers

import seewhy
from seewhy.data import FOLDER

model = keras.Sequential(
    [
        keras.Input((96, 96, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, activation="relu", name="first"),
        layers.MaxPooling2D(4),
        layers.Conv2D(16, 3, activation="relu", name="second"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, activation="softmax"),
    ]
)

# %%
# So that there is something to see, it learns to tell crops of the cat's face from others.

whole = np.asarray(keras.utils.load_img(FOLDER / "chelsea.png"))
random = np.random.default_rng(0)
corners = np.stack([random.integers(0, 300 - 96, 200), random.integers(0, 451 - 96, 200)], axis=1)
crops = np.stack([whole[r : r + 96, c : c + 96] for r, c in corners]).astype("float32")
is_face = ((corners[:, 1] + 48 > 100) & (corners[:, 1] + 48 < 320)).astype(int)
keras.utils.set_random_seed(0)
model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(crops, is_face, batch_size=32, epochs=10, verbose=0)
print("accuracy", round(model.evaluate(crops, is_face, verbose=0)[1], 2))

# %%
# The layers that can carry a map, and the map. A model with its own ``Rescaling`` says itself how it
# wants its pixels; others are told, for example ``preprocess="unit"``.

for row in seewhy.layers(model):
    print(row.path, row.grid, row.units, "default" if row.default else "")

explainer = seewhy.Explainer(model, labels=["elsewhere", "face"])
shown = [whole[90:186, col : col + 96] for col in (120, 200, 340)]
explainer(shown, "face").grid(columns=3)

# %%
# On the command line: ``seewhy explain photo.jpg --model my.keras --labels names.txt``.
