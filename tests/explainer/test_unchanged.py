"""Explaining never changes the user's model."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest
from keras import ops

from helpers.model_state import assert_same, state
from nets import tiny
from seewhy.errors import LayerError, SeewhyError
from seewhy.explainer.explainer import Explainer

MODELS = {
    **{head: lambda head=head: tiny.plain(head) for head in ("softmax", "activation layer")},
    "sequential": tiny.flat,
    "nested": tiny.nested,
}


@pytest.mark.parametrize("kind", MODELS)
def test_after_explaining(kind, tmp_path):
    model = MODELS[kind]()
    before = state(model, tmp_path, "before")
    explainer = Explainer(model, preprocess="none")
    explainer(tiny.images())
    explainer.ask(list(tiny.photos()), [0, "top", 1])
    Explainer(model, preprocess="none", scores="probabilities")(tiny.images())
    assert_same(before, state(model, tmp_path, "after"))


def test_after_errors(tmp_path):
    model = tiny.plain()
    before = state(model, tmp_path, "before")
    with pytest.raises(LayerError):
        Explainer(model, layer="predictions")
    with pytest.raises(SeewhyError):
        Explainer(model)(tiny.images(), targets=99)

    def broken(activations):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Explainer(model, method=broken)(tiny.images())
    assert_same(before, state(model, tmp_path, "after"))


def test_training_goes_on_and_explanations_follow_the_weights():
    model, images = tiny.plain("logits"), tiny.images()
    explainer = Explainer(model)
    before = np.stack([e.map for e in explainer(images, 2)])
    layer = model.get_layer("predictions")
    kernel, bias = layer.get_weights()
    layer.set_weights([2 * kernel, bias])
    after = np.stack([e.map for e in explainer(images, 2)])
    np.testing.assert_allclose(after, 2 * before, rtol=1e-4, atol=1e-6)


def test_the_model_still_learns_after_explaining():
    model, images = tiny.plain(), tiny.images()
    Explainer(model)(images)
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    before = ops.convert_to_numpy(model.get_layer("conv1").kernel)
    model.fit(images, np.array([0, 1, 2]), verbose=0)
    assert np.abs(ops.convert_to_numpy(model.get_layer("conv1").kernel) - before).max() > 0


def test_other_threads_use_the_model_meanwhile():
    model, images = tiny.plain(), tiny.images()
    expected = ops.convert_to_numpy(model(images, training=False))
    wrong: list[float] = []
    stop = threading.Event()

    def use():
        while not stop.is_set():
            got = ops.convert_to_numpy(ops.stop_gradient(model(images, training=False)))
            wrong.append(float(np.abs(got - expected).max()))

    thread = threading.Thread(target=use)
    thread.start()
    maps = [Explainer(model)(images, 2)[0].map for _ in range(5)]
    stop.set()
    thread.join()
    assert wrong
    assert max(wrong) < 1e-5
    for map in maps[1:]:
        np.testing.assert_allclose(map, maps[0], rtol=1e-5)


def test_two_threads_explain_one_model():
    model, images = tiny.plain(), tiny.images(4)
    alone = np.stack([e.map for e in Explainer(model)(images, 1)])
    explainer, found = Explainer(model), {}

    def work(i):
        found[i] = np.stack([e.map for e in explainer(images, 1)])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(3):
        np.testing.assert_allclose(found[i], alone, rtol=1e-4, atol=1e-6)
