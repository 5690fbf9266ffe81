"""Kinds of graph: functional, sequential, nested, with skips and with shared layers."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import CLASSES, Cut, chain, conv, image, logits, run, softmax

ROWS = zoo.Rows()


def _plain(model: keras.Model) -> Cut:
    """`tiny.plain` and its like: cut at its default layer, relu3."""
    head = ["conv1", "pool1"], ["conv2", "bn2", "relu2", "conv3"]
    one, two = ([model.get_layer(name) for name in names] for names in head)
    gap, dense = model.get_layer("gap"), model.get_layer("predictions")

    def front(x):
        x = run(x, *one)
        return ops.relu(x + run(x, *two))

    return Cut(model, front, lambda a, _: logits(dense, gap(a)), softmax)


@ROWS.kind("functional")
def functional():
    return _plain(tiny.plain(side=16))


@ROWS.kind("functional loaded from .h5")
def from_h5():
    return _plain(zoo.reloaded(tiny.plain(side=16), "h5"))


def _sequential(*front):
    steps = [*front, conv(name="c1"), layers.MaxPooling2D(), conv(6, name="c2")]
    behind = [layers.MaxPooling2D(), layers.Flatten(), layers.Dense(CLASSES, activation="softmax")]
    return keras.Sequential([*steps, *behind])


def _cut_sequential(model):
    *steps, pool, flatten, dense = model.layers
    return Cut(model, chain(*steps), lambda a, _: logits(dense, run(a, pool, flatten)), softmax)


@ROWS.kind("sequential with an input layer")
def sequential():
    return _cut_sequential(tiny.fixed(_sequential(image())))


@ROWS.kind("sequential built by its first call")
def sequential_by_call():
    model = _sequential()
    model(zoo.images())
    return _cut_sequential(tiny.fixed(model))


@ROWS.kind("sequential loaded from .keras", options={"layer": "c2"})
def from_keras():
    return _cut_sequential(zoo.reloaded(tiny.fixed(_sequential(image())), "keras"))


def _base(name="base", units=4):
    x = image()
    y = conv(units, name="inner1")(x)
    return keras.Model(x, conv(units, name="inner2", strides=2)(y), name=name)


def _on_base(base, *front, inputs=None):
    """A functional model with a base called inside, and the base's layers for the split."""
    x = inputs = image() if inputs is None else inputs
    for step in (*front, base):
        x = step(x)
    gap, dense = layers.GlobalAveragePooling2D(), layers.Dense(CLASSES, activation="softmax")
    model = tiny.fixed(keras.Model(inputs, dense(gap(x))))
    steps = (*front, *base.layers[1:])
    return Cut(model, chain(*steps), lambda a, _: logits(dense, gap(a)), softmax)


@ROWS.kind("functional in functional")
def nested():
    return _on_base(_base())


@ROWS.kind("layer in the middle of a base", options={"layer": "base/inner1"})
def nested_middle():
    base = _base()
    whole = _on_base(base)
    last = base.get_layer("inner2")
    return Cut(
        whole.model,
        chain(base.get_layer("inner1")),
        lambda a, x: whole.tail(last(a), x),
        softmax,
    )


@ROWS.kind("keras-hub pattern: the input of the backbone itself")
def hub_pattern():
    base = _base("backbone")
    return _on_base(base, inputs=base.input)


@ROWS.kind("frozen base")
def frozen():
    base = _base()
    base.trainable = False
    return _on_base(base)


@ROWS.kind("augmentation and rescaling in front", inputs=lambda: 60 * zoo.images() + 128)
def augmented():
    front = [layers.RandomFlip(), layers.RandomRotation(0.2), layers.Rescaling(1 / 127.5, -1)]
    return _on_base(_base(), *front)


@ROWS.kind("three levels deep: MobileNetV2", inputs=zoo.given(64, 64, count=1))
def three_levels():
    mobile = keras.applications.MobileNetV2((64, 64, 3), 0.35, include_top=False, weights=None)
    middle = keras.Sequential([image(64, 64, 3), mobile, layers.GlobalAveragePooling2D()])
    inputs = image(64, 64, 3)
    dense = layers.Dense(CLASSES, activation="softmax")
    model = tiny.fixed(keras.Model(inputs, dense(middle(inputs))), seed=876)  # far from ties
    return Cut(
        model,
        chain(mobile),
        lambda a, _: logits(dense, middle.layers[-1](a)),
        softmax,
    )


@ROWS.kind("dropout and batch normalisation run as in inference", options={"layer": "first"})
def inference():
    steps = [
        conv(name="first"),
        layers.SpatialDropout2D(0.5),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.GaussianNoise(1.0),
        conv(),
    ]
    return zoo.classifier(*steps, at=1)


@ROWS.kind("target in front of a skip", options={"layer": "conv2"})
def skip():
    model = tiny.plain(side=16)
    names = ["conv1", "pool1", "conv2", "bn2", "relu2", "conv3", "gap", "predictions"]
    first, pool, second, bn, relu, third, gap, dense = map(model.get_layer, names)
    return Cut(
        model,
        chain(first, pool, second),
        lambda a, x: logits(dense, gap(ops.relu(run(x, first, pool) + run(a, bn, relu, third)))),
        softmax,
    )


