"""Passes that are recorded on torch give what they give when they run as they are written."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest

from nets import tiny
from seewhy.errors import SeewhyWarning
from seewhy.explainer.explainer import Explainer

pytestmark = pytest.mark.skipif(keras.backend.backend() != "torch", reason="about torch")


@pytest.fixture
def from_second(monkeypatch):
    """Recorded at the second call, used from the third on."""
    from seewhy.backend import recorded_torch

    monkeypatch.setattr(recorded_torch, "RECORD_FROM", 2)


def recordings(explainer):
    return [each.is_recorded for each in explainer.pipeline.runner.compiled.functions.values()]


METHODS = ["grad_cam", "hires_cam", "grad_cam_plus_plus", "eigen_cam", "ablation_cam", "gradient"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("head", ["softmax", "sigmoid", "logits"])
def test_a_recording_gives_the_same(from_second, method, head):
    images = tiny.photos(3)[:, :32, :32]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        explainer = Explainer(tiny.plain(head), preprocess="unit", method=method)
        first = explainer.maps(images)
        for _ in range(3):
            again = explainer.maps(images)
    assert any(recordings(explainer))
    largest = np.abs(first.maps).max()
    np.testing.assert_allclose(again.maps, first.maps, atol=1e-6 * largest)
    np.testing.assert_allclose(again.scores, first.scores, rtol=1e-6)
    np.testing.assert_array_equal(again.top, first.top)


def test_it_follows_a_model_that_goes_on_learning(from_second):
    model, images = tiny.plain(), tiny.photos(2)[:, :32, :32]
    explainer = Explainer(model, preprocess="unit")
    for _ in range(3):
        before = explainer.maps(images)
    assert any(recordings(explainer))
    random = np.random.default_rng(0)
    model.set_weights([w + random.normal(scale=0.05, size=w.shape) for w in model.get_weights()])
    after = explainer.maps(images)
    fresh = Explainer(model, preprocess="unit").maps(images)
    np.testing.assert_allclose(after.maps, fresh.maps, atol=1e-6 * np.abs(fresh.maps).max())
    assert np.abs(after.maps - before.maps).max() > 1e-3 * np.abs(before.maps).max()


def test_another_shape_is_another_recording(from_second):
    explainer = Explainer(tiny.plain(side=None), preprocess="unit", size=32)
    for count in (1, 1, 1, 2, 2, 2, 3):
        images = tiny.photos(count)[:, :32, :32]
        maps = explainer.maps(images).maps
        one_by_one = [explainer.maps(images[i : i + 1]).maps[0] for i in range(count)]
        np.testing.assert_allclose(maps, one_by_one, atol=1e-5 * np.abs(maps).max())


def test_what_looks_at_values_runs_as_it_is_written(from_second):
    def by_value(outputs):
        first = outputs[:, 0]
        return first if float(first.sum()) > 1.0 else -first

    explainer = Explainer(tiny.plain(), preprocess="unit")
    images = tiny.photos(3)[:, :32, :32]
    for k in (0, 1, 2, 0, 1, 2):
        got = explainer.maps(images[k : k + 1], by_value).maps
        plain = Explainer(tiny.plain(), preprocess="unit").maps(images[k : k + 1], by_value).maps
        np.testing.assert_allclose(got, plain, atol=1e-6 * max(np.abs(plain).max(), 1e-9))


def test_a_recording_that_gives_something_else_is_not_used(monkeypatch):
    import torch

    from seewhy.backend.recorded_torch import Recorded

    monkeypatch.setattr("seewhy.backend.recorded_torch.RECORD_FROM", 1)
    counted = []

    def count(x):
        counted.append(1)
        return x * len(counted)

    function = Recorded(count, [])
    values = [float(function(np.ones(1, "float32"))[0]) for _ in range(4)]
    # recorded, replayed to compare, found to be another, and dropped
    assert not function.is_recorded
    assert values == sorted(set(values))
    told = Recorded(lambda x: (x, "words"), [])
    for _ in range(3):
        assert told(np.ones(1, "float32"))[1] == "words"
    assert not told.is_recorded
    assert torch.is_tensor(told(np.ones(1, "float32"))[0])
