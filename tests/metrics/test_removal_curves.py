"""Deletion, insertion, pixel flipping: against the authors' definition written slowly, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from seewhy import errors
from seewhy.metrics import perturbed_copies as copies
from seewhy.metrics.faithfulness import baselines, removal_curves

pytestmark = pytest.mark.framework_free
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(3, 12, 10, 3)).astype("float32")
MAPS = RANDOM.normal(size=(3, 12, 10))
WEIGHTS = RANDOM.normal(size=(12, 10, 3))


def linear(images):
    return (images * WEIGHTS).sum(axis=(1, 2, 3))


def curved(images):
    return 1 / (1 + np.exp(-linear(images) / 10)) + images[:, 3, 3, 0] ** 2


def slow_game(image, map, score, step, *, start, finish):
    """One image: pixels of `finish` are put into `start` one after the other (RISE's code)."""
    order = np.argsort(-map.ravel(), kind="stable")
    current = start.copy().reshape(-1, image.shape[-1])
    scores = [score(current.reshape(1, *image.shape))[0]]
    for begin in range(0, map.size, step):
        for pixel in order[begin : begin + step]:
            current[pixel] = finish.reshape(-1, image.shape[-1])[pixel]
        scores.append(score(current.reshape(1, *image.shape))[0])
    return np.array(scores)


def slow_auc(scores):
    return (scores.sum() - scores[0] / 2 - scores[-1] / 2) / (len(scores) - 1)


def slow_blur(images):
    """What the authors' code does: an 11 × 11 kernel by SciPy, and a convolution with zeros."""
    dirac = np.zeros((11, 11))
    dirac[5, 5] = 1
    kernel = ndimage.gaussian_filter(dirac, 5)
    done = np.empty(images.shape)
    for n in range(len(images)):
        for c in range(images.shape[-1]):
            done[n, ..., c] = ndimage.convolve(
                images[n, ..., c].astype("float64"), kernel, mode="constant"
            )
    return done


@pytest.mark.parametrize("step", [None, 1, 7, 1000])
def test_deletion_is_that_of_the_authors(step):
    curve = removal_curves.deletion(IMAGES, MAPS, curved, step=step)
    for image, map, scores, auc in zip(IMAGES, MAPS, curve.scores, curve.auc, strict=True):
        slow = slow_game(image, map, curved, step or 10, start=image, finish=0 * image)
        np.testing.assert_allclose(scores, slow, atol=1e-5)
        np.testing.assert_allclose(auc, slow_auc(slow), atol=1e-5)
    np.testing.assert_allclose(curve.shares, np.linspace(0, 1, len(curve.shares)))


def test_insertion_is_that_of_the_authors():
    curve = removal_curves.insertion(IMAGES, MAPS, curved, step=9)
    for k, blurred in enumerate(slow_blur(IMAGES)):
        slow = slow_game(IMAGES[k], MAPS[k], curved, 9, start=blurred, finish=IMAGES[k])
        np.testing.assert_allclose(curve.scores[k], slow, atol=1e-4)
        np.testing.assert_allclose(curve.auc[k], slow_auc(slow), atol=1e-4)


def test_the_blur_is_not_that_of_another_width():
    apart = np.abs(baselines.blurred(IMAGES, sigma=4) - slow_blur(IMAGES)).max()
    assert apart > 1e-3


def test_of_a_linear_model_the_curve_is_what_is_left_of_its_sum():
    parts = (IMAGES * WEIGHTS).sum(axis=-1)
    curve = removal_curves.deletion(IMAGES, parts, linear, step=1)
    ordered = -np.sort(-parts.reshape(3, -1), axis=1)
    lost = np.concatenate([np.zeros((3, 1)), np.cumsum(ordered, axis=1)], axis=1)
    np.testing.assert_allclose(curve.scores, parts.sum(axis=(1, 2))[:, None] - lost, atol=1e-4)


def test_no_order_deletes_a_linear_model_faster_than_its_parts():
    parts = (IMAGES * WEIGHTS).sum(axis=-1)
    best = removal_curves.deletion(IMAGES, parts, linear).auc
    for maps in (MAPS, -parts, np.abs(parts)):
        assert (removal_curves.deletion(IMAGES, maps, linear).auc > best).all()
    most = removal_curves.insertion(IMAGES, parts, linear, baseline="zero").auc
    assert (removal_curves.insertion(IMAGES, MAPS, linear, baseline="zero").auc < most).all()


def test_of_equal_values_the_first_in_reading_order_goes_first():
    curve = removal_curves.deletion(IMAGES, np.zeros(MAPS.shape), linear, step=1)
    slow = slow_game(IMAGES[0], -np.arange(120.0), linear, 1, start=IMAGES[0], finish=0 * IMAGES[0])
    np.testing.assert_allclose(curve.scores[0], slow, atol=1e-4)


@pytest.mark.parametrize("baseline", ["zero", "mean", "blur", "linear", "flip", IMAGES[:1] + 2])
def test_baselines_end_and_begin_where_they_should(baseline):
    down = removal_curves.deletion(IMAGES, MAPS, curved, step=30, baseline=baseline).scores
    np.testing.assert_allclose(down[:, 0], curved(IMAGES), atol=1e-5)
    up = removal_curves.insertion(IMAGES, MAPS, curved, step=30, baseline=baseline).scores
    np.testing.assert_allclose(up[:, -1], curved(IMAGES), atol=1e-5)
    if not isinstance(baseline, str) or baseline in ("zero", "mean", "flip"):
        means = np.broadcast_to(IMAGES.mean(axis=(1, 2), keepdims=True), IMAGES.shape)
        puts = {"zero": 0 * IMAGES, "mean": means, "flip": -IMAGES}
        put = (
            puts[baseline] if isinstance(baseline, str) else np.broadcast_to(baseline, IMAGES.shape)
        )
        np.testing.assert_allclose(down[:, -1], curved(put), atol=1e-5)
        np.testing.assert_allclose(up[:, 0], curved(put), atol=1e-5)


def test_pixels_are_flipped_one_by_one_in_both_orders():
    for order, map in (("most", MAPS), ("least", -MAPS)):
        curve = removal_curves.pixel_flipping(IMAGES, MAPS, linear, order=order)
        slow = slow_game(IMAGES[1], map[1], linear, 1, start=IMAGES[1], finish=-IMAGES[1])
        np.testing.assert_allclose(curve.scores[1], slow, atol=1e-4)


def test_chunks_make_no_difference_and_each_copy_knows_its_image(monkeypatch):
    targets = np.array([2.0, 3.0, 5.0])

    def scorer(images, which):
        assert len(images) <= most
        return targets[which] * linear(images)

    most = 10**6
    whole = removal_curves.deletion(IMAGES, MAPS, scorer).scores
    np.testing.assert_allclose(whole[:, 0], targets * linear(IMAGES), rtol=1e-5)
    most = 7
    monkeypatch.setattr(copies, "BYTES", 7 * IMAGES[0].nbytes)
    np.testing.assert_allclose(
        removal_curves.deletion(IMAGES, MAPS, scorer).scores, whole, rtol=1e-6
    )


def test_a_scorer_with_options_of_its_own_is_given_images_alone():
    def predict(images, batch_size=None):
        assert batch_size is None
        return linear(images)

    removal_curves.deletion(IMAGES, MAPS, predict)


@pytest.mark.parametrize(
    ("images", "maps", "options", "error"),
    [
        (IMAGES[0], MAPS[0], {}, "images have shape"),
        (IMAGES, MAPS[:, :6], {}, "Enlarge grids"),
        (IMAGES, MAPS * np.nan, {}, "NaN"),
        (IMAGES, MAPS, {"step": 0}, "from 1 on"),
        (IMAGES, MAPS, {"baseline": "noise"}, "baseline is one of"),
        (IMAGES, MAPS, {"baseline": np.zeros(5)}, "does not fit"),
    ],
)
def test_wrong_arguments_are_told(images, maps, options, error):
    with pytest.raises(errors.SeewhyError, match=error):
        removal_curves.deletion(images, maps, linear, **options)


def test_a_scorer_of_all_classes_is_told():
    with pytest.raises(errors.OptionError, match="one score for each image"):
        removal_curves.deletion(IMAGES, MAPS, lambda images: images[:, 0, 0])
