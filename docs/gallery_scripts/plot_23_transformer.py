"""
A vision transformer
====================

Tokens become a grid, the class token is dropped. Attention has methods of its own: rollout knows no
class, transformer attribution and LeGrad do. The network here is a tiny one, trained on the spot to
say whether the disc that is drawn on a crop of the photo is orange or blue.
"""

import keras
import numpy as np
from keras import layers, ops

import seewhy
from seewhy.data import FOLDER

SIDE, PATCH, UNITS = 64, 8, 32
whole = np.asarray(keras.utils.load_img(FOLDER / "chelsea.png"), "float32")
random = np.random.default_rng(0)
rows, cols = np.mgrid[:SIDE, :SIDE]


def draw(blue):
    top, left = random.integers(0, 300 - SIDE), random.integers(0, 451 - SIDE)
    photo = whole[top : top + SIDE, left : left + SIDE].copy()
    row, col = random.integers(10, SIDE - 10, 2)
    photo[np.hypot(rows - row, cols - col) < 9] = (40, 90, 250) if blue else (240, 150, 40)
    return photo.astype("uint8")


class ClassToken(layers.Layer):
    """A learnt token in front of those of the patches."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x):
        token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, UNITS))
        return ops.concatenate([token, x], axis=1)


def block(x, k):
    """A pre-norm transformer block."""
    y = layers.LayerNormalization(name=f"norm{k}a")(x)
    y = layers.MultiHeadAttention(4, UNITS // 4, name=f"attention{k}")(y, y)
    x = layers.Add(name=f"sum{k}a")([x, y])
    y = layers.LayerNormalization(name=f"norm{k}b")(x)
    y = layers.Dense(UNITS, name=f"narrow{k}")(layers.Dense(64, "gelu", name=f"wide{k}")(y))
    return layers.Add(name=f"sum{k}b")([x, y])


keras.utils.set_random_seed(0)
image = keras.Input((SIDE, SIDE, 3))
x = layers.Rescaling(1 / 127.5, -1)(image)
x = layers.Conv2D(UNITS, PATCH, strides=PATCH, name="patches")(x)
x = layers.Reshape((-1, UNITS), name="tokens")(x)
x = block(block(ClassToken()(x), 0), 1)
x = layers.LayerNormalization(name="last")(x)[:, 0]
model = keras.Model(image, layers.Dense(2, activation="softmax", name="head")(x))
model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
labels = random.integers(0, 2, 500)
photos = np.stack([draw(label) for label in labels]).astype("float32")
model.fit(photos, labels, batch_size=32, epochs=8, verbose=0)
print("accuracy", round(model.evaluate(photos, labels, verbose=0)[1], 2))

# %%
sheet = seewhy.compare(
    seewhy.Explainer(model, labels=["orange disc", "blue disc"]),
    draw(1),
    methods=["grad_cam", "attention_rollout", "transformer_attribution", "le_grad"],
    targets=["blue disc"],
)
sheet.sheet()

# %%
# Rollout and transformer attribution find the disc. Of a network so small the pictures show what such
# maps look like rather than how good they are.
