"""All that a user could notice of a model, to see that nothing has changed."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from nets import tiny
from seewhy.network.calls import operations


def state(model, folder, name):
    """All that a user could notice of a model."""
    model.save(folder / f"{name}.keras")
    copy = keras.saving.load_model(folder / f"{name}.keras", compile=False)
    steps = [model, *operations(model)]
    return {
        "config": model.get_config(),
        "copy's config": copy.get_config(),
        "weights": [ops.convert_to_numpy(v) for v in model.weights],
        "copy's weights": [ops.convert_to_numpy(v) for v in copy.weights],
        "outputs": ops.convert_to_numpy(model(tiny.images(), training=False)),
        "trainable": [(v.path, v.trainable) for v in model.weights]
        + [(step.name, getattr(step, "trainable", None)) for step in steps],
        "requires_grad": [getattr(v.value, "requires_grad", None) for v in model.weights],
        "grads": [getattr(v.value, "grad", None) for v in model.weights],
        "nodes": [(s.name, len(s._inbound_nodes), len(s._outbound_nodes)) for s in steps],
        "activations": [getattr(step, "activation", None) for step in steps],
        "attributes": [sorted(step.__dict__) for step in steps],
        "built": [getattr(step, "built", None) for step in steps],
    }


def assert_same(before, after):
    for key in before:
        np.testing.assert_equal(after[key], before[key], err_msg=key)
