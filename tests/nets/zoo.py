"""The record of one kind of model, split by hand, and the words in which its row is written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from nets import tiny

SIDE = 16
CLASSES = 5


def same(x: Any) -> Any:
    return x


def softmax(x: Any) -> Any:
    return ops.softmax(x, axis=-1)


def top(outputs: Any) -> Any:
    """The score of the top class of (batch, classes)."""
    return ops.max(outputs, axis=-1)


def pick(index: int) -> Callable[[Any], Any]:
    return lambda outputs: outputs[..., index]


@dataclass(frozen=True)
class Cut:
    """A model, and the same model in two parts written by hand by calling the same layers."""

    model: Any
    head: Callable[[Any], Any]
    """Inputs → activations, as the layer gives them."""
    tail: Callable[[Any, Any], Any]
    """(activations, inputs) → outputs without the closing activation."""
    close: Callable[[Any], Any] = same
    """Those → what the model itself gives."""
    score: Callable[[Any], Any] = top
    """Outputs of the tail → (batch,), what the target asks for."""
    layer: Any = None
    """The target layer, where it is given as an object."""
    user: Any = None
    """The Keras model behind `model`, where that is no Keras model."""


@dataclass(frozen=True)
class Kind:
    """One row of the table."""

    name: str
    build: Callable[[], Cut]
    inputs: Callable[[], Any]
    """A batch: an array, or a dictionary or tuple of arrays."""
    options: dict[str, Any] = field(default_factory=dict)
    target: Any = "top"
    """A string, an index, or a function: the module seewhy.targets → the target."""
    arrange: Callable[[Any], Any] = same
    """Activations, NumPy → (batch, *space, units)."""
    tolerance: float = 1e-4
    """Of the largest value."""
    not_on: dict[str, str] = field(default_factory=dict)
    """Backends that cannot run the model, each with the reason."""


class Rows(list[Kind]):
    """A table that grows by decorated `build` functions."""

    def kind(self, name: str, **row: Any) -> Callable[[Callable[[], Cut]], Callable[[], Cut]]:
        def add(build: Callable[[], Cut]) -> Callable[[], Cut]:
            self.append(Kind(name, build, row.pop("inputs", images), **row))
            return build

        return add


def images(*space: int, channels: int = 3, count: int = 2, seed: int = 1) -> np.ndarray:
    """float32 (count, *space, channels), standard normal."""
    shape = (count, *(space or (SIDE, SIDE)), channels)
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def given(*space: int, **options: Any) -> Callable[[], np.ndarray]:
    """`images` of a shape, to be drawn later."""
    return lambda: images(*space, **options)


def image(*shape: int | None, **options: Any) -> Any:
    """The symbolic input that `images` fits."""
    return keras.Input(shape or (SIDE, SIDE, 3), **options)


def conv(units: int = 4, size: int = 3, **options: Any) -> layers.Layer:
    return layers.Conv2D(units, size, **{"padding": "same", "activation": "relu", **options})


def run(x: Any, *steps: Callable[..., Any]) -> Any:
    """Layers called in a chain, in inference mode."""
    for step in steps:
        x = step(x, training=False)
    return x


def chain(*steps: Any) -> Callable[..., Any]:
    """Such a chain as a head or tail: what comes beside the first argument is left alone."""
    return lambda x, *_: run(x, *steps)


def logits(dense: Any, x: Any) -> Any:
    """What a dense layer gives in front of its activation."""
    return ops.matmul(x, dense.kernel) + dense.bias


def called(model: Any, inputs: Any) -> Any:
    """What the model itself gives, in inference mode."""
    return model(list(inputs) if isinstance(inputs, tuple) else inputs, training=False)


def reloaded(model: keras.Model, suffix: str) -> keras.Model:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model.{suffix}"
        model.save(path)
        return keras.saving.load_model(path, compile=False)


def classifier(*steps: Any, at: int, inputs: Any = None) -> Cut:
    """A functional chain of layers, global average pooling and a dense layer giving logits.

    at: how many of the steps lie in front of the cut.
    """
    inputs = image() if inputs is None else inputs
    pools = {3: "1D", 4: "2D", 5: "3D"}
    x = inputs
    for step in steps:
        x = step(x)
    gap = getattr(layers, f"GlobalAveragePooling{pools[len(x.shape)]}")(name="gap")
    behind = (*steps[at:], gap, layers.Dense(CLASSES, name="logits"))
    for step in behind[len(steps) - at :]:
        x = step(x)
    model = tiny.fixed(keras.Model(inputs, x))
    return Cut(model, chain(*steps[:at]), chain(*behind))
