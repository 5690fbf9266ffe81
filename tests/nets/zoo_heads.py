"""Kinds of output and of question."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
from keras import layers, ops

from nets import tiny, zoo
from nets.zoo import CLASSES, Cut, chain, conv, image, logits, softmax

ROWS = zoo.Rows()


def _closed(dense, *closing, close=softmax, score=zoo.top):
    """A convolution, pooling, a dense layer, and steps that close the model."""
    inputs = image()
    first, gap = conv(name="conv"), layers.GlobalAveragePooling2D()
    x = dense(gap(first(inputs)))
    for step in closing:
        x = step(x)
    model = tiny.fixed(keras.Model(inputs, x))
    return Cut(model, first, lambda a, _: logits(dense, gap(a)), close, score)


@ROWS.kind("softmax: fused")
def softmax_fused():
    return _closed(layers.Dense(CLASSES, activation="softmax"))


@ROWS.kind("softmax: a layer")
def softmax_layer():
    return _closed(layers.Dense(CLASSES), layers.Softmax())


@ROWS.kind("softmax: an activation layer")
def softmax_activation():
    return _closed(layers.Dense(CLASSES), layers.Activation("softmax"))


@ROWS.kind("softmax: an operation")
def softmax_operation():
    return _closed(layers.Dense(CLASSES), ops.softmax)


@ROWS.kind("softmax: behind a reshape", target=2)
def softmax_reshape():
    steps = layers.Reshape((1, CLASSES)), layers.Softmax(), layers.Reshape((CLASSES,))
    return _closed(layers.Dense(CLASSES), *steps, score=zoo.pick(2))


@ROWS.kind("softmax: its probability is asked", options={"scores": "probabilities"}, target=1)
def softmax_probabilities():
    dense = layers.Dense(CLASSES, activation="softmax")
    return _closed(dense, score=lambda z: softmax(z)[:, 1])


@ROWS.kind("target: probability", target=lambda targets: targets.probability(3))
def probability():
    dense = layers.Dense(CLASSES, activation="softmax")
    return _closed(dense, score=lambda z: softmax(z)[:, 3])


@ROWS.kind("target: the second class", target=lambda targets: targets.top(1))
def second():
    return _closed(layers.Dense(CLASSES), close=zoo.same, score=lambda z: ops.sort(z)[:, -2])


def _single(activation, score):
    """One unit whose two images lie on its two sides."""
    close = ops.sigmoid if activation else zoo.same
    cut = _closed(layers.Dense(1, activation=activation, name="unit"), close=close)
    unit, x = cut.model.get_layer("unit"), ops.convert_to_tensor(zoo.images())
    z = ops.convert_to_numpy(ops.stop_gradient(cut.tail(cut.head(x), x)))
    unit.bias.assign(unit.bias - z.mean())
    return replace(cut, score=lambda z: score(z[:, 0]))


@ROWS.kind("sigmoid unit: the predicted side")
def sigmoid_unit():
    return _single("sigmoid", ops.abs)


@ROWS.kind("single logit: the predicted side", target=lambda targets: targets.binary())
def single_logit():
    return _single(None, ops.abs)


@ROWS.kind("sigmoid unit: class 0", target=0)
def sigmoid_negative():
    return _single("sigmoid", ops.negative)


@ROWS.kind("sigmoid unit: the positive side", target=lambda targets: targets.binary(True))
def sigmoid_positive():
    return _single("sigmoid", zoo.same)


def _labels(score):
    dense = layers.Dense(CLASSES, activation="sigmoid")
    return _closed(dense, close=ops.sigmoid, score=score)


@ROWS.kind("multi-label: the top label")
def multi_label_top():
    return _labels(zoo.top)


@ROWS.kind("multi-label: two of them", target=lambda targets: targets.multi_label([0, 3]))
def multi_label_two():
    return _labels(lambda z: z[:, 0] + z[:, 3])


@ROWS.kind("multi-label: all that are likely", target=lambda targets: targets.multi_label())
def multi_label_all():
    return _labels(lambda z: ops.sum(ops.where(z >= 0, z, ops.zeros_like(z)), axis=-1))


@ROWS.kind("regression", target=lambda targets: targets.regression())
def regression():
    return _closed(layers.Dense(1), close=zoo.same, score=zoo.pick(0))


@ROWS.kind("regression of a vector", target=lambda targets: targets.regression(2))
def regression_of_several():
    return _closed(layers.Dense(3), close=zoo.same, score=zoo.pick(2))


@ROWS.kind("target: margin", target=lambda targets: targets.margin(0, 1))
def margin():
    dense = layers.Dense(CLASSES, activation="softmax")
    return _closed(dense, score=lambda z: z[:, 0] - z[:, 1])


@ROWS.kind("target: counterfactual", target=lambda targets: targets.counterfactual(2))
def counterfactual():
    dense = layers.Dense(CLASSES, activation="softmax")
    return _closed(dense, score=lambda z: -z[:, 2])


@ROWS.kind(
    "target: a composition",
    target=lambda t: 0.5 * (t.class_(0) + t.class_(1)) - t.top() + -t.class_(3),
)
def composition():
    dense = layers.Dense(CLASSES, activation="softmax")
    return _closed(dense, score=lambda z: (z[:, 0] + z[:, 1]) / 2 - zoo.top(z) - z[:, 3])


def _energy(outputs):
    return ops.logsumexp(outputs, axis=-1)


@ROWS.kind("target: a function of the outputs", target=lambda _: _energy)
def function():
    return _closed(layers.Dense(CLASSES), close=zoo.same, score=_energy)


@ROWS.kind("target: custom", target=lambda targets: targets.custom(_energy, "energy"))
def custom():
    return _closed(layers.Dense(CLASSES), close=zoo.same, score=_energy)


VECTOR = np.array([0.3, -1, 0.7, 2, 0.1, -0.4], "float32")


def _cosine(z):
    lengths = ops.norm(z, axis=-1) * float(np.linalg.norm(VECTOR))
    return ops.sum(z * ops.convert_to_tensor(VECTOR), axis=-1) / lengths


@ROWS.kind("embedding: similarity", target=lambda targets: targets.similarity(VECTOR))
def similarity():
    return _closed(layers.Dense(6), close=zoo.same, score=_cosine)


@ROWS.kind("embedding of unit length", target=lambda targets: targets.similarity(VECTOR))
def unit_length():
    return _closed(
        layers.Dense(6),
        layers.UnitNormalization(),
        close=lambda z: z / ops.norm(z, axis=-1, keepdims=True),
        score=_cosine,
    )


def _segmentation(score):
    inputs = image()
    down, up = conv(strides=2, name="down"), layers.Conv2DTranspose(6, 3, 2, padding="same")
    scores = conv(CLASSES, 1, activation=None, name="scores")
    closing = layers.Softmax()
    model = tiny.fixed(keras.Model(inputs, closing(scores(up(down(inputs))))))
    return Cut(model, chain(down), chain(up, scores), softmax, score)


def _predicted(z, wanted=2):
    """The mean logit of a class where it is the best, or everywhere if nowhere."""
    inside = ops.cast(ops.argmax(z, axis=-1) == wanted, "float32")
    count = ops.sum(inside, axis=(1, 2), keepdims=True)
    inside = ops.where(count > 0, inside, ops.ones_like(inside))
    return ops.sum(z[..., wanted] * inside, axis=(1, 2)) / ops.sum(inside, axis=(1, 2))


MASK = np.zeros((16, 16), bool)
MASK[3:9, 5:14] = True
SEGMENTATION = {"options": {"layer": "down"}}


@ROWS.kind("segmentation: a class where it is predicted", target=2, **SEGMENTATION)
def segmentation_class():
    return _segmentation(_predicted)


@ROWS.kind("segmentation: predicted region", target=lambda t: t.region(2), **SEGMENTATION)
def segmentation_region():
    return _segmentation(_predicted)


@ROWS.kind("segmentation: mask", target=lambda t: t.region(1, mask=MASK), **SEGMENTATION)
def segmentation_mask():
    return _segmentation(lambda z: ops.mean(z[:, 3:9, 5:14, 1], axis=(1, 2)))


@ROWS.kind("segmentation: point", target=lambda t: t.region(4, point=(3, 11)), **SEGMENTATION)
def segmentation_point():
    return _segmentation(lambda z: z[:, 3, 11, 4])


def _detector(target_score, closing):
    inputs = image()
    first, boxes = conv(strides=4, name="conv"), conv(2 * 3, 1, activation=None)
    reshape = layers.Reshape((-1, 3))
    x = reshape(boxes(first(inputs)))
    model = tiny.fixed(keras.Model(inputs, layers.Activation("sigmoid")(x) if closing else x))
    close = ops.sigmoid if closing else zoo.same
    return Cut(model, first, chain(boxes, reshape), close, target_score)


@ROWS.kind("detections: one box", target=lambda t: t.box(7, 1), options={"layer": "conv"})
def box():
    return _detector(lambda z: z[:, 7, 1], False)


@ROWS.kind("detections: sigmoid, one box", target=lambda t: t.box(13, 2), options={"layer": "conv"})
def box_sigmoid():
    return _detector(lambda z: z[:, 13, 2], True)
