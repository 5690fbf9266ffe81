"""Deep feature factorisation: what is planted is found, and labelled with what it drives."""

from __future__ import annotations

import importlib
import json
import sys
import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

import seewhy
from helpers.model_state import assert_same, state
from nets import tiny, transformers, twins
from seewhy import errors
from seewhy.cli import app
from seewhy.explainer.concepts import concept_meaning
from seewhy.explainer.concepts import concept_meaning as meanings
from seewhy.explainer.concepts.nmf import factorise
from seewhy.explainer.explainer import Explainer
from seewhy.render import concept_colours

LABELS = ["ant", "bee", "cat", "dog", "eel"]
pytestmark = pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")

# Which units make up each planted concept, and which class each unit drives.
UNITS = ((0, 1), (2,), (3, 4, 5))
DRIVES = (1, 1, 3, 0, 0, 0)


def planted(count=3, side=8, seed=0):
    """Activations (count, side, side, 6) of three concepts with parts of their own, and those
    (count, 3, side, side)."""
    random = np.random.default_rng(seed)
    vectors = np.zeros((3, 6))
    for k, units in enumerate(UNITS):
        vectors[k, list(units)] = random.uniform(0.5, 1, len(units))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    maps = np.zeros((count, 3, side, side))
    for i, k in np.ndindex(count, 3):
        top, left = random.integers(0, side - 3, 2)
        maps[i, k, top : top + 4, left : left + 4] = (3 - k) * random.uniform(0.5, 1, (4, 4))
    return np.einsum("ikyx,ku->iyxu", maps, vectors).astype("float32"), maps, vectors


def reader(units=6):
    """A net whose layer "relu" gives its input, if that is not negative, and whose classes each
    add up the units that drive them."""
    image = keras.Input((8, 8, units), name="image")
    x = layers.Activation("relu", name="relu")(image)
    x = layers.GlobalAveragePooling2D(name="gap")(x)
    dense = layers.Dense(5, use_bias=False, name="predictions")
    model = keras.Model(image, dense(x), name="reader")
    kernel = np.zeros((units, 5), "float32")
    kernel[np.arange(units), [*DRIVES, *[4] * units][:units]] = 1
    dense.set_weights([kernel])
    return model


@pytest.fixture(scope="module")
def model():
    return tiny.plain()


def matched(found, wanted):
    """The places of wanted vectors among those found, by the angle between them."""
    places = np.argmax(wanted @ found.T, axis=1)
    assert sorted(places) == list(range(len(wanted)))
    return places


def test_planted_concepts_are_found_again():
    images, maps, vectors = planted()
    found = seewhy.concepts(reader(), images, count=3, labels=LABELS)
    places = matched(found.vectors, vectors)
    np.testing.assert_allclose(found.vectors[places], vectors, atol=1e-4)
    np.testing.assert_allclose(found.maps[:, places], maps, atol=1e-3)
    assert found.maps.dtype == np.float32
    assert (found.maps >= 0).all()
    assert found.error < 1e-4
    assert list(found.share) == sorted(found.share, reverse=True)
    energy = (maps**2).sum(axis=(0, 2, 3))
    np.testing.assert_allclose(np.array(found.share)[places], energy / energy.sum(), atol=1e-2)


def test_concepts_are_labelled_with_the_classes_that_their_units_drive():
    images, _, vectors = planted()
    found = seewhy.concepts(reader(), images, count=3, labels=LABELS)
    for k, name in zip(matched(found.vectors, vectors), ("bee", "dog", "ant"), strict=True):
        ((told, share),) = found.labels[k]
        assert told == name
        assert share == pytest.approx(1, abs=1e-3)


def scores_by_hand(model, activations):
    """Logits of `tiny.plain` for activations (…, rows, cols, units) at relu3, in float64."""
    kernel, bias = (w.astype("float64") for w in model.get_layer("predictions").get_weights())
    return activations.mean(axis=(-3, -2)) @ kernel + bias


def at(model, layer, images):
    head = keras.Model(model.input, model.get_layer(layer).output)
    return ops.convert_to_numpy(ops.stop_gradient(head(images, training=False)))


def check_scores(model):
    images = tiny.images()
    found = Explainer(model, batch_size=2).concepts(images, count=4)
    maps, vectors = found.maps.astype("float64"), found.vectors.astype("float64")
    answers = found.answered
    parts = np.einsum("ikyx,ku->ikyxu", maps, vectors)
    for values, activations in (
        (answers.given, at(model, "relu3", images).astype("float64")),
        (answers.whole, parts.sum(axis=1)),
        (answers.alone, parts),
        (answers.without, parts.sum(axis=1, keepdims=True) - parts),
    ):
        np.testing.assert_allclose(values, scores_by_hand(model, activations), atol=1e-4)
    return found


