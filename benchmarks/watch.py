"""What Watch costs, and how early it tells: KERAS_BACKEND=jax python benchmarks/watch.py [--order]

A small network is trained on photos of 96 pixels, seconds an epoch, with 12 photos watched. What
the callback takes at the end of each epoch is divided by the rest of that epoch, in one process.
--order: on a network that learns a planted strip, when seewhy_border and the accuracy on photos
without the strip have gone half of their way. The figures of docs/training.md are what this prints.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from nets import planted
from nets.strip_learned import half_way, taught_a_strip
from seewhy.callbacks import Watch

SIDE, PHOTOS, EPOCHS = 96, 12, 6


class Timed(Watch):
    """Watch, and the seconds that each of its parts took."""

    def on_train_begin(self, logs=None):
        self.seconds, start = [], time.perf_counter()
        super().on_train_begin(logs)
        self.start = time.perf_counter() - start

    def on_epoch_end(self, epoch, logs=None):
        start = time.perf_counter()
        super().on_epoch_end(epoch, logs)
        self.seconds.append(time.perf_counter() - start)


class Epochs(keras.callbacks.Callback):
    """The seconds of each epoch, callbacks and all."""

    def on_train_begin(self, logs=None):  # noqa: ARG002
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):  # noqa: ARG002
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        self.seconds.append(time.perf_counter() - self.start)


def network() -> keras.Model:
    """Four convolutions of 32 to 64 units."""
    x = image = keras.Input((SIDE, SIDE, 3))
    for units in (32, 48, 64, 64):
        x = layers.Conv2D(units, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(image, layers.Dense(2, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def costs(count: int) -> None:
    """Print a row for each place that pictures go to."""
    data = planted.planted(count, share=0.5, side=SIDE)
    photos = data.photos.astype("float32") / 255
    probes = np.linspace(0, len(photos) - 1, PHOTOS).astype(int)
    print(
        "| backend | pictures | an epoch without it, s | Watch, ms | share | before training, s |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, to in (("none", None), ("a folder", folder)):
            keras.utils.set_random_seed(0)
            watch = Timed((photos[probes], data.labels[probes]), to=to, prepared=True)
            epochs = Epochs()
            model = network()
            callbacks = [watch, epochs]
            model.fit(photos, data.labels, epochs=EPOCHS, verbose=0, callbacks=callbacks)
            # the first epoch compiles the training
            own = statistics.median(watch.seconds[1:])
            rest = statistics.median(epochs.seconds[1:]) - own
            cells = [keras.backend.backend(), name, f"{rest:.1f}", f"{1000 * own:.0f}"]
            print(f"| {' | '.join([*cells, f'{own / rest:.1%}', f'{watch.start:.1f}'])} |")


def order(seeds: int) -> None:
    """Print when the border's figure and the validation accuracy have gone half of their way."""
    print(
        "| seed | seewhy_border | half of its way | accuracy without the strip | half of its way |"
    )
    print("|---|---|---|---|---|")
    for seed in range(seeds):
        border, accuracy = taught_a_strip(seed)
        told = [f"{border[0]:.2f} → {border[-1]:.2f}", f"epoch {half_way(border)}"]
        told += [f"{accuracy[0]:.2f} → {accuracy[-1]:.2f}", f"epoch {half_way(accuracy)}"]
        print(f"| {seed} | {' | '.join(told)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=400, help="photos a class")
    parser.add_argument("--order", action="store_true")
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    order(asked.seeds) if asked.order else costs(asked.count)
