"""What `Explainer.maps` costs beside the compiled pass: Python on the host, for each photo.

Prints, for a network of no cost, milliseconds of processor time a photo of a call and of `maps`;
and for the bundled network photos a second of `maps`, of a call, and of a forward pass of the
compiled model on arrays that are ready.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

import seewhy


def seconds(run: Callable[[], Any], repeats: int, clock: Callable[[], float]) -> float:
    """The fastest of several runs."""
    run()
    best = float("inf")
    for _ in range(repeats):
        start = clock()
        run()
        best = min(best, clock() - start)
    return best


def network_of_no_cost(side: int) -> keras.Model:
    image = keras.Input((side, side, 3))
    x = keras.layers.Conv2D(4, 1, strides=side // 7, activation="relu")(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(1000, activation="softmax")(x))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    wishes = parser.parse_args()
    warnings.simplefilter("ignore", seewhy.errors.SeewhyWarning)
    photos = np.random.default_rng(0).integers(0, 256, (wishes.batch, 224, 224, 3), "uint8")
    print(f"{keras.backend.backend()}, keras {keras.__version__}, batch {wishes.batch}")

    small = photos[:, :14, :14].copy()
    light = seewhy.Explainer(network_of_no_cost(14), preprocess="unit", batch_size=wishes.batch)
    for name, run in (("call", light), ("maps", light.maps)):
        spent = seconds(lambda run=run: run(small), wishes.repeats, time.process_time)
        print(f"no cost, {name}: {1e3 * spent / wishes.batch:.3f} ms of processor time a photo")

    bundled = seewhy.Explainer("efficientnet-lite0", batch_size=wishes.batch)
    model = bundled.pipeline.wrapped.model
    ready = bundled.pipeline.wrapped.network_input(photos, 0)
    rates = {
        "forward pass": lambda: model.predict_on_batch(ready),
        "maps": lambda: bundled.maps(photos),
        "call": lambda: bundled(photos),
    }
    for name, run in rates.items():
        spent = seconds(run, wishes.repeats, time.perf_counter)
        print(f"bundled network, {name}: {wishes.batch / spent:.0f} photos a second")


if __name__ == "__main__":
    main()