def test_scores_with_and_without_each_concept_are_those_of_a_tail_by_hand(model):
    found = check_scores(model)
    # the meaning, in loops
    presence = found.maps.sum(axis=(2, 3), dtype="float64")
    for k, c in np.ndindex(4, 5):
        lost, own, every = 0.0, 0.0, 0.0
        for i in range(3):
            gone = found.answered.whole[i, c].astype("float64") - found.answered.without[i, :, c]
            lost += presence[i, k] * gone[k]
            own += presence[i, k] * max(gone[k], 0)
            every += presence[i, k] * sum(max(one, 0) for one in gone)
        assert found.meaning.lost[k, c] == pytest.approx(lost / presence[:, k].sum(), abs=1e-6)
        assert found.meaning.share[k, c] == pytest.approx(own / every if every else 0, abs=1e-6)
    for k, labels in enumerate(found.labels):
        order = sorted(range(5), key=lambda c: -found.meaning.lost[k, c])
        best = [c for c in order if found.meaning.lost[k, c] > 0][:3]
        assert [name for name, _ in labels] == [f"class {c}" for c in best]


def swapped(count):
    """Removed and kept concepts the wrong way round."""
    right = ROWS(count)
    return np.concatenate([right[:2], right[2 + count :], right[2 : 2 + count]])


ROWS = concept_meaning.kept_concepts


def unclipped(values, rows, strengths, vectors):
    """The concept taken from the activations, not from the concepts together."""
    made = PUT(values, rows, strengths, vectors)
    every = ops.concatenate([ops.ones_like(rows[:, :-1]), 0 * rows[:, -1:]], axis=-1)
    return made + values - PUT(values, every, strengths, vectors)


PUT = concept_meaning.recompose_activations


@pytest.mark.parametrize(
    ("name", "broken"), [("kept_concepts", swapped), ("recompose_activations", unclipped)]
)
def test_wrong_scores_would_be_seen(model, monkeypatch, name, broken):
    monkeypatch.setattr(meanings, name, broken)
    with pytest.raises(AssertionError):
        check_scores(model)


def test_what_bypasses_the_layer_stays_as_it_is(model):
    images = tiny.images()
    found = Explainer(model, layer="relu2").concepts(images, count=2)
    parts = np.einsum("ikyx,ku->ikyxu", found.maps, found.vectors)
    skip = at(model, "pool1", images)
    for k in range(2):
        kept = parts[:, 1 - k]
        y = ops.convert_to_numpy(ops.stop_gradient(model.get_layer("conv3")(kept)))
        by_hand = scores_by_hand(model, np.maximum(skip + y, 0).astype("float64"))
        np.testing.assert_allclose(found.answered.without[:, k], by_hand, atol=1e-4)


def test_equal_to_scikit_learn_on_the_same_activations(model):
    from sklearn.decomposition import NMF

    images = tiny.images()
    found = Explainer(model).concepts(images, count=4)
    values = at(model, "relu3", images).reshape(-1, 6).astype("float64")
    # at the scale at which the start is well defined
    scale = np.sqrt((values**2).mean())
    values /= scale
    nmf = NMF(4, init="nndsvda", random_state=0, tol=1e-6, max_iter=20000)
    strengths = nmf.fit_transform(values)
    theirs = np.einsum("pk,ku->kpu", strengths, nmf.components_)
    theirs = theirs[np.argsort([-(part * values).sum() for part in theirs])]
    flat = np.moveaxis(found.maps, 1, -1).reshape(-1, 4)
    ours = np.einsum("pk,ku->kpu", flat, found.vectors) / scale
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * theirs.max())
    assert found.error == pytest.approx(nmf.reconstruction_err_ / np.linalg.norm(values), rel=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, rtol=1e-5)


