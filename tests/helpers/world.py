"""What methods are computed from, by brute force: Keras layers called by hand, float64 behind them.

Imports nothing from seewhy. The slow references are functions of a `World`. Wherever it takes a
gradient, it asserts that no max pooling and no ReLU in its way is near a tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
from keras import ops

from helpers import margins, oracle
from nets import tiny

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

    def pulled_back(self, gated: bool) -> np.ndarray:
        """The gradient at the images where each ReLU passes back positive gradients only.

        gated: only where it is open too.
        """

        def rule(back, is_open):
            return np.maximum(back, 0) * (is_open if gated else 1)

        return self.slopes(rule)["images"]

    def slopes(self, rule=lambda back, is_open: back * is_open) -> dict[str, np.ndarray]:
        """Gradients at the images, and by the names of layers in front of their activations.

        Layer by layer from the back, each with the gradient of the layer alone.
        rule: (gradient behind a ReLU, where it is open) → gradient in front of it.
        """
        margins.assert_no_ties(self.model, self.images)
        values = _values(self.model, _tensor(self.images))
        layers = [one for one in self.model.layers if not isinstance(one, keras.layers.InputLayer)]
        last = values[id(layers[-1].output)]
        upstream = {id(layers[-1].output): np.eye(last.shape[-1])[[TARGET] * len(last)]}
        found = {}
        for layer in reversed(layers):
            node = layer._inbound_nodes[0]
            inputs = keras.tree.flatten(node.arguments.args)
            back = upstream[id(node.output_tensors[0])]
            if getattr(layer, "activation", None) is keras.activations.relu or isinstance(
                layer, keras.layers.ReLU
            ):
                back = rule(back, oracle.array(values[id(node.output_tensors[0])]) > 0)
            found[layer.name] = back
            given = [values[id(tensor)] for tensor in inputs]
            for k, tensor in enumerate(inputs):

                def score(x, k=k, given=given, layer=layer, back=back):
                    mine = [*given[:k], x, *given[k + 1 :]]
                    return ops.sum(_linear(layer, mine) * _tensor(back))

                slope = oracle.gradients(score, given[k])
                upstream[id(tensor)] = upstream.get(id(tensor), 0) + slope
        return found | {"images": upstream[id(self.model.inputs[0])]}

    def biases(self) -> dict[str, np.ndarray]:
        """What each layer adds to a linear function of its input, by the layers' names."""
        found = {}
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                gamma, beta, mean, variance = map(oracle.array, layer.weights)
                found[layer.name] = beta - gamma * mean / np.sqrt(variance + layer.epsilon)
            elif getattr(layer, "bias", None) is not None:
                found[layer.name] = oracle.array(layer.bias)
        return found

    def evidence(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Activations and gradients of other images."""
        at = self.head(images)
        margins.assert_no_ties_within(self.model, lambda: self._tail(at, images))
        return oracle.array(at), oracle.gradients(lambda a: self._tail(a, images), at)

    def score(self, images: np.ndarray) -> np.ndarray:
        """float64 (batch,)."""
        return oracle.array(self._tail(self.head(images), images))

    def score_of(self, activations: np.ndarray) -> np.ndarray:
        """The same, of changed activations of the images."""
        return oracle.array(self._tail(_tensor(activations), self.images))

    @property
    def target(self) -> int:
        return TARGET

    def scores(self, activations: np.ndarray) -> np.ndarray:
        """Logits of all classes (batch, classes)."""
        return oracle.array(self._logits(_tensor(activations), self.images))

    def gradients_of(self, activations: np.ndarray, target: int = TARGET) -> np.ndarray:
        """Of a class's logit with respect to changed activations of the images."""
        at = _tensor(activations)
        margins.assert_no_ties_within(self.model, lambda: self._logits(at, self.images))
        return oracle.gradients(lambda a: self._logits(a, self.images)[:, target], at)

    def gradients_at(self, images: np.ndarray) -> np.ndarray:
        """Of the score at other images."""
        margins.assert_no_ties(self.model, _tensor(images))
        return oracle.gradients(lambda x: self._tail(self.head(x), x), _tensor(images))

    def head(self, images):
        return _run(self.model, _tensor(images), stop=self.layer)

    def _tail(self, activations, images):
        return self._logits(activations, images)[:, TARGET]

    def _logits(self, activations, images):
        return _run(self.model, _tensor(images), start=self.layer, at=activations)


def _tensor(array):
    return ops.cast(ops.convert_to_tensor(array), "float32")


def _run(model, images, stop=None, start=None, at=None):
    """The layers of a functional model by hand; the last one without its activation."""
    name = stop or model.layers[-1].name
    return _values(model, images, start, at)[id(model.get_layer(name).output)]


def _values(model, images, start=None, at=None):
    """The output of every layer, by the id of its symbolic output."""
    known = {id(model.inputs[0]): images}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        node = layer._inbound_nodes[0]
        given = [known[id(tensor)] for tensor in keras.tree.flatten(node.arguments.args)]
        if layer.name == start:
            value = at
        elif layer is model.layers[-1]:
            value = _linear(layer, given)
        else:
            value = layer(given if len(given) > 1 else given[0], training=False)
        known[id(node.output_tensors[0])] = value
    return known


def _linear(layer, given):
    """A layer without its activation."""
    if isinstance(layer, keras.layers.ReLU | keras.layers.Activation):
        return given[0]
    if isinstance(layer, keras.layers.Dense):
        return ops.matmul(given[0], layer.kernel) + layer.bias
    if isinstance(layer, keras.layers.Conv2D):
        value = ops.conv(given[0], layer.kernel, padding=layer.padding)
        return value if layer.bias is None else value + layer.bias
    return layer(given if len(given) > 1 else given[0], training=False)


def worlds() -> dict[str, World]:
    """The nets that all references are run on."""
    # seeds under which all that gradients are taken at, for all methods, is far from ties
    flat, residual = tiny.images(2, seed=25522), tiny.images(2, seed=2168)
    return {
        "flat": World(tiny.flat(), "pool2", flat),
        "in front of the flat net's last": World(tiny.flat(), "conv1", flat),
        "residual": World(tiny.plain(), "relu3", residual),
        "around the skip": World(tiny.plain(), "conv2", residual),
    }