@ROWS.kind("target inside two skips: dense-net", options={"layer": "two"}, target=1)
def concatenated():
    inputs = image()
    one, two, three = (conv(4, name=name) for name in ("one", "two", "three"))
    join = layers.Concatenate()
    gap, dense = layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)
    x1 = one(inputs)
    x2 = join([x1, two(x1)])
    x3 = layers.Concatenate()([x2, three(x2)])
    model = tiny.fixed(keras.Model(inputs, dense(gap(x3))))

    def tail(a, x):
        inner = ops.concatenate([one(x), a], -1)
        return dense(gap(ops.concatenate([inner, three(inner)], -1)))

    return Cut(model, lambda x: two(one(x)), tail, score=zoo.pick(1))


def _twice(first):
    inputs = image()
    stem, shared = conv(4, name="stem"), conv(4, name="conv")
    gap, dense = layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)
    model = tiny.fixed(keras.Model(inputs, dense(gap(shared(shared(stem(inputs)))))))
    if first:
        return Cut(model, chain(stem, shared), chain(shared, gap, dense))
    return Cut(model, chain(stem, shared, shared), chain(gap, dense))


@ROWS.kind("shared layer: its first call", options={"layer": "conv#1"})
def shared_first():
    return _twice(True)


@ROWS.kind("shared layer: its second call", options={"layer": "conv#2"})
def shared_second():
    return _twice(False)


@ROWS.kind("negative layer index", options={"layer": -2})
def negative():
    return zoo.classifier(conv(name="a"), conv(name="b"), conv(name="c"), at=2)


@ROWS.kind("layer object")
def layer_object():
    steps = [conv(name="a"), conv(name="b")]
    return replace(zoo.classifier(*steps, at=1), layer=steps[0])


@ROWS.kind(
    "names with dots, in a path",
    options={"layer": "block.1/conv.a"},
    not_on={"torch": "torch takes no names with dots"},
)
def dots():
    x = image()
    conv_a = conv(name="conv.a")
    block = keras.Model(x, conv_a(x), name="block.1")
    after = conv(name="conv.b")
    cut = zoo.classifier(block, after, at=1)
    return Cut(cut.model, conv_a, cut.tail)


@ROWS.kind("1×1 convolutions behind the pooling: MobileNetV3", inputs=zoo.given(24, 16, count=3))
def behind_pooling():
    inputs = image(24, 16, 3)
    front = [conv(strides=2, name="c1"), conv(6, name="c2")]
    behind = [
        layers.GlobalAveragePooling2D(keepdims=True),
        conv(8, 1, name="behind"),
        layers.Dropout(0.2),
        conv(CLASSES, 1, activation=None, name="scores"),
        layers.Flatten(),
    ]
    closing = layers.Activation("softmax")
    model = tiny.fixed(keras.Model(inputs, closing(run(inputs, *front, *behind))))
    return Cut(model, chain(*front), chain(*behind), softmax)


@ROWS.kind("branches that need different sizes", options={"layer": "deep"})
def upsampled():
    inputs = image()
    stem, deep = conv(name="stem"), conv(4, strides=2, name="deep")
    up, add = layers.UpSampling2D(interpolation="bilinear"), layers.Add()
    gap, dense = layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)
    x = stem(inputs)
    model = tiny.fixed(keras.Model(inputs, dense(gap(ops.relu(add([x, up(deep(x))]) - 0.5)))))
    return Cut(
        model,
        chain(stem, deep),
        lambda a, x: dense(gap(ops.relu(stem(x) + up(a) - 0.5))),
    )


@ROWS.kind(
    "a U-Net: nearest upsampling, asked at a point", target=lambda t: t.region(1, point=(5, 6))
)
def unet():
    inputs = image()
    stem, pool, deep = conv(name="stem"), layers.MaxPooling2D(), conv(6, name="deep")
    up, join = layers.UpSampling2D(), layers.Concatenate()
    back, head = conv(name="back"), conv(3, 1, activation="softmax", name="head")
    x = stem(inputs)
    x = head(back(join([x, up(deep(pool(x)))])))
    model = tiny.fixed(keras.Model(inputs, x))
    return Cut(
        model,
        chain(stem, pool, deep),
        lambda a, x: (
            ops.conv(back(join([stem(x), up(a)])), head.kernel, data_format="channels_last")
            + head.bias
        ),
        softmax,
        lambda outputs: outputs[:, 5, 6, 1],
        layer=deep,
    )


@ROWS.kind("a constant in the graph", options={"layer": "c"})
def constant():
    weights = np.linspace(0, 1, zoo.SIDE, dtype="float32").reshape(1, -1, 1, 1)
    inputs = image()
    first, dense = conv(name="c"), layers.Dense(CLASSES)
    x = ops.sum(first(inputs) * weights, axis=(1, 2))
    model = tiny.fixed(keras.Model(inputs, dense(x)))
    factor = ops.convert_to_tensor(weights)
    return Cut(model, first, lambda a, _: dense(ops.sum(a * factor, axis=(1, 2))))
