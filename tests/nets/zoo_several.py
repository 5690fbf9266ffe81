"""Kinds with several inputs or several outputs."""

from __future__ import annotations

from collections import OrderedDict

import keras
import numpy as np
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import CLASSES, Cut, chain, conv, image, logits, softmax

ROWS = zoo.Rows()


def _pair():
    return zoo.images(seed=1), zoo.images(seed=2)


def _with_table():
    return zoo.images(), np.random.default_rng(5).normal(size=(2, 7)).astype("float32")


def _siamese(first):
    x = image()
    inner, pool = conv(name="conv"), layers.GlobalAveragePooling2D(name="pool")
    base = keras.Model(x, pool(inner(x)), name="base")
    left, right = image(name="left"), image(name="right")
    dense = layers.Dense(CLASSES, name="logits")
    product = layers.Multiply()([base(left), base(right)])
    model = tiny.fixed(keras.Model([left, right], dense(product)))

    def tail(a, x):
        other = pool(inner(x[1] if first else x[0]))
        return dense(pool(a) * other)

    return Cut(model, lambda x: inner(x[0] if first else x[1]), tail)


@ROWS.kind("siamese base: the first image", inputs=_pair, options={"layer": "conv#1"})
def siamese_first():
    return _siamese(True)


@ROWS.kind("siamese base: the second image", inputs=_pair, options={"layer": "base/conv#2"})
def siamese_second():
    return _siamese(False)


def _image_and_table(names):
    photo, table = image(name="photo"), keras.Input((7,), name="table")
    first, gap, wide = conv(name="conv"), layers.GlobalAveragePooling2D(), layers.Dense(4)
    gate, dense = layers.Dense(4, activation="sigmoid"), layers.Dense(CLASSES, activation="softmax")
    joined = layers.Concatenate()([gap(first(photo)) * gate(table), wide(table)])
    inputs = {"photo": photo, "table": table} if names else [photo, table]
    model = tiny.fixed(keras.Model(inputs, dense(joined)))
    photo, table = ("photo", "table") if names else (0, 1)

    def tail(a, x):
        x = ops.convert_to_tensor(x[table])
        return logits(dense, ops.concatenate([gap(a) * gate(x), wide(x)], -1))

    return Cut(model, lambda x: first(x[photo]), tail, softmax)


@ROWS.kind(
    "image and table as a dictionary",
    inputs=lambda: dict(zip(("photo", "table"), _with_table(), strict=True)),
)
def dictionary():
    return _image_and_table(True)


@ROWS.kind("image and table in order", inputs=_with_table)
def in_order():
    return _image_and_table(False)


def _two_heads(structure, asked):
    inputs = image()
    first, gap = conv(name="conv"), layers.GlobalAveragePooling2D()
    kind = layers.Dense(CLASSES, activation="softmax", name="kind")
    colour = layers.Dense(3, name="colour")
    x = gap(first(inputs))
    model = tiny.fixed(keras.Model(inputs, structure(kind(x), colour(x))))

    def tail(a, _):
        return structure(logits(kind, gap(a)), colour(gap(a)))

    def close(outputs):
        by_name = isinstance(outputs, dict)
        one, two = (outputs["kind"], outputs["colour"]) if by_name else outputs
        return structure(softmax(one), two)

    return Cut(model, first, tail, close, lambda outputs: zoo.top(outputs[asked]))


def _listed(one, two):
    return [one, two]


def _named(one, two):
    return {"kind": one, "colour": two}


@ROWS.kind("outputs as a list: by index", options={"output": 1})
def second_of_list():
    return _two_heads(_listed, 1)


@ROWS.kind("outputs as a list: the layer's name", options={"output": "kind"})
def named_of_list():
    return _two_heads(_listed, 0)


@ROWS.kind("outputs as a dictionary: by key", options={"output": "colour"})
def key_of_dictionary():
    return _two_heads(_named, "colour")


class Ordered(keras.Model):
    """Gives an OrderedDict, which flattens in its own order."""

    def __init__(self):
        super().__init__()
        self.first, self.gap = conv(name="conv"), layers.GlobalAveragePooling2D()
        self.kind, self.colour = layers.Dense(CLASSES), layers.Dense(3)

    def call(self, x):
        x = self.gap(self.first(x))
        return OrderedDict(kind=self.kind(x), colour=self.colour(x))


@ROWS.kind("outputs as an OrderedDict: by key", options={"output": "colour"})
def key_of_ordered():
    model = Ordered()
    model(zoo.images())
    tiny.fixed(model)

    def tail(a, _):
        return OrderedDict(kind=model.kind(model.gap(a)), colour=model.colour(model.gap(a)))

    return Cut(model, model.first, tail, score=lambda outputs: zoo.top(outputs["colour"]))


@ROWS.kind("features beside the scores", options={"output": 1})
def features_and_scores():
    inputs = image()
    first, second, gap = conv(name="conv"), conv(6, name="late"), layers.GlobalAveragePooling2D()
    dense = layers.Dense(CLASSES)
    x = first(inputs)
    model = tiny.fixed(keras.Model(inputs, [x, dense(gap(second(x)))]))

    def tail(a, x):
        return [first(x), dense(gap(a))]

    return Cut(model, chain(first, second), tail, score=lambda outputs: zoo.top(outputs[1]))


@ROWS.kind(
    "outputs as a dictionary: a target names one",
    options={"output": "kind"},
    target=lambda targets: targets.output("colour", 2),
)
def target_names_output():
    cut = _two_heads(_named, "colour")
    return Cut(cut.model, cut.head, cut.tail, cut.close, lambda outputs: outputs["colour"][:, 2])


def _auxiliary(asked):
    inputs = image()
    first, gap = conv(name="conv"), layers.GlobalAveragePooling2D()
    coarse = layers.Dense(3, activation="softmax", name="coarse")
    fine = layers.Dense(CLASSES, activation="softmax", name="fine")
    x = gap(first(inputs))
    probabilities = coarse(x)
    joined = layers.Concatenate()([x, probabilities])
    model = tiny.fixed(keras.Model(inputs, [fine(joined), probabilities]))

    def tail(a, _):
        x = gap(a)
        return [logits(fine, ops.concatenate([x, coarse(x)], -1)), logits(coarse, x)]

    return Cut(
        model,
        first,
        tail,
        lambda outputs: [softmax(outputs[0]), softmax(outputs[1])],
        lambda outputs: zoo.top(outputs[asked]),
    )


@ROWS.kind("an auxiliary softmax feeds the main output", options={"output": "fine"})
def auxiliary_main():
    return _auxiliary(0)


@ROWS.kind("an auxiliary softmax that feeds another output", options={"output": "coarse"})
def auxiliary_itself():
    return _auxiliary(1)