def test_not_worse_than_pip_grad_cam_and_equal_where_the_parts_are_certain(model):
    twins.grad_cam_package()
    module = importlib.import_module(
        "pytorch_grad_cam.feature_factorization.deep_feature_factorization"
    )
    values = at(model, "relu3", tiny.images())
    # pip's takes each unit's minimum away, which is 0 here
    assert (values.min(axis=(0, 1, 2)) == 0).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vectors, maps = module.dff(np.moveaxis(values, -1, 1).copy(), 4)
        certain, _, planted_vectors = planted()
        pure, _ = module.dff(np.moveaxis(certain, -1, 1).copy(), 3)
    theirs = np.linalg.norm(values - np.einsum("ikyx,uk->iyxu", maps, vectors))
    found = Explainer(model).concepts(tiny.images(), count=4)
    assert found.error <= 1.001 * theirs / np.linalg.norm(values)
    pure = (pure / np.linalg.norm(pure, axis=0)).T
    own = seewhy.concepts(reader(), certain, count=3).vectors
    ours, others = matched(own, planted_vectors), matched(pure, planted_vectors)
    np.testing.assert_allclose(own[ours], pure[others], atol=1e-2)


def check_shares(share, error):
    assert np.sum(share) == pytest.approx(1 - error**2, abs=1e-5)


def test_shares_add_up_to_what_the_concepts_hold(model):
    found = Explainer(model).concepts(tiny.images(), count=3)
    check_shares(found.share, found.error)
    # the energies of the parts alone do not, since they overlap
    parts = np.einsum("ikyx,ku->ikyxu", found.maps, found.vectors)
    energy = (at(model, "relu3", tiny.images()) ** 2).sum()
    with pytest.raises(AssertionError):
        check_shares((parts**2).sum(axis=(0, 2, 3, 4)) / energy, found.error)


@pytest.mark.framework_free
@pytest.mark.parametrize("scale", [1e-8, 1e6])
def test_the_scale_of_activations_changes_nothing_but_strengths(scale):
    values = planted()[0].reshape(-1, 6).astype("float64")
    one, other = factorise(values, 3, 0), factorise(scale * values, 3, 0)
    np.testing.assert_allclose(other.strengths / scale, one.strengths, atol=1e-6)
    np.testing.assert_allclose(other.vectors, one.vectors, atol=1e-6)
    np.testing.assert_allclose(other.share, one.share, atol=1e-6)


def test_twice_the_same(model):
    first, second = (Explainer(model).concepts(tiny.images(), count=3) for _ in range(2))
    np.testing.assert_array_equal(first.maps, second.maps)
    assert first.labels == second.labels
    assert json.dumps(first.as_dict()) == json.dumps(second.as_dict())


def test_batches_and_one_image_more(model):
    images = tiny.images(5)
    whole, parts = (Explainer(model, batch_size=n).concepts(images, count=3) for n in (8, 2))
    np.testing.assert_allclose(parts.maps, whole.maps, atol=1e-4)
    np.testing.assert_allclose(parts.answered.without, whole.answered.without, atol=1e-4)


def test_negative_activations_are_clipped_and_it_says_so(model):
    with pytest.warns(errors.SeewhyWarning, match="clipped"):
        found = Explainer(model, layer="conv3").concepts(tiny.images(), count=2)
    values = at(model, "conv3", tiny.images())
    share = (np.minimum(values, 0) ** 2).sum() / (values**2).sum()
    assert f"{share:.1%} of the energy" in found.warnings[0]
    clipped = np.maximum(values, 0).reshape(-1, 6)
    flat = np.moveaxis(found.maps, 1, -1).reshape(-1, 2)
    missed = np.linalg.norm(clipped - flat @ found.vectors) / np.linalg.norm(clipped)
    assert found.error == pytest.approx(missed, rel=1e-4)


def test_the_explainer_s_choices_hold_whatever_its_method(model):
    first = Explainer(model, method="integrated_gradients", options={"steps": 2}, labels=LABELS)
    found = seewhy.concepts(first, tiny.images(), layer="conv1", count=2, top=1)
    same = seewhy.concepts(model, tiny.images(), layer="conv1", count=2, top=1, labels=LABELS)
    assert found.layer == "conv1"
    assert found.labels == same.labels
    assert not [text for text in found.warnings if "layer-ignored" in text]
    assert all(len(labels) <= 1 for labels in found.labels)
    assert first.method == "integrated_gradients"


def one_dimensional():
    signal = keras.Input((32, 3))
    x = layers.Conv1D(5, 3, activation="relu", name="conv")(signal)
    return tiny.fixed(keras.Model(signal, layers.Dense(4)(layers.GlobalMaxPooling1D()(x))))


def three_dimensional():
    volume = keras.Input((6, 8, 8, 1))
    x = layers.Conv3D(5, 3, activation="relu", name="conv")(volume)
    return tiny.fixed(keras.Model(volume, layers.Dense(4)(layers.GlobalMaxPooling3D()(x))))


