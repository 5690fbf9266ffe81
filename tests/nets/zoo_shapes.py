"""Kinds of input: video, volumes, signals, channels, sizes."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from nets import tiny, zoo
from nets.zoo import CLASSES, Cut, chain, conv, given, image

ROWS = zoo.Rows()

VIDEO = given(4, 8, 8)


def _chain(inputs, front, behind):
    """A functional chain, cut between front and behind."""
    x = inputs
    for step in (*front, *behind):
        x = step(x)
    return Cut(tiny.fixed(keras.Model(inputs, x)), chain(*front), chain(*behind))


@ROWS.kind("video: convolution of each frame, pooled", inputs=VIDEO)
def video_pooled():
    frames = layers.TimeDistributed(conv(), name="frames")
    gap, dense = layers.GlobalAveragePooling3D(), layers.Dense(CLASSES)
    return _chain(image(4, 8, 8, 3), [frames], [gap, dense])


@ROWS.kind("video: convolution of each frame, then LSTM", inputs=VIDEO)
def video_lstm():
    frames = layers.TimeDistributed(conv(), name="frames")
    gap = layers.TimeDistributed(layers.GlobalAveragePooling2D())
    return _chain(image(4, 8, 8, 3), [frames], [gap, layers.LSTM(5), layers.Dense(CLASSES)])


@ROWS.kind("video: a whole base in each frame, then GRU", inputs=VIDEO, options={"layer": "each"})
def video_base():
    x = image(8, 8, 3)
    base = keras.Model(x, conv(strides=2)(conv()(x)))
    frames = layers.TimeDistributed(base, name="each")
    flatten = layers.TimeDistributed(layers.Flatten())
    return _chain(image(4, 8, 8, 3), [frames], [flatten, layers.GRU(5), layers.Dense(CLASSES)])


@ROWS.kind("video: ConvLSTM2D with all states", inputs=VIDEO, options={"layer": "states"})
def video_convlstm():
    states = layers.ConvLSTM2D(3, 3, padding="same", return_sequences=True, name="states")
    behind = [layers.GlobalAveragePooling3D(), layers.Dense(CLASSES)]
    return _chain(image(4, 8, 8, 3), [states], behind)


@ROWS.kind("video: target in front of a ConvLSTM2D", inputs=VIDEO, options={"layer": "first"})
def video_before_convlstm():
    first = layers.Conv3D(3, 3, padding="same", activation="relu", name="first")
    behind = [layers.ConvLSTM2D(3, 3), layers.GlobalAveragePooling2D(), layers.Dense(CLASSES)]
    return _chain(image(4, 8, 8, 3), [first], behind)


@ROWS.kind("volume: Conv3D", inputs=given(6, 8, 10, channels=1))
def volume():
    front = [layers.Conv3D(3, 3, activation="relu"), layers.Conv3D(4, 3, activation="relu")]
    behind = [layers.MaxPooling3D(2), layers.GlobalMaxPooling3D(), layers.Dense(CLASSES)]
    return _chain(image(6, 8, 10, 1), front, behind)


@ROWS.kind("signal: Conv1D", inputs=given(40, channels=2))
def signal():
    front = [layers.Conv1D(4, 5, activation="relu"), layers.Conv1D(6, 3, activation="relu")]
    behind = [layers.GlobalAveragePooling1D(), layers.Dense(CLASSES)]
    return _chain(image(40, 2), front, behind)


@ROWS.kind("signal: Conv1D with strides, then LSTM", inputs=given(40, channels=2))
def signal_strides():
    front = [layers.Conv1D(4, 5, strides=3, padding="same", activation="relu", name="strided")]
    return _chain(image(40, 2), front, [layers.LSTM(4), layers.Dense(CLASSES)])


@ROWS.kind("signal: of any length", inputs=given(28, channels=2))
def signal_any():
    front = [layers.Conv1D(4, 5, activation="relu")]
    behind = [layers.GlobalMaxPooling1D(), layers.Dense(CLASSES)]
    return _chain(image(None, 2), front, behind)


@ROWS.kind("image of one channel", inputs=given(14, 14, channels=1))
def grey():
    return zoo.classifier(conv(), conv(), at=2, inputs=image(14, 14, 1))


@ROWS.kind("image of 13 channels", inputs=given(channels=13))
def satellite():
    return zoo.classifier(conv(), conv(), at=2, inputs=image(16, 16, 13))


@ROWS.kind(
    "image of 13 channels, three of them shown",
    inputs=given(channels=13),
    options={"bands": (3, 2, 1)},
)
def bands():
    return zoo.classifier(conv(), conv(), at=2, inputs=image(16, 16, 13))


def _any_size():
    return zoo.classifier(conv(), conv(strides=2), at=2, inputs=image(None, None, 3))


ROWS.kind("any size: a small image", inputs=given(12, 12))(_any_size)
ROWS.kind("any size: a wide image", inputs=given(18, 30))(_any_size)


@ROWS.kind("image that is no square", inputs=given(12, 20))
def wide():
    return zoo.classifier(conv(), conv(strides=2), at=2, inputs=image(12, 20, 3))


@ROWS.kind(
    "channels first",
    inputs=lambda: np.moveaxis(zoo.images(), -1, 1).copy(),
    arrange=lambda a: np.moveaxis(a, 1, -1),
    not_on={"tensorflow": "TensorFlow has no convolution with channels first on a CPU"},
)
def channels_first():
    order = {"data_format": "channels_first"}
    front = [conv(**order), layers.MaxPooling2D(**order), conv(6, **order, name="last")]
    behind = [layers.GlobalAveragePooling2D(**order), layers.Dense(CLASSES)]
    return _chain(image(3, 16, 16), front, behind)


@ROWS.kind("one sample", inputs=given(count=1))
def one():
    return zoo.classifier(conv(), conv(), at=2)


@ROWS.kind("more samples than a batch", inputs=given(count=5, seed=0), options={"batch_size": 2})
def batches():
    return zoo.classifier(conv(), conv(), at=2)
