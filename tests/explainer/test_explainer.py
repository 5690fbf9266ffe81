"""The Python interface: what goes in, what comes out, and what is said about bad input."""

from __future__ import annotations

import io

import keras
import numpy as np
import pytest
from PIL import Image

import seewhy
from nets import tiny
from seewhy import errors

NAMES = ["alpha", "beta", "gamma", "delta", "epsilon"]


@pytest.fixture(scope="module")
def model():
    return tiny.plain()


@pytest.fixture
def photo():
    return tiny.photos(1)[0]


def explain(model, image, **options):
    return seewhy.explain(model, image, **{"preprocess": "unit", "labels": NAMES, **options})


def test_an_explanation(model, photo):
    explanation = explain(model, photo, target="Gamma", layer="relu3", method="GradCAM")
    assert explanation.map.shape == (16, 16)
    assert explanation.map.dtype == np.float32
    assert explanation.heatmap.shape == photo.shape[:2]
    assert explanation.heatmap.dtype == np.float32
    assert explanation.heatmap.min() >= 0
    assert 0.5 < explanation.heatmap.max() <= 1
    assert (explanation.target.index, explanation.target.name) == (2, "gamma")
    assert (explanation.layer, explanation.method) == ("relu3", "grad_cam")
    assert [p.name for p in explanation.predictions] != []
    assert explanation.overlay().size == (48, 48)
    assert [text.partition(":")[0] for text in explanation.warnings] == ["mostly-negative"]
    assert explanation.diagnostics["clipped"] > 0.9
    with pytest.raises(AttributeError):
        explanation.map = None