@pytest.mark.parametrize(
    ("make", "shape", "grid"),
    [(one_dimensional, (32, 3), (30,)), (three_dimensional, (6, 8, 8, 1), (4, 6, 6))],
)
def test_signals_and_volumes_have_maps_and_no_picture(make, shape, grid):
    model = make()
    arrays = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    found = Explainer(model).concepts(arrays, count=3)
    assert found.maps.shape == (2, 3, *grid)
    assert found.heatmap(1, 2).shape == shape[:-1]
    raw = ops.convert_to_numpy(ops.stop_gradient(model(arrays)))
    np.testing.assert_allclose(found.answered.given, raw, atol=1e-4)
    with pytest.raises(errors.MapError, match="no photo"):
        found.sheet()


def test_tokens_on_a_grid_with_a_class_token_that_stays():
    model = tiny.fixed(transformers.vit(pool="token"))
    images = tiny.images(2)
    explainer = Explainer(model)
    found = explainer.concepts(images, count=3)
    assert found.maps.shape == (2, 3, 4, 4)
    best = [explanation.predictions[0].index for explanation in explainer(images)]
    assert list(found.answered.given.argmax(axis=-1)) == best


def segmenting():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="conv")(image)
    return tiny.fixed(keras.Model(image, layers.Conv2D(4, 1)(x)))


def test_of_outputs_with_positions_the_scores_are_means():
    model, images = segmenting(), tiny.images(2)
    found = Explainer(model, layer="conv").concepts(images, count=2)
    raw = ops.convert_to_numpy(ops.stop_gradient(model(images)))
    np.testing.assert_allclose(found.answered.given, raw.mean(axis=(1, 2)), atol=1e-4)


def test_the_model_is_unchanged(tmp_path):
    model = tiny.plain()
    before = state(model, tmp_path, "before")
    seewhy.concepts(model, tiny.images(), count=2)
    assert_same(before, state(model, tmp_path, "after"))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"count": 7}, errors.OptionError, "Ask for 6 at most"),
        ({"count": 0}, errors.OptionError, "count is a whole number from 1"),
        ({"count": True}, errors.OptionError, "count is"),
        ({"top": 0}, errors.OptionError, "top is"),
        ({"seed": -1}, errors.OptionError, "seed is"),
        ({"images": []}, errors.ImageError, "list is empty"),
        ({"images": "photo.jpg"}, errors.ImageError, "no such file|photo.jpg"),
        ({"layer": "predictions"}, errors.LayerError, "predictions"),
        ({"layer": ["conv1", "relu3"]}, errors.OptionError, "one layer"),
        ({"nonsense": 1}, TypeError, "nonsense"),
    ],
)
def test_what_cannot_be_had_is_told(model, wrong, error, words):
    given = {"images": tiny.images(), **wrong}
    with pytest.raises(error, match=words):
        seewhy.concepts(model, **given)


def test_no_activation_and_no_finite_one():
    with pytest.raises(errors.MapError, match="no activation is positive"):
        seewhy.concepts(reader(), -planted()[0], count=2)
    model = tiny.plain()
    layer = model.get_layer("conv3")
    layer.set_weights([np.full_like(weight, np.nan) for weight in layer.get_weights()])
    with pytest.raises(errors.MapError, match="NaN"):  # in front of the ReLU, which may hide it
        seewhy.concepts(model, tiny.images(), count=2, layer="conv3")


def test_images_of_several_sizes_are_no_one_array():
    images = [tiny.images(1, side)[0] for side in (32, 48)]
    with pytest.raises(errors.OptionError, match="2 sizes"):
        seewhy.concepts(tiny.plain(side=None), images, count=2)


def test_more_concepts_than_there_are():
    images = planted()[0]
    found = seewhy.concepts(reader(), images[..., :1].repeat(6, axis=-1), count=3)
    assert np.isfinite(found.maps).all()
    assert found.error < 1e-4
    check_shares(found.share, found.error)


@pytest.mark.framework_free
def test_without_scikit_learn_it_tells_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.decomposition", None)
    with pytest.raises(errors.DependencyError, match=r"pip install \"seewhy\[concepts\]\""):
        factorise(np.ones((4, 4)), 1, 0)


