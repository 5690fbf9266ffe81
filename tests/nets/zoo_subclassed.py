"""Kinds that no graph describes: subclassed models, custom layers, raw operations, functions."""

from __future__ import annotations

import keras
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import CLASSES, Cut, chain, conv, image, logits, run, softmax

ROWS = zoo.Rows()


def built(model, inputs=None):
    model(zoo.images() if inputs is None else inputs)
    return tiny.fixed(model)


class Explicit(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = conv(name="first"), conv(6, name="second")
        self.gap = layers.GlobalAveragePooling2D()
        self.dense = layers.Dense(CLASSES, activation="softmax")

    def call(self, x):
        return self.dense(self.gap(self.second(self.first(x))))


@ROWS.kind("subclassed")
def explicit():
    model = built(Explicit())
    return Cut(
        model,
        chain(model.first, model.second),
        lambda a, _: logits(model.dense, model.gap(a)),
        softmax,
    )


@ROWS.kind("subclassed: a layer in the middle", options={"layer": "first"}, target=3)
def explicit_middle():
    model = built(Explicit())
    return Cut(
        model,
        model.first,
        lambda a, _: logits(model.dense, model.gap(model.second(a))),
        softmax,
        zoo.pick(3),
    )


class Raw(keras.Model):
    """Bare operations between the layers."""

    def __init__(self):
        super().__init__()
        self.first, self.second = conv(name="first"), conv(activation=None, name="second")
        self.third = conv(activation=None, name="third")
        self.dense = layers.Dense(CLASSES)

    def call(self, x):
        x = self.first(x / 2 - 0.1)
        x = ops.relu(x + self.second(x))
        y = self.third(x)
        x = ops.concatenate([x * 2, ops.relu(y)], axis=-1)
        return self.dense(ops.mean(x, axis=(1, 2)))


@ROWS.kind("subclassed with raw operations", options={"layer": "second"}, target=1)
def raw():
    model = built(Raw())

    def tail(a, x):
        first = model.first(x / 2 - 0.1)
        return behind(ops.relu(first + a))

    def behind(x):
        x = ops.concatenate([x * 2, ops.relu(model.third(x))], axis=-1)
        return model.dense(ops.mean(x, axis=(1, 2)))

    return Cut(model, lambda x: model.second(model.first(x / 2 - 0.1)), tail, score=zoo.pick(1))


class Trained(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = conv(name="conv"), layers.BatchNormalization()
        self.drop, self.dense = layers.Dropout(0.5), layers.Dense(CLASSES)
        self.gap = layers.GlobalAveragePooling2D()

    def call(self, x, training=False):
        x = self.norm(self.conv(x), training=training)
        if training:
            x = x + 100
        return self.dense(self.drop(self.gap(x), training=training))


@ROWS.kind("subclassed that takes training", options={"layer": "conv"})
def trained():
    model = built(Trained())
    return Cut(model, model.conv, chain(model.norm, model.gap, model.drop, model.dense))


@keras.saving.register_keras_serializable("zoo")
class Residual(layers.Layer):
    """A block with two convolutions inside and a bare sum."""

    def __init__(self, units=4, **options):
        super().__init__(**options)
        self.units = units
        self.one = layers.Conv2D(units, 3, padding="same", activation="relu", name="one")
        self.two = layers.Conv2D(units, 3, padding="same", name="two")

    def build(self, shape):
        self.one.build(shape)
        self.two.build((*shape[:-1], self.units))

    def call(self, x):
        return ops.relu(x + self.two(self.one(x)))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@ROWS.kind("subclassed blocks in a functional model", options={"layer": "block_b"})
def blocks():
    return zoo.classifier(conv(), Residual(name="block_a"), Residual(name="block_b"), conv(), at=3)


@ROWS.kind("layer inside a subclassed block", options={"layer": "block_b/one"})
def inside_block():
    stem, block, last = conv(), Residual(name="block_b"), conv()
    cut = zoo.classifier(stem, block, last, at=1)
    return Cut(
        cut.model,
        chain(stem, block.one),
        lambda a, x: run(ops.relu(stem(x) + block.two(a)), last, *cut.model.layers[-2:]),
    )


class Collected(keras.Model):
    """Layers in a list and in a dictionary, called in a loop."""

    def __init__(self):
        super().__init__()
        self.stages = [conv(name=f"stage{i}") for i in range(3)]
        self.heads = {"a": layers.Dense(3, name="a"), "b": layers.Dense(CLASSES, name="b")}

    def call(self, x):
        for stage in self.stages:
            x = stage(x)
        x = ops.max(x, axis=(1, 2))
        return {name: head(x) for name, head in self.heads.items()}


@ROWS.kind(
    "subclassed with layers in lists and dictionaries", options={"layer": "stage1", "output": "b"}
)
def collected():
    model = built(Collected())

    def tail(a, _):
        x = ops.max(model.stages[2](a), axis=(1, 2))
        return {name: head(x) for name, head in model.heads.items()}

    return Cut(model, chain(*model.stages[:2]), tail, score=lambda z: zoo.top(z["b"]))


class Two(keras.Model):
    """A subclassed model of two inputs, given as a dictionary."""

    def __init__(self):
        super().__init__()
        self.conv, self.gap = conv(name="conv"), layers.GlobalAveragePooling2D()
        self.table, self.dense = layers.Dense(4), layers.Dense(CLASSES)

    def call(self, inputs):
        return self.dense(self.gap(self.conv(inputs["photo"])) * self.table(inputs["table"]))


@ROWS.kind(
    "subclassed of two inputs",
    inputs=lambda: {"photo": zoo.images(), "table": zoo.images(7, channels=1)[..., 0]},
)
def two_inputs():
    inputs = {"photo": zoo.images(), "table": zoo.images(7, channels=1)[..., 0]}
    model = built(Two(), inputs)
    return Cut(
        model,
        lambda x: model.conv(x["photo"]),
        lambda a, x: model.dense(model.gap(a) * model.table(x["table"])),
    )


@keras.saving.register_keras_serializable("zoo")
class Mixing(layers.Layer):
    """Weights of its own and no layers inside."""

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], 6), name="kernel")
        self.scale = self.add_weight((1, shape[1], 1, 1), name="scale")

    def call(self, x):
        return ops.relu(ops.matmul(x, self.kernel) * self.scale)


