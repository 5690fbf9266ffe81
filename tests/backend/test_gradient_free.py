"""Methods without gradients, on those backends of Keras that have none."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers import gradient_free_maps, world
from helpers.attention_by_hand import rollout, run
from helpers.method_options import OPTIONS
from nets import tiny, transformers
from seewhy import backend, errors, methods
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.one_shot import explain

MODULE = backend.load()
pytestmark = pytest.mark.skipif(MODULE.GRADIENTS, reason="other tests serve such backends")
NAME = keras.backend.backend()
only_openvino = pytest.mark.skipif(NAME != "openvino", reason="about graphs")


def elsewhere(path, what, name):
    """What `helpers.gradient_free_maps` gives in a process of its own on another backend."""
    command = [sys.executable, "-m", "helpers.gradient_free_maps", what, str(path)]
    environment = os.environ | {"KERAS_BACKEND": name}
    subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, check=True)
    return dict(np.load(path))


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    # on OpenVINO each step of a reference would be a graph of its own
    return elsewhere(tmp_path_factory.mktemp("slow") / "slow.npz", "references", "numpy")


@pytest.mark.parametrize("key", world.worlds())
@pytest.mark.parametrize("name", gradient_free_maps.FREE)
def test_equal_to_the_slow_reference(name, key, references):
    one, expected = world.worlds()[key], references[f"{key}: {name}"]
    layer = one.layer if methods.get_method(name).at_layer else None
    explainer = Explainer(one.model, layer=layer, method=name, options=OPTIONS.get(name))
    found = np.stack([each.map for each in explainer(one.images, world.TARGET)])
    size = np.abs(expected).max()
    assert size > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * size)


def test_the_bundled_network_gives_what_it_gives_elsewhere(tmp_path):
    other = next(name for name in ("torch", "jax", "tensorflow") if find_spec(name))
    expected = elsewhere(tmp_path / "bundled.npz", "bundled", other)
    for name, map in expected.items():
        size = np.abs(map).max()
        assert size > 0
        found = gradient_free_maps.bundled(name)
        np.testing.assert_allclose(found, map, rtol=0, atol=1e-4 * size, err_msg=name)


@pytest.mark.parametrize(("prefix", "pool"), [(1, "token"), (0, "mean")])
def test_rollout_equals_attention_by_hand(prefix, pool):
    model, images = transformers.vit(prefix=prefix, pool=pool), tiny.images(2)
    none = np.zeros((2, 2, 2, 16 + prefix, 16 + prefix), "float32")
    _, attentions = run(model, ops.convert_to_tensor(images), ops.convert_to_tensor(none), pool)
    explanations = Explainer(model, method="attention-rollout")(images, 1)
    for own, one in zip(ops.convert_to_numpy(attentions), explanations, strict=True):
        flow = rollout(own, None)
        row = flow[0] if prefix else flow.mean(axis=0)
        np.testing.assert_allclose(one.map, row[prefix:].reshape(4, 4), rtol=0, atol=1e-5)


@pytest.mark.parametrize("entry", methods.all_methods(), ids=lambda entry: entry.name)
def test_methods_with_gradients_are_refused_and_others_named(entry):
    if not entry.differentiates:
        assert Explainer(transformers.vit(), method=entry.name).method == entry.name
        return
    with pytest.raises(
        errors.MethodError, match=f"^{entry.name} needs gradients, and Keras's {NAME}"
    ):
        Explainer(tiny.plain(), method=entry.name)


def test_the_usual_method_tells_which_others_there_are():
    with pytest.raises(errors.MethodError) as caught:
        explain(tiny.plain(), tiny.images(1)[0])
    assert "ablation_cam" in str(caught.value)
    assert "score_cam" in str(caught.value)
    assert "integrated_gradients" not in str(caught.value)
    assert "KERAS_BACKEND to tensorflow, jax or torch" in str(caught.value)


def test_maps_of_all_classes_are_refused():
    explainer = Explainer(tiny.plain(), method="eigen-cam")
    with pytest.raises(errors.MethodError, match="gradients are asked for"):
        explainer.all_classes(tiny.images(1))


def test_own_formulas_run_unless_they_need_gradients():
    def strongest(activations):
        return ops.max(activations, axis=-1)

    def steepest(gradients):
        return ops.max(gradients, axis=-1)

    one = Explainer(tiny.plain(), layer="conv1", method=strongest)(tiny.images(1), 1)[0]
    assert one.map.shape == (32, 32)
    with pytest.raises(errors.MethodError, match="steepest needs gradients"):
        Explainer(tiny.plain(), method=steepest)


def test_new_weights_are_followed():
    model, images = tiny.plain(), tiny.images(1)
    explainer = Explainer(model, method="recipro-cam")
    before = explainer(images, 1)[0]
    bias = model.get_layer("predictions").bias
    bias.assign(ops.convert_to_numpy(bias) + np.arange(5, dtype="float32"))
    after = explainer(images, 1)[0]
    assert after.score == pytest.approx(before.score + 1, abs=1e-5)


class Looking(layers.Layer):
    """A step whose course depends on values."""

    def compute_output_shape(self, shape):
        return shape

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)

    def call(self, x):
        return x if float(ops.convert_to_numpy(ops.max(x))) > 1e9 else 2 * x


def test_a_model_that_looks_at_values_runs_too():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = layers.GlobalAveragePooling2D()(Looking()(x))
    model = tiny.fixed(keras.Model(image, layers.Dense(3)(x)))
    images = tiny.images(1)
    one = Explainer(model, layer="conv", method="recipro-cam")(images, 1)[0]
    assert one.score == pytest.approx(float(ops.convert_to_numpy(model(images))[0, 1]), abs=1e-5)
    assert one.map.shape == (30, 30)


def test_several_threads_get_what_one_gets():
    explainer = Explainer(tiny.plain(), method="ablation-cam")
    images = tiny.images(4)
    expected = [explainer(images[k : k + 1], 1)[0].map for k in range(4)]
    found = [None] * 4

    def ask(k):
        found[k] = explainer(images[k : k + 1], 1)[0].map

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


@only_openvino
def test_a_graph_is_made_once_a_shape():
    made = []

    def twice(values):
        made.append(values[0].shape)
        return {"twice": 2 * values[0], "same": values[0]}

    run = MODULE.compile(twice, [])
    for side in (2, 3, 2, 3):
        found = run([np.full((side, 2), 1.5, "float32")])
        np.testing.assert_array_equal(ops.convert_to_numpy(found["twice"]), np.full((side, 2), 3.0))
        np.testing.assert_array_equal(ops.convert_to_numpy(found["same"]), np.full((side, 2), 1.5))
    assert made == [(2, 2), (3, 2)]


@only_openvino
def test_a_function_that_looks_at_values_is_built_at_each_call():
    def larger(values):
        return values if ops.convert_to_numpy(values).sum() > 0 else -values

    run = MODULE.compile(larger, [])
    for sign in (1, -1):
        found = run(np.full(3, sign, "float32"))
        np.testing.assert_array_equal(ops.convert_to_numpy(found), np.ones(3))


@only_openvino
def test_a_step_that_is_lacking_is_told():
    def by_svd(activations):
        return ops.svd(activations)[1]

    explainer = Explainer(tiny.plain(), layer="conv1", method=by_svd)
    with pytest.raises(errors.MethodError, match="svd"):
        explainer(tiny.images(1), 1)


@only_openvino
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "bool", "uint8"])
def test_values_keep_their_type(dtype):
    values = ops.cast(np.array([0.0, 1.0, 3.0]), dtype)
    (found,) = MODULE.compile(lambda given: [given], [])(values)
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    expected = ops.convert_to_numpy(ops.cast(values, "float32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.cast(found, "float32")), expected)