def test_heatmaps_of_one_concept_share_their_scale(model):
    found = seewhy.concepts(model, tiny.photos(), count=3, preprocess="unit")
    for k in range(3):
        heatmaps = [found.heatmap(i, k) for i in range(3)]
        tops = found.maps[:, k].max(axis=(1, 2))
        # enlarged between the centres of cells, no value is larger than its cell's
        assert 0.8 < max(heat.max() for heat in heatmaps) <= 1
        assert np.argmax([heat.max() for heat in heatmaps]) == np.argmax(tops)
    for wrong in (3, -1, 1.5, True):
        with pytest.raises(errors.OptionError, match="from 0 to 2"):
            found.heatmap(0, wrong)
        with pytest.raises(errors.OptionError, match="from 0 to 2"):
            found.overlay(wrong)


@pytest.mark.framework_free
def test_a_pixel_takes_the_colour_of_its_strongest_concept():
    heat = np.zeros((3, 1, 4), "float32")
    heat[:, 0] = np.array([[1, 0.2, 0, 0], [0.5, 0.6, 0, 0], [0, 0, 0, 0.5]]).tolist()
    grey = np.full((1, 4, 3), 100, "uint8")
    found = concept_colours.paint_concepts(grey, heat, 1.0)[0].astype(int)
    red, blue, yellow = map(np.array, concept_colours.concept_colours(3))
    np.testing.assert_array_equal(found[0], red)
    np.testing.assert_allclose(found[1], 0.6 * blue + 40, atol=0.51)
    np.testing.assert_array_equal(found[2], grey[0, 2])
    np.testing.assert_allclose(found[3], 0.5 * yellow + 50, atol=0.51)
    assert len(set(concept_colours.concept_colours(40))) == 40


@pytest.mark.framework_free
@pytest.mark.parametrize("width", [1, 420, 2000])
def test_nothing_of_a_legend_is_cut_off(width):
    texts = ["a few words " * 30, "Donaudampfschifffahrtsgesellschaft" * 12, ""]
    picture = np.asarray(concept_colours.concept_legend(texts, "heading " * 40, width))
    assert picture.shape[1] == max(width, 420)
    for edge in (picture[:, -3:], picture[:, :3], picture[-3:], picture[:2]):
        assert (edge == 255).all()


def test_pictures(model, tmp_path):
    found = seewhy.concepts(
        model, tiny.photos(side=64), count=3, preprocess="unit", fit="crop", labels=LABELS
    )
    one = np.asarray(found.overlay(1))
    assert one.shape[1] == 420
    plain = np.asarray(found.overlay(1, alpha=0))
    np.testing.assert_array_equal(plain[:64, :64], tiny.photos(side=64)[1])
    assert (one[:64, :64] != plain[:64, :64]).any()
    with Image.open(found.save(tmp_path / "all.png")) as sheet:
        assert sheet.width > 3 * 64
        assert sheet.height > 64 + 5 * 15
    with pytest.raises(errors.OptionError, match="alpha"):
        found.overlay(alpha=2)
    record = found.as_dict()
    assert [label["name"] for label in record["concepts"][0]["labels"]] == [
        name for name, _ in found.labels[0]
    ]
    assert np.shape(record["photos"][0]["maps"]) == (3, 16, 16)


def test_the_command(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    tiny.plain().save("own.keras")
    for name, pixels in zip("ab", tiny.photos(2), strict=True):
        Image.fromarray(pixels).save(f"{name}.png")
    (tmp_path / "bad.png").write_text("no picture")
    (tmp_path / "names.txt").write_text("\n".join(LABELS))

    def call(*arguments):
        given = ["--model", "own.keras", "--labels", "names.txt", "--preprocess", "unit"]
        monkeypatch.setattr(sys, "argv", ["seewhy", "concepts", *arguments, *given])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        return stopped.value.code, *capsys.readouterr()

    code, out, err = call("a.png", "bad.png", "b.png", "--count", "2", "--layer", "conv1")
    assert code == 1
    assert "bad.png" in err
    assert out.startswith("2 concepts hold")
    assert out.strip().endswith("a_concepts.jpg")
    with Image.open("a_concepts.jpg") as picture:
        assert picture.width >= 420
    code, out, err = call("a.png", "b.png", "--count", "3", "--json", "--sheet", "mine.png")
    record = json.loads(out)
    assert (code or 0, record["files"], record["errors"]) == (0, ["mine.png"], [])
    assert len(record["concepts"]) == 3
    assert {label["name"] for one in record["concepts"] for label in one["labels"]} <= {*LABELS}
    (tmp_path / "worse.png").write_text("no picture either")
    code, _, err = call("bad.png", "worse.png")
    assert "none of the 2 photos" in code
    assert err.count("seewhy:") == 2
    code, _, _ = call("a.png", "--sheet", "a.png/x.png")
    assert "--output" in code
