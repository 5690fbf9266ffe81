"""
Your own preprocessing
======================

A map is only as right as the pixels that the network got. seewhy asks rather than guesses: without a
word about preprocessing, a model that does not say it itself is refused.
"""

import keras
import numpy as np
from keras import layers

import seewhy
from seewhy.data import FOLDER

photo = FOLDER / "chelsea.png"
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((64, 64, 3)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, activation="softmax"),
    ]
)
try:
    seewhy.explain(model, photo)
except seewhy.errors.PreprocessError as error:
    print(error)

# %%
# A mode by its name, or a function from float32 RGB 0..255 (batch, height, width, 3).

named = seewhy.explain(model, photo, preprocess="unit")


def centred(pixels):
    return (pixels - 127.5) / 64


own = seewhy.explain(model, photo, preprocess=centred)
print(f"{named.score:.3f} {own.score:.3f}")
seewhy.on_one_scale([named, own])[1].overlay(legend=True)

# %%
# A float array is taken as already preprocessed, in the model's own shape.

ready = np.asarray(keras.utils.load_img(photo, target_size=(64, 64)), "float32") / 255
same = seewhy.explain(model, ready)
print(f"{same.score:.3f}")
