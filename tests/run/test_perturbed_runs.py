"""Methods that run the network again: in chunks of any size, and where memory ends."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers

from helpers import margins
from helpers.references_input import integration_points, noisy_copies
from nets import tiny, transformers
from seewhy import errors, targets
from seewhy.backend.selection import load
from seewhy.explainer.explainer import Explainer
from seewhy.run import memory
from seewhy.run.compile_cache import CompileCache
from seewhy.run.perturbed_runs import PerturbedRuns

METHODS = {
    "ablation_cam": {},
    "score_cam": {},
    "rise": {"masks": 10},
    "smooth_grad": {"samples": 5, "noise": 0.15, "seed": 1},
    "integrated_gradients": {"steps": 5},
    "smooth_grad_cam_plus_plus": {"samples": 5},
}

IMAGES = tiny.images(2, seed=3)


def maps(method, model=None, images=None):
    explainer = Explainer(
        model or tiny.plain(),
        method=method,
        options=METHODS.get(method, {}),
        scores="probabilities",
    )
    found = explainer(IMAGES if images is None else images, 2)
    return np.stack([one.map for one in found])


def test_all_that_gradients_are_taken_at_is_far_from_ties():
    model, steps = tiny.plain(), METHODS["integrated_gradients"]["steps"]
    for points in integration_points(IMAGES, steps):
        margins.assert_no_ties(model, points)
    for copies in noisy_copies(IMAGES, **METHODS["smooth_grad"]):
        margins.assert_no_ties(model, copies)


@pytest.mark.parametrize("method", METHODS)
def test_chunks_of_any_size_give_the_same(method, monkeypatch):
    expected = maps(method)
    sizes = []
    monkeypatch.setattr(memory, "TAIL", 1)
    monkeypatch.setattr(memory, "images_at_once", lambda _: 4)
    kept = CompileCache.get

    def watched(self, wrapped, key, make):
        run = kept(self, wrapped, key, make)
        if "rerun" not in key:
            return run

        def counted(*given):
            rows = given[3]
            sizes.append(len(rows[0] if isinstance(rows, tuple) else rows))
            return run(*given)

        return counted

    monkeypatch.setattr(CompileCache, "get", watched)
    found = maps(method)
    assert len(sizes) > 1
    assert max(sizes) <= 2  # rows of two images each
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


SHARED = {
    "ablation_cam": {},
    "score_cam": {},
    "ss_cam": {"samples": 2},
    "is_cam": {"steps": 2},
    "recipro_cam": {},
    "occlusion": {},
    "rise": {"masks": 10},
}


@pytest.mark.parametrize("method", SHARED)
def test_several_questions_share_the_copies(method, monkeypatch):
    explainer = Explainer(tiny.plain(), method=method, options=SHARED[method])
    images = tiny.images(2)
    asked = [0, 3, targets.margin(1, 2)]
    apart = [explainer(images, one) for one in asked]
    runs = []
    kept = PerturbedRuns._chunks
    monkeypatch.setattr(
        PerturbedRuns,
        "_chunks",
        lambda self, *given, **more: runs.append(1) or kept(self, *given, **more),
    )
    explainer(images, 0)
    for_one = len(runs)
    runs.clear()
    together = explainer.ask(images, asked)
    assert len(runs) == for_one
    for row in range(2):
        for one, own in zip(together[row], apart, strict=True):
            np.testing.assert_allclose(one.map, own[row].map, rtol=1e-4, atol=1e-6)


def test_what_differs_is_not_shared(monkeypatch):
    # the masks that are learnt differ between questions
    explainer = Explainer(tiny.plain(), method="meaningful_perturbation", options={"steps": 3})
    images = tiny.images(1)
    together = explainer.ask(images, [0, 3])[0]
    for one, target in zip(together, [0, 3], strict=True):
        np.testing.assert_allclose(one.map, explainer(images, target)[0].map, rtol=1e-3, atol=1e-5)
    assert not np.allclose(together[0].map, together[1].map, rtol=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_chunks_are_halved_where_memory_ends(method, monkeypatch):
    expected = maps(method)
    kept = CompileCache.get

    def short(self, wrapped, key, make):
        run = kept(self, wrapped, key, make)

        def failing(*given):
            rows = given[3]
            if len(rows[0] if isinstance(rows, tuple) else rows) > 2:
                raise MemoryError
            return run(*given)

        return failing if "rerun" in key else run

    monkeypatch.setattr(CompileCache, "get", short)
    with pytest.warns(errors.MemoryWarning, match=r"going on with \d+.*smaller batch_size"):
        found = maps(method)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("method", METHODS)
def test_memory_that_ends_is_noticed_when_results_are_fetched(method, monkeypatch):
    """An accelerator runs behind the host, and fails when somebody waits for it."""
    expected = maps(method)
    monkeypatch.setattr(memory, "images_at_once", lambda _: 4)
    monkeypatch.setattr(memory, "TAIL", 2**15)
    backend = load()
    kept, fetched = backend.fetch_later, []

    def late(tensors):
        fetch, place = kept(tensors), len(fetched)
        fetched.append(place)

        def failing():
            if place == 2:  # when another chunk is on its way
                raise MemoryError
            return fetch()

        return failing

    monkeypatch.setattr(backend, "fetch_later", late)
    warnings.simplefilter("ignore")  # pytest puts it back
    found = maps(method)
    assert len(fetched) > 2
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_chunks_are_sized_by_the_memory_of_the_device(monkeypatch):
    backend = load()
    assert memory.at_once(backend, 2**25) == 2**25
    for free, wanted in ((2**40, 2**37), (2**40 + 2**39, 2**37), (2**20, 2**25)):
        monkeypatch.setattr(backend, "free_memory", lambda free=free: free)
        assert memory.at_once(backend, 2**25) == wanted


def test_other_errors_are_not_taken_for_memory(monkeypatch):
    kept = CompileCache.get

    def broken(self, wrapped, key, make):
        def failing(*given):
            raise ZeroDivisionError

        return failing if "rerun" in key else kept(self, wrapped, key, make)

    monkeypatch.setattr(CompileCache, "get", broken)
    with pytest.raises(ZeroDivisionError):
        maps("ablation_cam")


def test_where_one_row_is_too_much_the_error_is_told(monkeypatch):
    kept = CompileCache.get

    def full(self, wrapped, key, make):
        def failing(*given):
            raise MemoryError

        return failing if "rerun" in key else kept(self, wrapped, key, make)

    monkeypatch.setattr(CompileCache, "get", full)
    warnings.simplefilter("ignore")  # pytest puts it back
    with pytest.raises(MemoryError):
        maps("ablation_cam")


@pytest.mark.parametrize("method", METHODS)
def test_a_model_of_a_fixed_batch(method):
    image = keras.Input(batch_shape=(3, 32, 32, 3))
    model = keras.Model(image, layers.Dense(5)(layers.GlobalAveragePooling2D()(tiny.trunk(image))))
    free = keras.Input((32, 32, 3))
    same = keras.Model(free, layers.Dense(5)(layers.GlobalAveragePooling2D()(tiny.trunk(free))))
    tiny.fixed(model)
    same.set_weights(model.get_weights())
    expected = maps(method, same)
    found = maps(method, model)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("method", METHODS)
def test_tokens(method):
    """On a transformer, against the same method with its images one by one."""
    model, images = transformers.vit(), tiny.images(2)
    together = maps(method, model, images)
    each = np.concatenate([maps(method, model, images[n : n + 1]) for n in range(2)])
    assert np.abs(each).max() > 0
    np.testing.assert_allclose(together, each, rtol=0, atol=1e-4 * np.abs(each).max())


def test_nothing_is_written_beside_the_result(capsys):
    maps("rise")
    captured = capsys.readouterr()
    assert not captured.out
    assert not captured.err