def test_the_heatmap_is_the_rectified_map_on_the_photo(model, photo):
    import cv2

    explanation = explain(model, photo, target=1)
    positive = np.maximum(explanation.map, 0)
    expected = cv2.resize(positive / positive.max(), (48, 48), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(explanation.heatmap, expected, atol=1e-5)


def test_every_kind_of_image_gives_the_same_map(model, photo, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path)
    resized = Image.fromarray(photo).resize((32, 32), Image.Resampling.BILINEAR)
    preprocessed = np.asarray(resized, "float32") / 255
    buffer = io.BytesIO(path.read_bytes())
    sources = [str(path), path, buffer, Image.open(path), photo, preprocessed]
    explainer = seewhy.Explainer(model, preprocess="unit", prepared=True)
    maps = [explanation.map for explanation in explainer(sources, targets=1)]
    for map in maps[1:]:
        np.testing.assert_allclose(map, maps[0], rtol=1e-4, atol=1e-6)


def test_a_batch_array_is_a_list(model):
    explainer = seewhy.Explainer(model, preprocess="unit")
    batch = tiny.photos(3)
    for one, other in zip(explainer(batch), explainer(list(batch)), strict=True):
        np.testing.assert_array_equal(one.map, other.map)


def test_one_target_for_all_or_one_each(model):
    explainer = seewhy.Explainer(model, preprocess="unit", labels=NAMES)
    found = explainer(tiny.photos(3), targets=["alpha", 4, "top"])
    assert [e.target.index for e in found[:2]] == [0, 4]
    assert found[2].target.index == found[2].predictions[0].index
    with pytest.raises(errors.TargetError, match="2 targets for 3 images"):
        explainer(tiny.photos(3), targets=[0, 1])


def test_all_top_asks_for_each_of_the_top_classes(model):
    explainer = seewhy.Explainer(model, preprocess="unit", top=4)
    (row,) = explainer.ask(tiny.photos(1), ["all-top"])
    assert [e.target.index for e in row] == [p.index for p in row[0].predictions]
    alone = explainer(tiny.photos(1), targets=row[2].target.index)[0]
    np.testing.assert_allclose(row[2].map, alone.map, rtol=1e-4, atol=1e-6)


def test_a_group_is_the_log_odds_of_its_summed_probability(model):
    from seewhy.targets.labels import Label, Labels

    labels = Labels(tuple(Label(i, None, n) for i, n in enumerate(NAMES)), {"pair": (1, 3)})
    image = tiny.images(1)
    probabilities = np.array(keras.ops.convert_to_numpy(model(image, training=False)))[0]
    inside = probabilities[[1, 3]].sum()
    for scores, expected in (
        ("logits", np.log(inside / (1 - inside))),
        ("probabilities", inside),
    ):
        explainer = seewhy.Explainer(model, labels=labels, scores=scores)
        explanation = explainer(image, targets="pair")[0]
        assert explanation.score == pytest.approx(expected, rel=1e-3, abs=1e-5)
        assert explanation.target.indices == (1, 3)


def test_a_models_own_rescaling_needs_no_preprocessing():
    explanation = seewhy.explain(tiny.nested(), tiny.photos(1)[0])
    assert explanation.layer == "base/relu3"
    assert explanation.map.any()


def test_unknown_preprocessing_must_be_named(model, photo):
    with pytest.raises(errors.PreprocessError, match="preprocess="):
        seewhy.explain(model, photo)
    assert seewhy.explain(model, tiny.images(1)[0]).map.any()


def test_a_saved_model_is_explained_by_its_path(model, photo, tmp_path):
    path = tmp_path / "own.keras"
    model.save(path)
    ours = explain(path, photo, target=1)
    np.testing.assert_allclose(ours.map, explain(model, photo, target=1).map, rtol=1e-5)


def test_an_all_zero_map_says_so(model):
    twin = tiny.plain("logits")
    dense = twin.get_layer("predictions")
    kernel, bias = dense.get_weights()
    dense.set_weights([-np.abs(kernel), bias])
    with pytest.warns(errors.SeewhyWarning, match="no-positive-evidence"):
        explanation = seewhy.explain(twin, tiny.images(1)[0], target=0)
    assert explanation.map.min() < 0
    assert not explanation.heatmap.any()
    assert explanation.overlay().size == (32, 32)


def test_a_layer_beside_the_way_to_the_output_says_so():
    image = keras.Input((32, 32, 3))
    x = tiny.trunk(image)
    side = keras.layers.Conv2D(4, 3, name="side")(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(3)(x) + 0 * keras.ops.mean(side, axis=(1, 2))[:, :3]
    model = tiny.fixed(keras.Model(image, x))
    with pytest.warns(errors.SeewhyWarning, match="no-gradient"):
        seewhy.explain(model, tiny.images(1)[0], layer="side")


def test_nan_weights_give_no_picture():
    model = tiny.plain()
    kernel, bias = model.get_layer("predictions").get_weights()
    model.get_layer("predictions").set_weights([np.full_like(kernel, np.nan), bias])
    with pytest.warns(errors.SeewhyWarning, match="not-finite"):
        explanation = seewhy.explain(model, tiny.images(1)[0], target=0)
    with pytest.raises(errors.MapError):
        explanation.overlay()


BAD_IMAGES = {
    "NaN": (np.full((32, 32, 3), np.nan, "float32"), "NaN"),
    "wrong size": (np.zeros((20, 32, 3), "float32"), r"\(32, 32, 3\)"),
    "integers": (np.zeros((32, 32, 3), "int64"), "uint8"),
    "no side": (np.zeros((0, 32, 3), "uint8"), "0"),
    "missing": ("no/such.jpg", "no/such.jpg"),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_bad_images(model, kind):
    image, text = BAD_IMAGES[kind]
    with pytest.raises(errors.ImageError, match=text) as caught:
        explain(model, image)
    assert "\n" not in str(caught.value)


def test_bad_layers(model):
    with pytest.raises(errors.LayerError, match="relu3"):
        seewhy.Explainer(model, layer="relu33")
    with pytest.raises(errors.LayerError, match=r"no space axes.*relu3"):
        seewhy.Explainer(model, layer="gap")
    image = keras.Input((32,))
    dense = keras.Model(image, keras.layers.Dense(3)(image))
    with pytest.raises(errors.LayerError, match="no layer with a spatial grid"):
        seewhy.Explainer(dense)
    image = keras.Input((8, 8, 3))
    flat = keras.layers.Dense(3)(keras.layers.Flatten()(image))
    with pytest.raises(errors.LayerError, match="no layer with a spatial grid"):
        seewhy.Explainer(keras.Model(image, flat))


def test_bad_models():
    with pytest.raises(errors.ModelError, match="unbuilt"):
        seewhy.Explainer(keras.Sequential([keras.layers.Conv2D(3, 3)]))
    with pytest.raises(errors.ModelError, match="vgg16"):
        seewhy.Explainer("vgg61")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"target": 5}, errors.TargetError, "0.*4"),
        ({"target": -1}, errors.TargetError, "0.*4"),
        ({"target": "gama"}, errors.TargetError, "gamma"),
        ({"target": 1.5}, errors.TargetError, "float"),
        ({"method": "gradcan"}, errors.MethodError, "Did you mean 'grad_cam'"),
        ({"scores": "odds"}, errors.OptionError, "logits, probabilities"),
        ({"fit": "stretch"}, errors.OptionError, "squash, crop, letterbox"),
        ({"labels": ["one"]}, errors.LabelsError, "1.*5"),
        ({"size": 64}, errors.ModelError, "32"),
        ({"preprocess": "imagenet"}, errors.PreprocessError, "caffe"),
    ],
)
def test_bad_options(model, photo, options, error, text):
    with pytest.raises(error, match=text) as caught:
        explain(model, photo, **options)
    assert "\n" not in str(caught.value)


def test_a_notebook_shows_it(model, photo):
    explanation = explain(model, photo, labels=["<b>", *NAMES[1:]], top=5)
    page = explanation._repr_html_()
    assert "data:image/png;base64," in page
    assert "&lt;b&gt;" in page
    assert explanation._repr_png_().startswith(b"\x89PNG")


def test_save_writes_the_overlay(model, photo, tmp_path):
    explanation = explain(model, photo)
    path = explanation.save(tmp_path / "out.png")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), np.asarray(explanation.overlay()))
