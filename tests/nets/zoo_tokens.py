"""Kinds with attention: vision transformers by hand, windows, attention pooling."""

from __future__ import annotations

import keras
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import CLASSES, Cut, conv, image

ROWS = zoo.Rows()
UNITS = 8


@keras.saving.register_keras_serializable("zoo")
class ExtraTokens(layers.Layer):
    """Puts learnt tokens in front, and adds learnt positions."""

    def __init__(self, count=1, **options):
        super().__init__(**options)
        self.count = count

    def build(self, shape):
        self.extra = self.add_weight((1, self.count, shape[-1]), name="extra")
        self.positions = self.add_weight((1, shape[1] + self.count, shape[-1]), name="positions")

    def call(self, x):
        extra = ops.broadcast_to(self.extra, (ops.shape(x)[0], self.count, x.shape[-1]))
        return ops.concatenate([extra, x], axis=1) + self.positions

    def get_config(self):
        return {**super().get_config(), "count": self.count}


class Block:
    """The layers of one transformer block, and the order in which they run."""

    def __init__(self, name):
        self.ln1 = layers.LayerNormalization(name=f"{name}_ln1")
        self.attention = layers.MultiHeadAttention(2, 4, name=f"{name}_attention")
        self.ln2 = layers.LayerNormalization(name=f"{name}_ln2")
        self.wide = layers.Dense(12, activation="gelu", name=f"{name}_wide")
        self.narrow = layers.Dense(UNITS, name=f"{name}_narrow")
        self.sums = [layers.Add(name=f"{name}_sum1"), layers.Add(name=f"{name}_sum2")]

    def __call__(self, x):
        return self.behind(self.ln1(x), x)

    def behind(self, normalised, x):
        x = self.sums[0]([x, self.attention(normalised, normalised)])
        return self.sums[1]([x, self.narrow(self.wide(self.ln2(x)))])


def _vit(extra, space=(16, 16), cells=16):
    """A transformer of two blocks; the class token is read, or without one the mean."""
    inputs = image(*space, 3)
    patches = layers.Conv2D(UNITS, 4, strides=4, name="patches")
    reshape = layers.Reshape((cells, UNITS))
    tokens = ExtraTokens(extra, name="tokens")
    first, second = Block("block1"), Block("block2")
    norm, dense = layers.LayerNormalization(name="norm"), layers.Dense(CLASSES, name="logits")
    gap = layers.GlobalAveragePooling1D()

    def stem(x):
        return first(tokens(reshape(patches(x))))

    def read(x):
        x = norm(x)
        return dense(x[:, 0] if extra else gap(x))

    model = tiny.fixed(keras.Model(inputs, read(second(stem(inputs)))))
    return Cut(
        model,
        lambda x: second.ln1(stem(x)),
        lambda a, x: read(second.behind(a, stem(x))),
    ), (lambda x: tokens(reshape(patches(x))), first, second, read)


def _grid(rows, cols, extra):
    return lambda a: a[:, extra:].reshape(len(a), rows, cols, -1)


@ROWS.kind("ViT with a class token, default layer", arrange=_grid(4, 4, 1))
def vit():
    return _vit(1)[0]


@ROWS.kind(
    # behind a normalisation: where one follows, as behind a sum, HiResCAM is all but zero, since
    # the score does not depend on the length of the tokens
    "ViT with a class token, a layer in the first block",
    options={"layer": "block1_ln1"},
    target=2,
    arrange=_grid(4, 4, 1),
)
def vit_middle():
    cut, (stem, first, second, read) = _vit(1)
    return Cut(
        cut.model,
        lambda x: first.ln1(stem(x)),
        lambda a, x: read(second(first.behind(a, stem(x)))),
        score=zoo.pick(2),
    )


@ROWS.kind(
    "ViT with class and register tokens, grid given",
    inputs=zoo.given(12, 20),
    options={"grid": (3, 5), "layer": "block2_ln1"},
    arrange=_grid(3, 5, 4),
)
def vit_registers():
    return _vit(4, (12, 20), 15)[0]


