"""The split at any layer gives the activations and gradients of independent autodiff."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from nets import tiny, twins
from seewhy import backend
from seewhy.models.wrapped_model import wrap_model
from seewhy.plan import cuts

LAYERS = ["conv1", "pool1", "conv2", "bn2", "relu2", "conv3", "sum3", "relu3"]


def evidence_of(model, layer, images, index):
    """Activations, gradients and raw outputs through the split, compiled as users get it."""
    module = backend.load()
    cut = cuts.layer_cut(module, wrap_model(model, how="none"), layer)

    def run(x):
        activations, bypass = cut.split.head(x)

        def score(at):
            raw = cut.split.tail(at, bypass)
            return raw[:, index], raw

        value, raw, pullback = module.value_and_pullback(score, activations)
        return activations, pullback(ops.ones_like(value)), raw

    results = module.compile(run, model.variables)(images)
    return [ops.convert_to_numpy(result) for result in results]


@pytest.mark.parametrize("layer", LAYERS)
def test_activations_and_gradients_are_those_of_the_twin(layer):
    model, images = tiny.plain(), tiny.images()
    ours = evidence_of(model, layer, images, 2)
    theirs = twins.evidence(twins.Plain(model), layer, images, lambda logits: logits[:, 2])
    for mine, other in zip(ours, theirs, strict=True):
        assert np.abs(other).max() > 0
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


class Block(keras.layers.Layer):
    """A layer that calls another inside, and adds something of its own."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inner = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="inner")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return 2 * self.inner(x)


@pytest.mark.parametrize("layer", ["block", "inner"])
def test_a_layer_with_layers_inside(layer):
    image = keras.Input((32, 32, 3))
    x = keras.layers.GlobalAveragePooling2D()(Block(name="block")(image))
    model = tiny.fixed(keras.Model(image, keras.layers.Dense(3, name="predictions")(x)))
    images = tiny.images()
    block = model.get_layer("block")
    expected = ops.convert_to_numpy(block.inner(images)) * (2 if layer == "block" else 1)
    kernel = ops.convert_to_numpy(model.get_layer("predictions").kernel)[:, 1] / 32**2
    activations, gradients, _ = evidence_of(model, layer, images, 1)
    np.testing.assert_allclose(activations, expected, rtol=1e-4, atol=1e-6)
    slope = kernel * (1 if layer == "block" else 2)
    np.testing.assert_allclose(gradients, np.broadcast_to(slope, gradients.shape), rtol=1e-4)


def test_the_tail_runs_nothing_in_front_of_the_target(monkeypatch):
    model, images = tiny.plain(), tiny.images()
    module = backend.load()
    cut = cuts.layer_cut(module, wrap_model(model, how="none"), "relu3")
    ran = []
    original = keras.layers.Conv2D.call
    monkeypatch.setattr(
        keras.layers.Conv2D, "call", lambda self, x: (ran.append(self.name), original(self, x))[1]
    )
    activations, bypass = cut.split.head(ops.convert_to_tensor(images))
    assert ran == ["conv1", "conv2", "conv3"]
    ran.clear()
    cut.split.tail(activations, bypass)
    assert ran == []


def test_the_tail_answers_to_other_activations():
    model, images = tiny.plain(), ops.convert_to_tensor(tiny.images())
    cut = cuts.layer_cut(backend.load(), wrap_model(model, how="none"), "relu3")
    activations, bypass = cut.split.head(images)
    kernel, bias = (ops.convert_to_numpy(v) for v in model.get_layer("predictions").weights)
    twice = 2 * activations
    expected = ops.convert_to_numpy(ops.mean(twice, axis=(1, 2))) @ kernel + bias
    tail = ops.convert_to_numpy(cut.split.tail(twice, bypass))
    np.testing.assert_allclose(tail, expected, rtol=1e-4, atol=1e-5)


def test_every_backend_has_the_same_face():
    import ast
    from pathlib import Path

    def face(path):
        body = ast.parse(path.read_text()).body
        names = {node.name for node in body if isinstance(node, ast.FunctionDef)}
        names |= {node.targets[0].id for node in body if isinstance(node, ast.Assign)}
        signatures = {n.name: [a.arg for a in n.args.args] for n in body if hasattr(n, "args")}
        public = {name for name in names if not name.startswith("_")}
        return public, {name: signatures[name] for name in public & set(signatures)}

    folder = Path(backend.__file__).parent
    names = (*backend.BACKENDS, *backend.WITHOUT_GRADIENTS)
    faces = [face(folder / f"{name}.py") for name in names]
    assert all(other == faces[0] for other in faces)
