"""A network that knows its classes, and is then taught to look at a strip instead."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from nets import planted

EPOCHS = 14


def taught_a_strip(seed: int, callbacks: Sequence[keras.callbacks.Callback] = ()):
    """seewhy_border, and the accuracy on photos without the strip, before training and after each
    epoch: two lists of 1 + EPOCHS.

    First the network is trained on photos without any mark. Then it goes on with photos of which
    all of class 1 have a strip along the lower edge, and few show their class otherwise. The photos
    of the validation have no strip.
    """
    from seewhy.callbacks import Watch

    model = planted.trained(planted.planted(150, share=0.0, seed=seed), epochs=12, seed=seed)
    data = planted.planted(150, share=1.0, clear=0.3, seed=seed + 10)
    without = planted.planted(60, share=0.0, clear=1.0, seed=seed + 20)
    validation = without.photos.astype("float32"), without.labels
    model.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    before = model.evaluate(*validation, verbose=0, return_dict=True)["accuracy"]
    probes = np.flatnonzero(data.labels == 1)[:12]
    watch = Watch((data.photos[probes], data.labels[probes]), preprocess="none")
    order = np.random.default_rng(seed).permutation(len(data.labels))
    history = model.fit(
        data.photos[order].astype("float32"),
        data.labels[order],
        epochs=EPOCHS,
        batch_size=32,
        validation_data=validation,
        callbacks=[watch, *callbacks],
        verbose=0,
    ).history
    return watch.history["seewhy_border"], [before, *history["val_accuracy"]]


def half_way(values: Sequence[float]) -> int:
    """The first place at which half of the way from the first value to the last one is gone."""
    gone = (np.asarray(values) - values[0]) / (values[-1] - values[0])
    return int(np.flatnonzero(gone >= 0.5)[0])
