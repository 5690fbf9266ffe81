"""What methods are computed from, by brute force: Keras layers called by hand, float64 behind them.

Imports nothing from seewhy. The slow references are functions of a `World`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
from keras import ops

import nets
import oracle

TARGET = 2


@dataclass(frozen=True)
class World:
    """One net, cut by hand at one layer; the score is the logit of class `TARGET`."""

    model: keras.Model
    layer: str
    images: np.ndarray

    @cached_property
    def activations(self) -> np.ndarray:
        """float64 (batch, rows, cols, units)."""
        return oracle.array(self.head(self.images))

    @cached_property
    def gradients(self) -> np.ndarray:
        """float64, of the score at the layer."""
        return self.evidence(self.images)[1]

    @cached_property
    def image_gradients(self) -> np.ndarray:
        """float64 (batch, height, width, channels), of the score at the images."""
        return self.gradients_at(self.images)

    def evidence(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Activations and gradients of other images."""
        at = self.head(images)
        return oracle.array(at), oracle.gradients(lambda a: self._tail(a, images), at)

    def score(self, images: np.ndarray) -> np.ndarray:
        """float64 (batch,)."""
        return oracle.array(self._tail(self.head(images), images))

    def score_of(self, activations: np.ndarray) -> np.ndarray:
        """The same, of changed activations of the images."""
        return oracle.array(self._tail(_tensor(activations), self.images))

    def gradients_at(self, images: np.ndarray) -> np.ndarray:
        """Of the score at other images."""
        return oracle.gradients(lambda x: self._tail(self.head(x), x), _tensor(images))

    def head(self, images):
        return _run(self.model, _tensor(images), stop=self.layer)

    def _tail(self, activations, images):
        return _run(self.model, _tensor(images), start=self.layer, at=activations)[:, TARGET]


def _tensor(array):
    return ops.cast(ops.convert_to_tensor(array), "float32")


def _run(model, images, stop=None, start=None, at=None):
    """The layers of a functional model by hand; the last one without its activation."""
    known = {id(model.inputs[0]): images}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        node = layer._inbound_nodes[0]
        given = [known[id(tensor)] for tensor in keras.tree.flatten(node.arguments.args)]
        if layer.name == start:
            value = at
        elif layer is model.layers[-1]:
            value = ops.matmul(given[0], layer.kernel) + layer.bias
        else:
            value = layer(given if len(given) > 1 else given[0], training=False)
        if layer.name == stop:
            return value
        known[id(node.output_tensors[0])] = value
    return value


def worlds() -> dict[str, World]:
    """The nets that all references are run on."""
    images = nets.images(2)
    return {
        "flat": World(nets.flat(), "pool2", images),
        "in front of the flat net's last": World(nets.flat(), "conv1", images),
        "residual": World(nets.plain(), "relu3", images),
        "around the skip": World(nets.plain(), "conv2", images),
    }