@ROWS.kind("custom layer with its own weights", options={"layer": "mixing"})
def custom_layer():
    return zoo.classifier(conv(), Mixing(name="mixing"), conv(), at=2)


@ROWS.kind("default layer is a custom one")
def custom_default():
    return zoo.classifier(conv(), Mixing(name="mixing"), at=2)


@keras.saving.register_keras_serializable("zoo")
def squared(x):
    return x * x - 0.2


@ROWS.kind("a Lambda layer", options={"layer": "conv"})
def lambda_layer():
    square = layers.Lambda(squared, output_shape=lambda shape: shape)
    return zoo.classifier(conv(name="conv"), square, at=1)


@ROWS.kind("bare operations in a functional model", options={"layer": "b"})
def operations():
    inputs = image()
    first, second = conv(name="a"), conv(name="b")
    dense = layers.Dense(CLASSES)
    y = first(inputs)
    x = ops.relu(second(y * 2 + 0.3) * y - ops.abs(ops.flip(y, axis=1)))
    model = tiny.fixed(keras.Model(inputs, dense(ops.mean(x, axis=(1, 2)))))

    def tail(a, x):
        y = first(x)
        return dense(ops.mean(ops.relu(a * y - ops.abs(ops.flip(y, axis=1))), axis=(1, 2)))

    return Cut(model, lambda x: second(first(x) * 2 + 0.3), tail)


def _functions(bypass):
    import seewhy

    inputs = image()
    first, second = conv(name="a"), conv(name="b")
    gap, dense = layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)
    x = first(inputs)
    user = tiny.fixed(keras.Model(inputs, dense(gap(ops.relu(x - second(x))))))

    if bypass:

        def head(x):
            x = first(x)
            return second(x), x

        def tail(a, x):
            return dense(gap(ops.relu(x - a)))

        cut = seewhy.Split(head, tail)
        by_hand = lambda x: second(first(x)), lambda a, x: tail(a, first(x))
    else:

        def tail(a):
            return dense(gap(ops.relu(a - second(a))))

        cut = seewhy.Split(first, tail)
        by_hand = first, lambda a, _: tail(a)
    return Cut(cut, *by_hand, user=user)


@ROWS.kind("two plain functions")
def functions():
    return _functions(False)


@ROWS.kind("two plain functions with a bypass")
def functions_with_bypass():
    return _functions(True)