@ROWS.kind("ViT of an oblong image", inputs=zoo.given(12, 20), arrange=_grid(3, 5, 1))
def vit_oblong():
    return _vit(1, (12, 20), 15)[0]


@ROWS.kind("ViT without a class token", options={"layer": "block2_ln2"}, arrange=_grid(4, 4, 0))
def vit_mean():
    cut, (stem, first, second, read) = _vit(0)

    def residual(x):
        x = first(stem(x))
        normalised = second.ln1(x)
        return second.sums[0]([x, second.attention(normalised, normalised)])

    def tail(a, x):
        return read(second.sums[1]([residual(x), second.narrow(second.wide(a))]))

    return Cut(cut.model, lambda x: second.ln2(residual(x)), tail)


@ROWS.kind("ViT without a class token, default layer", arrange=_grid(4, 4, 0))
def vit_mean_default():
    return _vit(0)[0]


@keras.saving.register_keras_serializable("zoo")
class Windows(layers.Layer):
    """Attention within windows of 4 × 4 cells, shifted by two: what Swin does."""

    def __init__(self, shift=0, **options):
        super().__init__(**options)
        self.shift = shift
        self.attention = layers.MultiHeadAttention(2, 4, name="attention")

    def build(self, shape):
        self.attention.build((None, 16, shape[-1]), (None, 16, shape[-1]))

    def call(self, x):
        _, rows, cols, units = x.shape
        x = ops.roll(x, (-self.shift, -self.shift), axis=(1, 2))
        x = ops.reshape(x, (-1, rows // 4, 4, cols // 4, 4, units))
        x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 16, units))
        x = self.attention(x, x)
        x = ops.reshape(x, (-1, rows // 4, cols // 4, 4, 4, units))
        x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, rows, cols, units))
        return ops.roll(x, (self.shift, self.shift), axis=(1, 2))

    def get_config(self):
        return {**super().get_config(), "shift": self.shift}


@ROWS.kind("windowed attention: Swin", options={"layer": "sum1"})
def swin():
    inputs = image()
    patches = layers.Conv2D(UNITS, 2, strides=2, name="patches")
    norms = [layers.LayerNormalization(name=f"norm{i}") for i in range(3)]
    windows = [Windows(0, name="windows1"), Windows(2, name="windows2")]
    sums = [layers.Add(name="sum1"), layers.Add(name="sum2")]
    gap, dense = layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)

    def front(x):
        x = patches(x)
        return sums[0]([x, windows[0](norms[0](x))])

    def behind(x, _=None):
        x = sums[1]([x, windows[1](norms[1](x))])
        return dense(gap(norms[2](x)))

    model = tiny.fixed(keras.Model(inputs, behind(front(inputs))))
    return Cut(model, front, behind)


@ROWS.kind("attention pooling", options={"layer": "conv"})
def attention_pooling():
    inputs = image()
    first, reshape = conv(UNITS, strides=2, name="conv"), layers.Reshape((64, UNITS))
    scores, closing = layers.Dense(1), layers.Softmax(axis=1)
    dense = layers.Dense(CLASSES)

    def behind(x, _=None):
        x = reshape(x)
        return dense(ops.sum(closing(scores(x)) * x, axis=1))

    return Cut(tiny.fixed(keras.Model(inputs, behind(first(inputs)))), first, behind)


@ROWS.kind("convolutions, then attention over their cells", options={"layer": "conv"})
def hybrid():
    inputs = image()
    first, reshape = conv(UNITS, strides=4, name="conv"), layers.Reshape((16, UNITS))
    block = Block("block")
    gap, dense = layers.GlobalAveragePooling1D(), layers.Dense(CLASSES)

    def behind(x, _=None):
        return dense(gap(block(reshape(x))))

    return Cut(tiny.fixed(keras.Model(inputs, behind(first(inputs)))), first, behind)
