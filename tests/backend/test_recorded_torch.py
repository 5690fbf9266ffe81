"""Passes that are recorded on torch give what they give when they run as they are written."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest

from nets import tiny
from seewhy.errors import BackendError, SeewhyWarning
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


def test_it_follows_weights_that_are_put_elsewhere(from_second):
    """A parameter may get other memory and stay the same object."""
    model, images = tiny.plain(), tiny.photos(2)[:, :32, :32]
    explainer = Explainer(model, preprocess="unit")
    for _ in range(3):
        before = explainer.maps(images)
    for variable in model.variables:
        if keras.backend.is_float_dtype(variable.dtype):
            variable.value.data = variable.value.data * 1.1 + 0.01
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
    # which is told
    about = explainer(images[:1], by_value)[0].diagnostics["runs_as_written"]
    assert "Error" in about
    assert "runs_as_written" not in recorded_explanation(images).diagnostics


def recorded_explanation(images):
    explainer = Explainer(tiny.plain(), preprocess="unit")
    for _ in range(3):
        found = explainer(images)
    assert any(recordings(explainer))
    return found[0]


def test_a_compiler_of_torch(monkeypatch):
    """Its code is compiled in the benchmarks, which takes half a minute."""
    import torch

    compiled = []

    def compile(graph, dynamic):
        compiled.append(dynamic)
        return graph

    monkeypatch.setattr(torch, "compile", compile)
    images = tiny.photos(3)[:, :32, :32]
    plain, other = (
        Explainer(tiny.plain(), preprocess="unit", compile=how).maps(images)
        for how in (None, "inductor")
    )
    np.testing.assert_allclose(other.maps, plain.maps, atol=1e-6 * np.abs(plain.maps).max())
    assert compiled == [False]


def test_a_compiler_that_fails_is_told(monkeypatch):
    import torch

    def broken(graph, dynamic):
        raise RuntimeError("no such step")

    monkeypatch.setattr(torch, "compile", broken)
    images = tiny.photos(3)[:, :32, :32]
    with pytest.warns(SeewhyWarning, match="failed: no such step"):
        found = Explainer(tiny.plain(), preprocess="unit", compile="inductor").maps(images)
    plain = Explainer(tiny.plain(), preprocess="unit").maps(images)
    np.testing.assert_allclose(found.maps, plain.maps, atol=1e-6 * np.abs(plain.maps).max())


def test_a_compiler_that_is_not_there(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(BackendError, match=r"C\+\+ compiler"):
        Explainer(tiny.plain(), preprocess="unit", compile="inductor")


def _best(values):
    return int(np.argmax(values))


BY_VALUE = {
    "NumPy": lambda x: x[:, _best(keras.ops.convert_to_numpy(x)[0])],
    "an array": lambda x: x[:, _best(np.asarray(x.detach()))],
    "lists": lambda x: x[:, _best(x[0].tolist())],
    "one value": lambda x: x[:, x[0].argmax().item()],
    "a branch": lambda x: x[:, 0] if x[0, 0] > x[0, 1] else x[:, 1],
    "places": lambda x: x[:, 0] * len((x[0] > x[0].mean()).nonzero()),
    "a mask": lambda x: x[:, 0] * x[0][x[0] > x[0].mean()].shape[0],
    "no value": lambda x: x[:, 0] * keras.ops.max(x, axis=-1),
}


@pytest.mark.parametrize("how", BY_VALUE)
def test_values_that_python_looks_at_are_those_of_each_call(from_second, how):
    from seewhy.backend.recorded_torch import Recorded

    function = Recorded(BY_VALUE[how], [])
    images = np.random.default_rng(0).normal(size=(8, 1, 6)).astype("float32")
    for image in images:
        expected = BY_VALUE[how](keras.ops.convert_to_tensor(image))
        np.testing.assert_allclose(function(image).cpu(), expected.cpu(), rtol=1e-6)
    assert function.is_recorded == (how == "no value")


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
