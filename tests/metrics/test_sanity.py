"""Sanity checks on small Keras models, and scorers of explainers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from nets import tiny
from seewhy import errors, targets
from seewhy.explainer.explainer import Explainer
from seewhy.metrics import sanity
from seewhy.metrics.faithfulness import removal_curves


@pytest.fixture(scope="module")
def model():
    return tiny.plain()


def explain(asked):
    explainer = Explainer(asked, layer="relu3")
    return np.stack([one.map for one in explainer(tiny.images(2), 1)])


@pytest.mark.filterwarnings("ignore")
def test_layers_are_destroyed_one_after_the_other(model):
    before = [np.array(one) for one in model.get_weights()]
    changed = []
    for name, copy in sanity.randomised_copies(model):
        now = copy.get_weights()
        changed.append((name, [not np.array_equal(a, b) for a, b in zip(before, now, strict=True)]))
        assert copy is not model
    names = [name for name, _ in changed]
    assert names == ["predictions", "conv3", "bn2", "conv2", "conv1"]
    counts = [sum(flags) for _, flags in changed]
    assert counts == sorted(counts)
    assert all(changed[-1][1])
    for one, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, now)


def test_independently_only_one_layer_is_destroyed(model):
    before = [np.array(one) for one in model.get_weights()]
    shapes = {"predictions": 2, "conv3": 2, "bn2": 4, "conv2": 1, "conv1": 2}
    for name, copy in sanity.randomised_copies(model, how="independent"):
        now = copy.get_weights()
        flags = [not np.array_equal(a, b) for a, b in zip(before, now, strict=True)]
        assert sum(flags) == shapes[name], name
        # shuffled: the same values, elsewhere
        for one, other in zip(before, now, strict=True):
            np.testing.assert_array_equal(np.sort(one, axis=None), np.sort(other, axis=None))


@pytest.mark.filterwarnings("ignore")
def test_maps_of_a_destroyed_model_are_unlike(model):
    found = sanity.randomised(model, explain, alike=("pearson", "spearman", "ssim"))
    assert found.layers[0] == "predictions"
    for name, values in found.similarities.items():
        assert values.shape == (5, 2), name
    assert (found.similarities["pearson"][-1] < 0.9).all()
    again = sanity.randomised(model, explain, alike=("pearson",))
    np.testing.assert_allclose(
        again.similarities["pearson"], found.similarities["pearson"], atol=1e-5
    )


def test_a_map_that_does_not_ask_the_model_fails_the_check(model):
    images = tiny.images(2)
    found = sanity.randomised(model, lambda _: np.abs(images).sum(axis=-1), how="independent")
    for values in found.similarities.values():
        np.testing.assert_allclose(values, 1)


def test_initial_weights_and_nested_models():
    inner = keras.Sequential(
        [layers.Input((6, 6, 3)), layers.Conv2D(4, 3, name="inside")], name="n"
    )
    image = keras.Input((6, 6, 3))
    model = tiny.fixed(
        keras.Model(image, layers.Dense(2, name="out")(layers.Flatten()(inner(image))))
    )
    found = [name for name, _ in sanity.randomised_copies(model, draw="initial")]
    assert [name.split("/")[-1] for name in found] == ["out", "inside"]
    *_, (_, copy) = sanity.randomised_copies(model, draw="initial")
    biases = [one for one in copy.get_weights() if one.ndim == 1]
    assert all((bias == 0).all() for bias in biases)


def test_what_cannot_be_copied_is_told():
    with pytest.raises(errors.ModelError, match="a Keras model"):
        next(sanity.randomised_copies(lambda images: images))
    with pytest.raises(errors.ModelError, match="no layer with parameters"):
        next(sanity.randomised_copies(keras.Sequential([layers.Input((3,)), layers.ReLU()])))
    with pytest.raises(errors.OptionError, match="how is one of"):
        next(sanity.randomised_copies(tiny.plain(), how="both"))


def test_class_sensitivity_compares_the_most_and_the_least_likely():
    random = np.random.default_rng(0)
    maps, scores = random.normal(size=(3, 4, 5, 5)), random.normal(size=(3, 4))
    found = sanity.class_sensitivity(maps, scores)
    for n in range(3):
        pair = maps[n, scores[n].argmax()], maps[n, scores[n].argmin()]
        slow = np.corrcoef(*(one.ravel() for one in pair))[0, 1]
        np.testing.assert_allclose(found[n], slow)
    same = np.repeat(maps[:, :1], 4, axis=1)
    np.testing.assert_allclose(sanity.class_sensitivity(same, scores), 1)


def test_integrated_gradients_are_complete(model):
    images = tiny.images(2)
    method = {"method": "integrated_gradients", "options": {"steps": 200}}
    explainer = Explainer(model, **method)
    scorer = explainer.scorer(images, 1, scores="logits")
    maps = np.stack([one.map for one in explainer(images, 1)])
    gap = sanity.completeness(scorer.inputs, maps, scorer)
    rise = scorer(scorer.inputs) - scorer(0 * scorer.inputs)
    assert (np.abs(gap) < 0.02 * np.abs(rise) + 0.02).all()
    np.testing.assert_allclose(sanity.completeness(images, 0 * maps, scorer), -rise, rtol=1e-5)


def probabilities(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def test_a_scorer_gives_each_copy_the_score_of_its_own_target(model):
    images = tiny.images(3)
    scorer = Explainer(model).scorer(images, [4, "top", 0])
    assert scorer.inputs.shape == images.shape
    expected = probabilities(model, images)
    chosen = [4, expected[1].argmax(), 0]
    np.testing.assert_allclose(scorer(images), expected[range(3), chosen], atol=1e-6)
    which = np.random.default_rng(0).integers(0, 3, 50)
    copies = tiny.images(50, seed=8)
    found = scorer(copies, which)
    slow = probabilities(model, copies)[range(50), np.array(chosen)[which]]
    np.testing.assert_allclose(found, slow, atol=1e-6)


def test_scores_are_those_of_explanations(model):
    images = tiny.images(3)
    asked = [2, targets.class_(1) - targets.class_(3), "top"]
    explainer = Explainer(model)
    scorer = explainer.scorer(images, asked, scores="logits")
    told = [one.score for one in explainer(images, asked)]
    np.testing.assert_allclose(scorer(images), told, rtol=1e-4)


def test_the_top_class_is_that_of_the_image_also_for_its_copies(model):
    images = tiny.images(3)
    scorer = Explainer(model).scorer(images)
    top = probabilities(model, images).argmax(axis=1)
    others = images - 2
    assert (probabilities(model, others).argmax(axis=1) != top).any()
    np.testing.assert_allclose(
        scorer(others), probabilities(model, others)[range(3), top], atol=1e-6
    )


def test_photos_are_preprocessed_once(model):
    photos = tiny.photos(2, side=32)
    explainer = Explainer(model, preprocess=lambda pixels: pixels / 255 - 0.5)
    scorer = explainer.scorer(list(photos), 1)
    np.testing.assert_allclose(scorer.inputs, photos / 255 - 0.5, atol=1e-6)
    curve = removal_curves.deletion(scorer.inputs, np.ones((2, 32, 32)), scorer, step=200)
    np.testing.assert_allclose(
        curve.scores[:, 0], probabilities(model, scorer.inputs)[:, 1], atol=1e-5
    )


def test_what_a_scorer_cannot_do_is_told(model):
    explainer = Explainer(model)
    with pytest.raises(errors.TargetError, match="named classes only"):
        explainer.scorer(tiny.images(1), targets.top() - targets.class_(1))
    with pytest.raises(errors.TargetError, match="2 targets for 1"):
        explainer.scorer(tiny.images(1), [1, 2])
    with pytest.raises(errors.ImageError, match="no image"):
        explainer.scorer([], 1)
    with pytest.raises(errors.OptionError, match="which"):
        explainer.scorer(tiny.images(2), 1)(tiny.images(5))
