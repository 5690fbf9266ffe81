"""Small transformers by hand, with the parts that models in the wild are made of."""

from __future__ import annotations

import keras
from keras import layers, ops

from nets import tiny


@keras.saving.register_keras_serializable("seewhy-tests")
class Prefix(layers.Layer):
    """Puts learnt tokens in front: a class token, and registers."""

    def __init__(self, count=1, **options):
        super().__init__(**options)
        self.count = count

    def build(self, shape):
        self.tokens = self.add_weight(shape=(1, self.count, shape[-1]), name="tokens")

    def call(self, x):
        tokens = ops.broadcast_to(self.tokens, (ops.shape(x)[0], self.count, x.shape[-1]))
        return ops.concatenate([ops.cast(tokens, x.dtype), x], axis=1)

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] and shape[1] + self.count, shape[2])


class Block(layers.Layer):
    """A pre-norm transformer block as a custom layer, without a graph inside."""

    def __init__(self, units=8, **options):
        super().__init__(**options)
        self.norm1 = layers.LayerNormalization(name="norm1")
        self.attention = layers.MultiHeadAttention(2, units // 2, name="attention")
        self.norm2 = layers.LayerNormalization(name="norm2")
        self.wide = layers.Dense(2 * units, activation="gelu", name="wide")
        self.narrow = layers.Dense(units, name="narrow")

    def build(self, shape):
        self.norm1.build(shape)
        self.attention.build(shape, shape)
        self.norm2.build(shape)
        self.wide.build(shape)
        self.narrow.build((*shape[:-1], self.wide.units))

    def call(self, x):
        y = self.norm1(x)
        x = x + self.attention(y, y)
        return x + self.narrow(self.wide(self.norm2(x)))


def vit(prefix=1, pool="token", size=(32, 32), classes=3, depth=2, custom=True):
    """A ViT with 8 × 8 patches; pool: "token" or "mean"."""
    image = keras.Input((*size, 3))
    x = layers.Conv2D(8, 8, strides=8, name="patches")(image)
    x = layers.Reshape((-1, 8), name="tokens")(x)
    if prefix:
        x = Prefix(prefix, name="prefix")(x)
    for i in range(depth):
        x = Block(name=f"block{i}")(x) if custom else _open_block(x, i)
    x = layers.LayerNormalization(name="last")(x)
    x = x[:, 0] if pool == "token" else ops.mean(x, axis=1)
    return tiny.fixed(keras.Model(image, layers.Dense(classes, name="head")(x)))


def _open_block(x, i):
    y = layers.LayerNormalization(name=f"block{i}_norm1")(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4, name=f"block{i}_attention")(y, y)])
    y = layers.LayerNormalization(name=f"block{i}_norm2")(x)
    y = layers.Dense(8)(layers.Dense(16, activation="gelu")(y))
    return layers.Add(name=f"block{i}_out")([x, y])
