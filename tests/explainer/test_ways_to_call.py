"""One image or many, target or targets, and arguments in the wrong order."""

from __future__ import annotations

import io
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import seewhy
from nets import tiny
from seewhy.errors import ImageError, OptionError, TargetError


@pytest.fixture(scope="module")
def explainer():
    return seewhy.Explainer(tiny.plain(), preprocess="unit")


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "photo.png"
    Image.fromarray(tiny.photos(1)[0]).save(place)
    return place


def opened(path):
    return io.BytesIO(path.read_bytes())


WAYS = {
    "path": str,
    "Path": Path,
    "file": opened,
    "picture": Image.open,
    "array": lambda path: np.asarray(Image.open(path)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_single_image_is_a_call_with_one(explainer, path, way):
    found = explainer(WAYS[way](path), "top")
    assert len(found) == 1
    wanted = explainer([path])[0]
    np.testing.assert_allclose(found[0].map, wanted.map, rtol=1e-4, atol=1e-5)
    rows = explainer.ask(WAYS[way](path), ["top", 1])
    assert [len(row) for row in rows] == [2]
    assert explainer.all_classes(WAYS[way](path)).shape[0] == 1


@pytest.mark.parametrize("kind", [np.asarray, keras.ops.convert_to_tensor])
def test_a_single_prepared_array_is_a_call_with_one(explainer, kind):
    images = tiny.images()
    prepared = explainer.having(prepared=True)
    found = prepared(kind(images[0]))
    assert len(found) == 1
    np.testing.assert_allclose(found[0].map, prepared(images)[0].map, rtol=1e-4, atol=1e-5)


def grey(axes=(12, 12, 1)):
    inputs = keras.Input(axes)
    outputs = keras.layers.Conv2D(3, 3, activation="relu")(inputs)
    outputs = keras.layers.GlobalAveragePooling2D()(outputs)
    return keras.Model(inputs, keras.layers.Dense(2)(outputs))


@pytest.mark.parametrize(
    ("shape", "count"),
    [((12, 12), 1), ((12, 12, 1), 1), ((12, 12, 3), 1), ((5, 12, 12), 5), ((5, 12, 12, 1), 5)],
)
def test_the_axes_say_whether_an_array_is_one_photo_or_several(shape, count):
    photos = np.random.default_rng(0).integers(0, 255, shape).astype("uint8")
    explainer = seewhy.Explainer(grey(), preprocess="unit")
    assert len(explainer(photos)) == count


@pytest.mark.parametrize(("shape", "count"), [((20, 2), 1), ((4, 20, 2), 4)])
def test_one_signal_or_several(shape, count):
    inputs = keras.Input((20, 2))
    outputs = keras.layers.Conv1D(3, 3, activation="relu")(inputs)
    outputs = keras.layers.GlobalAveragePooling1D()(outputs)
    explainer = seewhy.Explainer(keras.Model(inputs, keras.layers.Dense(2)(outputs)))
    assert len(explainer(np.ones(shape, "float32"))) == count


@pytest.fixture(scope="module")
def two_inputs():
    photo, values = keras.Input((12, 12, 1), name="photo"), keras.Input((3,), name="values")
    outputs = keras.layers.Conv2D(3, 3, activation="relu")(photo)
    outputs = keras.layers.GlobalAveragePooling2D()(outputs)
    joined = keras.layers.Concatenate()([outputs, values])
    model = keras.Model({"photo": photo, "values": values}, keras.layers.Dense(2)(joined))
    return seewhy.Explainer(model, preprocess="unit", prepared=True)


def test_one_sample_of_several_inputs_and_batches_of_them(two_inputs, path):
    rng = np.random.default_rng(1)
    photos, values = rng.random((4, 12, 12, 1)).astype("float32"), np.ones((4, 3), "float32")
    batch = two_inputs({"photo": photos, "values": values})
    assert len(batch) == 4
    one = two_inputs({"photo": photos[0], "values": values[0]})
    assert len(one) == 1
    np.testing.assert_allclose(one[0].map, batch[0].map, rtol=1e-4, atol=1e-5)
    assert len(two_inputs({"values": values[0], "photo": str(path)})) == 1
    assert len(two_inputs([{"photo": photos[0], "values": values[0]}] * 2)) == 2


@pytest.mark.parametrize("wrong", [3, None, b"bytes", np.zeros((2, 3, 4, 5, 6), "uint8")])
def test_what_is_no_image_is_told(explainer, wrong):
    with pytest.raises(ImageError):
        explainer(wrong)


def test_bytes_are_told_what_to_do(explainer, path):
    with pytest.raises(ImageError, match=re.escape("io.BytesIO")):
        explainer(path.read_bytes())


def test_target_and_targets_mean_the_same(explainer, path):
    model = explainer.pipeline.wrapped.model
    wanted = explainer([path], 2)[0]
    told = [
        explainer([path], targets=2)[0],
        explainer([path], target=2)[0],
        explainer([path], target=[2])[0],
        *(
            seewhy.explain(model, path, preprocess="unit", **{name: value})
            for name in ("target", "targets")
            for value in (2, [2], (2,), np.array([2]))
        ),
    ]
    for explanation in told:
        assert explanation.target.index == 2
        np.testing.assert_allclose(explanation.map, wanted.map, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pair", [(1, 2), (1, 1), ("top", 1)])
def test_both_are_an_error_that_says_so(explainer, path, pair):
    target, targets = pair
    model = explainer.pipeline.wrapped.model
    with pytest.raises(TargetError, match="both are given"):
        explainer([path], target=target, targets=targets)
    with pytest.raises(TargetError, match="both are given"):
        seewhy.explain(model, path, target=target, targets=targets, preprocess="unit")


def test_several_questions_of_one_image_are_told_the_way(explainer, path):
    model = explainer.pipeline.wrapped.model
    with pytest.raises(TargetError, match=r"ask\(\[image\], \[0, 1\]\)"):
        seewhy.explain(model, path, targets=[0, 1], preprocess="unit")
    with pytest.raises(TargetError, match=r"ask\(images, targets\)"):
        explainer(path, [0, 1])


def test_a_comparison_takes_both_names_and_one_question(explainer, path):
    for given in ({"target": 2}, {"targets": 2}, {"target": [2]}, {"targets": (2,)}):
        found = seewhy.compare(explainer, path, methods=["grad-cam"], **given)
        assert [each.target.index for each in found] == [2]
    with pytest.raises(TargetError, match="both are given"):
        seewhy.compare(explainer, path, target=1, targets=[2])
    asked = [each.target.index for each in seewhy.compare(explainer, path, methods=["cam"])]
    assert asked == [explainer(path)[0].target.index]


def test_a_question_to_no_call_is_told_where_it_belongs(explainer):
    model = explainer.pipeline.wrapped.model
    for name in ("target", "targets"):
        with pytest.raises(TypeError, match=r"belongs to the call: explainer\(photo, target=…\)"):
            seewhy.Explainer(model, **{name: 2})


def test_choices_beside_an_explainer_hold(explainer, path):
    found = next(
        iter(seewhy.compare(explainer, path, methods=["grad-cam"], scores="probabilities"))
    )
    assert found.options["scores"] == "probabilities"
    assert explainer.scores == "logits"
    with pytest.raises(OptionError, match="'layr' cannot be changed here"):
        seewhy.compare(explainer, path, layr="x")


PHOTOS = {
    "path": "photo.jpg",
    "Path": Path("folder/photo.PNG"),
    "array": np.zeros((8, 8, 3), "uint8"),
    "picture": Image.new("RGB", (8, 8)),
    "list": ["a.jpg", "b.jpg"],
}
CALLS = {
    "explain": (lambda p, m: seewhy.explain(p, m), "seewhy.explain(model, photo)"),
    "compare": (lambda p, m: seewhy.compare(p, m), "seewhy.compare(model, photo)"),
    "debug": (lambda p, m: seewhy.debug(p, m, 1), "seewhy.debug(model, photo, true)"),
    "concepts": (lambda p, m: seewhy.concepts(p, m), "seewhy.concepts(model, photos)"),
    "evaluate": (lambda p, m: seewhy.evaluate(p, m, "b"), "seewhy.evaluate(model, photos, boxes)"),
    "benchmark": (lambda p, m: seewhy.benchmark(p, m), "seewhy.benchmark(models, photos)"),
    "diff": (lambda p, m: seewhy.diff(p, m, m), "seewhy.diff(model_a, model_b, photos)"),
    "diff in the middle": (
        lambda p, m: seewhy.diff(m, p, m),
        "seewhy.diff(model_a, model_b, photos)",
    ),
    "trust": (lambda p, m: seewhy.trust(np.ones((4, 4)), p, m), "seewhy.trust(map, model, photo)"),
    "Explainer": (lambda p, m: seewhy.Explainer(p), "seewhy.Explainer(model)(photo)"),
    "layers": (lambda p, m: seewhy.layers(p), "model first, then photo"),
}
MODELS = {"model": tiny.plain, "preset": lambda: "vgg16", "file": lambda: "own.keras"}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("call", CALLS)
def test_swapped_arguments_are_recognised(call, photo, model):
    run, right = CALLS[call]
    with pytest.raises(OptionError, match=re.escape(right)):
        run(PHOTOS[photo], MODELS[model]())


def test_a_photo_of_any_name_in_place_of_a_model_is_recognised_by_the_model(explainer):
    for model in (explainer, explainer.pipeline.wrapped.model):
        with pytest.raises(OptionError, match=re.escape("seewhy.explain(model, photo)")):
            seewhy.explain("upload-17", model)


def test_maps_come_first_to_be_judged(explainer):
    model = explainer.pipeline.wrapped.model
    for first in (model, explainer, "vgg16"):
        with pytest.raises(OptionError, match=re.escape("seewhy.trust(map, model, photo)")):
            seewhy.trust(first, np.ones((4, 4)), tiny.photos(1)[0])
