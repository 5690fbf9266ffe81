"""Kinds of layer and of number."""

from __future__ import annotations

import keras
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import CLASSES, Cut, conv, given, image

ROWS = zoo.Rows()


@ROWS.kind("depthwise convolution", options={"layer": "depthwise"})
def depthwise():
    wise = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="depthwise")
    return zoo.classifier(conv(), wise, conv(6, 1), at=2)


@ROWS.kind("separable convolution")
def separable():
    return zoo.classifier(conv(), layers.SeparableConv2D(6, 3, activation="relu"), at=2)


@ROWS.kind("dilated and grouped convolution", options={"layer": "dilated"}, inputs=given(seed=3))
def dilated():
    steps = conv(dilation_rate=2, name="dilated"), conv(4, groups=2)
    return zoo.classifier(*steps, at=1)


@ROWS.kind("transposed convolution", options={"layer": "narrow"}, inputs=given(seed=3))
def transposed():
    up = layers.Conv2DTranspose(4, 3, 2, padding="same", activation="relu")
    return zoo.classifier(conv(strides=2, name="narrow"), up, at=1)


@ROWS.kind("group normalisation", options={"layer": "first"})
def group_normalisation():
    steps = [conv(name="first"), layers.GroupNormalization(2), layers.PReLU(shared_axes=[1, 2])]
    return zoo.classifier(*steps, at=1)


@ROWS.kind("layer normalisation, ConvNeXt", options={"layer": "norm"})
def layer_normalisation():
    wise = layers.DepthwiseConv2D(5, padding="same")
    norm, wide = layers.LayerNormalization(name="norm"), layers.Dense(8, activation="gelu")
    return zoo.classifier(conv(), wise, norm, wide, layers.Dense(4), at=3)


@ROWS.kind("squeeze and excitation", options={"layer": "last"})
def squeeze():
    inputs = image()
    last, gap = conv(name="last"), layers.GlobalAveragePooling2D(keepdims=True)
    down, up = conv(2, 1), conv(4, 1, activation="sigmoid")
    gate = layers.Multiply()
    pool, dense = layers.GlobalMaxPooling2D(), layers.Dense(CLASSES)

    def behind(a, _=None):
        return dense(pool(gate([a, up(down(gap(a)))])))

    return Cut(tiny.fixed(keras.Model(inputs, behind(last(inputs)))), last, behind)


@ROWS.kind("maximum pooling and a maxout head", options={"layer": "conv"})
def maximum():
    inputs = image()
    first, pool = conv(6, name="conv"), layers.MaxPooling2D(4)
    one, two, flatten = layers.Dense(CLASSES), layers.Dense(CLASSES), layers.Flatten()
    join = layers.Maximum()

    def behind(a, _=None):
        x = flatten(pool(a))
        return join([one(x), two(x)])

    return Cut(tiny.fixed(keras.Model(inputs, behind(first(inputs)))), first, behind)


def _mixed(policy):
    """Three convolutions in half precision, the logits in float32 as Keras advises."""
    steps = [
        conv(6, name="one", dtype=policy),
        conv(6, name="two", dtype=policy),
        conv(6, name="three", dtype=policy),
    ]
    gap = layers.GlobalAveragePooling2D(dtype=policy)
    x = inputs = image()
    dense = layers.Dense(CLASSES, dtype="float32")
    for step in (*steps, gap, dense):
        x = step(x)
    return Cut(
        tiny.fixed(keras.Model(inputs, x)),
        zoo.chain(*steps[:2]),
        zoo.chain(steps[2], gap, dense),
        score=zoo.pick(1),
    )


@ROWS.kind("mixed float16", options={"layer": "two"}, target=1, tolerance=2e-2)
def float16():
    return _mixed("mixed_float16")


@ROWS.kind("mixed bfloat16", options={"layer": "two"}, target=1, tolerance=8e-2)
def bfloat16():
    return _mixed("mixed_bfloat16")


@ROWS.kind("quantised to int8", options={"layer": "conv"}, target=1, tolerance=1e-3)
def int8():
    inputs = image()
    first, gap = conv(8, name="conv"), layers.GlobalAveragePooling2D()
    wide, dense = layers.Dense(12, activation="relu"), layers.Dense(CLASSES)
    model = tiny.fixed(keras.Model(inputs, dense(wide(gap(first(inputs))))))
    model.quantize("int8")
    return Cut(model, first, zoo.chain(gap, wide, dense), score=zoo.pick(1))


@ROWS.kind("activations as layers and as functions", options={"layer": "leaky"})
def advanced_activation():
    leaky = layers.LeakyReLU(0.3, name="leaky")
    steps = [conv(activation=None), leaky, conv(6, activation=ops.silu)]
    return zoo.classifier(*steps, at=2)
