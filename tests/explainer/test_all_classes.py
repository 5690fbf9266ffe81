"""The maps of all classes at once equal those that are asked for one by one."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from nets import tiny, transformers
from seewhy import errors
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.one_shot import explain
from seewhy.results.shared_scale import on_one_scale
from seewhy.run import passes


def one_by_one(explainer, images, classes):
    rows = explainer.ask(list(images), list(range(classes)))
    return np.stack([np.stack([e.map for e in row]) for row in rows])


MODELS = {
    "pooled": (tiny.plain, {}, tiny.images, 5),
    "dense": (tiny.flat, {"layer": "conv1"}, tiny.images, 5),
    "behind a skip": (tiny.plain, {"layer": "pool1", "method": "hires_cam"}, tiny.images, 5),
    "probabilities": (tiny.plain, {"scores": "probabilities"}, tiny.images, 5),
    "one unit": (lambda: tiny.plain("sigmoid", 1), {}, tiny.images, 2),
    "tokens": (transformers.vit, {}, tiny.images, 3),
    "fused": (tiny.plain, {"layer": ["conv1", "relu3"]}, tiny.images, 5),
    "segmentation": (tiny.pixels, {}, lambda: tiny.images(side=16), 3),
    "volumes": (
        tiny.volumes,
        {},
        lambda: np.random.default_rng(0).normal(size=(3, 6, 8, 8, 1)).astype("float32"),
        3,
    ),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("chunk", ["all at once", "two at a time"])
def test_equal_to_one_by_one(kind, chunk, monkeypatch):
    build, options, images, classes = MODELS[kind]
    explainer = Explainer(build(), preprocess="none", **options)
    if chunk == "two at a time":
        monkeypatch.setattr(passes, "_chunk", lambda activations, classes, bytes: 2)
    maps = explainer.all_classes(images())
    expected = one_by_one(explainer, images(), classes)
    assert maps.dtype == np.float32
    assert maps.shape == expected.shape
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_memory_is_bounded_by_chunks():
    small, large = ops.zeros((1, 7, 7, 16)), ops.zeros((8, 64, 64, 512))
    assert passes._chunk(small, 1000, passes.CHUNK) == 1000
    assert passes._chunk(large, 1000, passes.CHUNK) == 1


def test_an_empty_list_and_mixed_sizes():
    explainer = Explainer(tiny.plain(side=None), preprocess="none", size=32)
    with pytest.raises(errors.OptionError, match="empty"):
        explainer.all_classes([])
    with pytest.raises(errors.OptionError, match="one size"):
        explainer.all_classes([tiny.images(1, 32)[0], tiny.images(1, 48)[0]])


def test_which_classes_are_seen_at_a_point():
    explainer = Explainer(tiny.plain(), labels=["ant", "bee", "cat", "dog", "eel"])
    image = tiny.images(1)
    explanation = explainer(image, "bee")[0]
    maps = explainer.all_classes(image)[0]
    assert explanation.map.shape == (16, 16)
    # pixel (x 13, y 6) has its centre a quarter of the way between cells (row 2, 3; col 6, 7)
    between = 0.25 * (0.75 * maps[:, 2, 6] + 0.25 * maps[:, 2, 7]) + 0.75 * (
        0.75 * maps[:, 3, 6] + 0.25 * maps[:, 3, 7]
    )
    seen = explanation.at(13, 6, top=5)
    assert [one.index for one in seen] == np.argsort(-between).tolist()
    np.testing.assert_allclose(
        [one.value for one in seen], np.sort(between)[::-1], rtol=1e-4, atol=1e-6
    )
    assert seen[0].name == explainer.labels[seen[0].index].name
    with pytest.raises(errors.OptionError, match="32"):
        explanation.at(32, 0)


def test_one_scale_for_several_classes():
    explainer = Explainer(tiny.plain(), preprocess="none")
    (row,) = explainer.ask(tiny.photos(1), [0, 1, 2, 3, 4])
    together = on_one_scale(row)
    largest = max(one.map.max() for one in row)
    for one, own in zip(together, row, strict=True):
        np.testing.assert_allclose(
            one.heatmap, own.heatmap * max(own.map.max(), 0) / largest, rtol=1e-4, atol=1e-6
        )
    assert max(one.heatmap.max() for one in together) > 0.5
    assert any(
        one.heatmap.max() < 0.9 * own.heatmap.max() for one, own in zip(together, row, strict=True)
    )


def test_explain_knows_all_classes_too():
    explanation = explain(tiny.plain(), tiny.photos(1)[0], preprocess="none")
    assert len(explanation.at(3, 4, top=2)) == 2
