"""Several input sizes: their maps on one grid, rectified, fused and sharpened."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from nets import tiny
from seewhy.errors import OptionError
from seewhy.explainer.explainer import Explainer
from seewhy.images.geometry import enlarge

PHOTO = tiny.photos(1)[0]


def explained(model, image=PHOTO, target=2, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Explainer(model, preprocess="unit", **options)([image], [target])[0]


def by_hand(model, sizes, how, power, **options):
    maps = []
    for size in sizes:
        map = np.maximum(explained(model, size=size, **options).map.astype("float64"), 0)
        maps.append(map / map.max())
    finest = max((map.shape for map in maps), key=np.prod)
    stack = np.stack([enlarge(map, finest).astype("float64") for map in maps])
    fused = {
        "mean": lambda: stack.mean(axis=0),
        "max": lambda: stack.max(axis=0),
        "product": lambda: stack.prod(axis=0),
        "geometric": lambda: np.exp(np.log(np.maximum(stack, 1e-300)).mean(axis=0)),
    }[how]()
    return fused.max() * (fused / fused.max()) ** power


@pytest.mark.parametrize("how", ["mean", "max", "product", "geometric"])
@pytest.mark.parametrize("method", ["grad-cam", "hires-cam", "ablation-cam"])
def test_fused_as_by_hand(how, method):
    model, sizes = tiny.plain(side=None), (32, 48)
    explanation = explained(model, sizes=sizes, fuse=how, sharpen=1.5, method=method)
    expected = by_hand(model, sizes, how, 1.5, method=method)
    assert explanation.map.shape == expected.shape
    np.testing.assert_allclose(explanation.map, expected, rtol=1e-4, atol=1e-5)
    assert explanation.heatmap.shape == PHOTO.shape[:2]


def test_predictions_are_those_of_the_first_size():
    model = tiny.plain(side=None)
    several, first = explained(model, sizes=(32, 48)), explained(model, size=32)
    assert [p.index for p in several.predictions] == [p.index for p in first.predictions]
    probabilities = [p.probability for p in first.predictions]
    np.testing.assert_allclose(
        [p.probability for p in several.predictions], probabilities, rtol=1e-5
    )
    np.testing.assert_allclose(several.score, first.score, rtol=1e-5)
    assert several.options["sizes"] == [[32, 32], [48, 48]]


def test_one_size_is_sharpened():
    model = tiny.plain()
    plain, sharp = explained(model), explained(model, sharpen=2.0)
    rectified = np.maximum(plain.map, 0)
    wanted = rectified.max() * (rectified / rectified.max()) ** 2
    np.testing.assert_allclose(sharp.map, wanted, rtol=1e-4, atol=1e-6 * rectified.max())
    photos = tiny.photos(2)[:, :32, :32]
    one, two = (
        Explainer(model, preprocess="unit", sharpen=power).maps(photos).maps for power in (1.0, 2.0)
    )
    rectified = np.maximum(one, 0)
    largest = rectified.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(two, largest * (rectified / largest) ** 2, rtol=1e-4, atol=1e-7)


def test_the_top_class_is_that_of_the_first_size():
    model = tiny.plain(side=None)
    top = explained(model, target="top", sizes=(32, 48))
    named = explained(model, target=top.predictions[0].index, sizes=(32, 48))
    np.testing.assert_allclose(top.map, named.map, rtol=1e-5)


def test_all_classes_at_once():
    model = tiny.plain(side=None)
    explanation = explained(model, sizes=(32, 48), fuse="geometric", sharpen=1.5)
    maps = explanation.ask_all()
    np.testing.assert_allclose(maps[2], explanation.map, rtol=1e-3, atol=1e-5)


def test_its_own_map_is_trusted_to_be_its_own():
    explanation = explained(tiny.plain(side=None), sizes=(32, 48), fuse="geometric", sharpen=1.5)
    check = next(c for c in explanation.trust().checks if c.name == "is the method's own map")
    assert check.passed


def test_arrays_that_are_ready_are_resized_as_they_are():
    model = tiny.plain(side=None)
    ready = np.asarray(Image.fromarray(PHOTO).resize((32, 32)), "float32") / 255
    explanation = explained(model, ready, sizes=(32, 48), prepared=True)
    assert explanation.map.shape == explained(model, sizes=(32, 48)).map.shape


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": (32, 48)}, "scales"),
        ({"sizes": ()}, "sizes"),
        ({"sizes": (0, 32)}, "sizes"),
        ({"sizes": "224"}, "sizes"),
        ({"sizes": (32,), "size": 32}, "both"),
        ({"sharpen": 0.5}, "sharpen"),
        ({"sharpen": float("nan")}, "sharpen"),
    ],
)
def test_what_cannot_be_had_is_told(options, words):
    with pytest.raises(OptionError, match=words):
        Explainer(tiny.plain(), **options)
