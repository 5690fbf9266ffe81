"""Maps as columns are those of explanations, one by one."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from nets import tiny
from seewhy import targets
from seewhy.errors import MapError, OptionError, SeewhyWarning
from seewhy.explainer.explainer import Explainer
from seewhy.maps import diagnostics
from seewhy.maps.map_checks import are_saturated, map_checks, top_classes
from seewhy.results.maps_record import CODES, bits_of


def assert_same(found, explanations):
    """Every column is what the explanations say."""
    assert len(found) == len(explanations)
    for row, one in enumerate(explanations):
        largest = max(np.abs(one.map).max(), 1e-6)
        np.testing.assert_allclose(found.maps[row], one.map, atol=1e-5 * largest)
        np.testing.assert_allclose(found.scores[row], one.score, rtol=1e-5, atol=1e-6)
        assert found.targets[row] == getattr(one.target, "index", -1)
        assert found.top[row].tolist() == [p.index for p in one.predictions]
        shares = [p.probability for p in one.predictions]
        np.testing.assert_allclose(found.probabilities[row], shares, rtol=1e-5, atol=1e-7)
        names = {note.partition(":")[0] for note in one.warnings}
        assert {code for code in CODES if found.warned(code)[row]} == names, row
    assert found.maps.dtype == np.float32
    assert found.targets.dtype == found.top.dtype == np.int32


def quietly(explainer, images, asked):
    """Explanations of single images, each by itself."""
    samples = explainer.pipeline.samples(images)
    each = asked if isinstance(asked, list) else [asked] * len(samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        return [
            explainer.ask([image], [one])[0][0] for image, one in zip(samples, each, strict=True)
        ]


QUESTIONS = {
    "top": "top",
    "one class": 1,
    "each its own": [0, "top", 2, 1, "top"],
    "second": targets.top(1),
    "margin": targets.margin(0, 2),
    "against": targets.counterfactual(1),
    "probability": targets.probability(2),
    "own": lambda outputs: outputs[:, 0] * 2,
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("options", [{}, {"batch_size": 2}, {"scores": "probabilities"}])
def test_columns_are_those_of_explanations(question, options):
    explainer = Explainer(tiny.plain(), preprocess="unit", **options)
    images = tiny.photos(5)
    asked = QUESTIONS[question]
    assert_same(explainer.maps(images, asked), quietly(explainer, images, asked))


CHOICES = {
    "two layers": {"layer": [0, -1]},
    "eigen_cam": {"method": "eigen_cam"},
    "finer_cam": {"method": "finer_cam"},
    "ablation_cam": {"method": "ablation_cam"},
    "gradient": {"method": "gradient"},
    "flips": {"enhance": "flips"},
    "crop": {"fit": "crop"},
}


@pytest.mark.parametrize("choice", CHOICES)
def test_of_any_method_and_choice(choice):
    explainer = Explainer(tiny.plain(), preprocess="unit", **CHOICES[choice])
    images = tiny.photos(3)
    assert_same(explainer.maps(images), quietly(explainer, images, "top"))


@pytest.mark.parametrize("kind", ["photos", "other sizes", "floats", "prepared", "list"])
def test_of_any_images(kind):
    said = {"prepared": True} if kind == "prepared" else {}
    explainer = Explainer(tiny.plain(), preprocess="unit", **said)
    photos = tiny.photos(3)[:, :32, :32]
    images = {
        "photos": photos,
        "other sizes": [photos[0][:30], photos[1][:, :20], tiny.photos(1)[0]],
        "floats": photos.astype("float32") / 255 * 0.9,
        "prepared": photos.astype("float32") / 255,
        "list": list(photos),
    }[kind]
    if kind == "floats":
        explainer = Explainer(tiny.plain(), preprocess="none")
    assert_same(explainer.maps(images), quietly(explainer, images, "top"))


def small(shape=(16, 16, 3), dtype="float32", close="softmax", units=3):
    image = keras.Input(shape, dtype=dtype)
    x = image if dtype == "float32" else ops.cast(image, "float32")
    x = layers.Conv2D(4, 3, activation="relu")(x)
    outputs = layers.Dense(units, activation=close)(layers.GlobalAveragePooling2D()(x))
    return tiny.fixed(keras.Model(image, outputs))


@pytest.mark.parametrize("said", [None, True])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_of_models_of_any_type_of_input(dtype, kind, said):
    explainer = Explainer(small(dtype=dtype), preprocess="caffe", prepared=said)
    images = tiny.photos(3)[:, :16, :16].astype(kind)
    assert_same(explainer.maps(images), quietly(explainer, images, "top"))


@pytest.mark.parametrize("said", [None, True])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_of_images_of_any_channels(channels, said):
    explainer = Explainer(small((16, 16, channels)), preprocess="none", prepared=said)
    images = np.random.default_rng(0).random((3, 16, 16, channels), "float32")
    assert_same(explainer.maps(images), quietly(explainer, images, "top"))


SINGLE = {
    "quantity": targets.regression(),
    "mixed": [targets.regression(), "top", 0],
    "output": targets.output(0, targets.regression()),
}


@pytest.mark.parametrize("question", SINGLE)
@pytest.mark.parametrize("close", [None, "sigmoid"])
def test_of_a_single_value(question, close):
    explainer = Explainer(small(close=close, units=1), preprocess="unit")
    images, asked = tiny.photos(3), SINGLE[question]
    assert_same(explainer.maps(images, asked), quietly(explainer, images, asked))


@pytest.mark.parametrize("asked", ["top", targets.output(1), [targets.output(0), "top", 1]])
def test_of_several_outputs(asked):
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, activation="relu")(image)
    pooled = layers.GlobalAveragePooling2D()(x)
    heads = [layers.Dense(k, activation="softmax")(pooled) for k in (3, 4)]
    explainer = Explainer(tiny.fixed(keras.Model(image, heads)), preprocess="unit")
    images = tiny.photos(3)
    assert_same(explainer.maps(images, asked), quietly(explainer, images, asked))


def test_a_batch_of_photos_makes_nothing_for_each(monkeypatch):
    explainer = Explainer(tiny.plain(), preprocess="unit")
    photos = tiny.photos(4)[:, :32, :32]
    expected = explainer.maps(photos)

    def never(*_, **__):
        raise AssertionError("made for one image")

    for place in (
        "seewhy.models.prepare.prepare",
        "seewhy.explainer.build_explanations.Explanation",
        "seewhy.images.load",
    ):
        monkeypatch.setattr(place, never)
    again = explainer.maps(photos)
    np.testing.assert_array_equal(again.maps, expected.maps)


def test_rows_are_taken_and_bad_ones_refused():
    found = Explainer(tiny.plain(), preprocess="unit").maps(tiny.photos(4))
    some = found[np.array([True, False, True, False])]
    np.testing.assert_array_equal(some.maps, found.maps[::2])
    assert len(found[1:]) == 3
    with pytest.raises(OptionError, match=r"\[0:0\+1\]"):
        found[0]
    with pytest.raises(OptionError, match="saturated"):
        found.warned("saturatd")
    heat = found.heatmaps
    assert heat.min() >= 0
    assert heat.max() == 1


def test_no_images_and_maps_of_several_shapes():
    explainer = Explainer(tiny.plain(), preprocess="unit")
    with pytest.raises(OptionError, match="empty"):
        explainer.maps([])
    free = Explainer(tiny.plain(side=None), preprocess="unit", prepared=True)
    large, small = (
        np.random.default_rng(0).random((side, side, 3), "float32") for side in (48, 32)
    )
    with pytest.raises(MapError, match="several sizes"):
        free.maps([large, small])


@pytest.mark.framework_free
def test_checks_of_many_are_those_of_each():
    random = np.random.default_rng(7)
    maps = random.normal(size=(60, 3, 4)).astype("float32")
    maps[:10] -= 2
    maps[10:14] = 0
    maps[14:18] = 3
    maps[18:22] = -3
    maps[22, 1, 1], maps[23, 0, 0] = np.nan, np.inf
    maps[24:30] = -np.abs(maps[24:30])
    maps[30:34] = np.where(random.random((4, 3, 4)) < 0.1, 0.01, -1)
    reached = np.ones(60, bool)
    reached[5:12] = reached[40:42] = False
    many = map_checks(maps, reached)
    for row, (map, reaches) in enumerate(zip(maps, reached, strict=True)):
        names = {note.partition(":")[0] for note in diagnostics.map_warnings(map, bool(reaches))}
        assert {name for name, hit in many.items() if hit[row]} == names, row
    single = random.normal(size=(9, 1, 1)).astype("float32")
    single[0] = 0
    many = map_checks(single, np.ones(9, bool))
    for row, map in enumerate(single):
        names = {note.partition(":")[0] for note in diagnostics.map_warnings(map, True)}
        assert {name for name, hit in many.items() if hit[row]} == names, row


@pytest.mark.framework_free
@pytest.mark.parametrize("classes", [1, 2, 5, 40, 1000])
@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_top_classes_are_those_of_a_stable_sort(classes, count):
    random = np.random.default_rng(classes)
    for ranked in (
        random.normal(size=(20, classes)),
        random.integers(0, 3, (20, classes)).astype("float32"),  # many equal ones
        np.zeros((4, classes), "float32"),
    ):
        expected = np.argsort(-ranked, axis=1, kind="stable")[:, :count]
        np.testing.assert_array_equal(top_classes(ranked, count), expected)


@pytest.mark.framework_free
def test_saturated_probabilities_and_bits():
    shares = np.array([0, 0.0005, 0.002, 0.5, 0.998, 0.9995, 1])
    for share, hit in zip(shares, are_saturated(shares), strict=True):
        assert bool(diagnostics.probability_warnings(float(share), True, "")) == hit
    assert bits_of(["not-finite: x", "unheard-of: y"]) == 1
    assert len(CODES) <= 32


def _nothing(activations, gradients):
    return 0 * ops.sum(activations, axis=-1)


def test_a_kind_of_warning_is_told_once_with_its_count():
    explainer = Explainer(tiny.plain(), preprocess="unit")
    zeros = explainer.having(method=_nothing)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", SeewhyWarning)
        found = zeros(tiny.photos(3))
    (one,) = [str(each.message) for each in told if "all-zero" in str(each.message)]
    assert one.startswith("3 of 3 explanations, the first: image")
    assert all(any("all-zero" in note for note in each.warnings) for each in found)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", SeewhyWarning)
        zeros(tiny.photos(1))
    (one,) = [str(each.message) for each in told if "all-zero" in str(each.message)]
    assert not one[0].isdigit()
