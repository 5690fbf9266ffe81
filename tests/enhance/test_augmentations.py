"""Steadier and finer maps: copies of an image, and the photo's edges."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from helpers import world
from nets import tiny, twins
from seewhy import enhance, errors
from seewhy.explainer.explainer import Explainer
from seewhy.images.geometry import Geometry
from seewhy.maps.fuse import fuse
from seewhy.maps.guided_filter import guided


def maps(model, images, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([one.map for one in Explainer(model, **settings)(images, 2)])


def test_flips_are_the_mean_over_mirrored_images():
    model, images = tiny.plain(), tiny.images(3)
    expected = 0
    for factor in (0.9, 1, 1.1):
        expected = expected + maps(model, images * np.float32(factor))
        mirrored = np.ascontiguousarray(images[:, :, ::-1]) * np.float32(factor)
        expected = expected + maps(model, mirrored)[:, :, ::-1]
    found = maps(model, images, enhance="flips", batch_size=2)
    np.testing.assert_allclose(found, expected / 6, rtol=1e-4, atol=1e-6)
    # the mirror image's map must be turned back
    unturned = (maps(model, images) + maps(model, np.ascontiguousarray(images[:, :, ::-1]))) / 2
    plain = maps(model, images, enhance="flips:brightness=0")
    assert np.abs(plain - unturned).max() > 0.01 * np.abs(plain).max()


def test_a_flipped_image_has_the_flipped_map():
    model, images = tiny.plain(), tiny.images(2)
    one = maps(model, images, enhance=enhance.Flips(brightness=0))
    other = maps(model, np.ascontiguousarray(images[:, :, ::-1]), enhance="flips:brightness=0")
    np.testing.assert_allclose(other, one[:, :, ::-1], rtol=1e-4, atol=1e-6)


def test_noise_is_the_mean_over_noisy_images():
    model, images = tiny.plain(), tiny.images(2)
    expected = 0
    for sample in range(3):
        drawn = np.random.default_rng([5, sample]).standard_normal(images.shape[1:], "float32")
        spans = np.ptp(images, axis=(1, 2, 3))
        noisy = [i + 0.2 * span * drawn for i, span in zip(images, spans, strict=True)]
        expected = expected + maps(model, np.stack(noisy).astype("float32"))
    found = maps(model, images, enhance="noise:samples=3,deviation=0.2,seed=5")
    np.testing.assert_allclose(found, expected / 3, rtol=1e-4, atol=1e-6)
    explanation = Explainer(model, enhance="noise")(images, 2)[0]
    assert explanation.score == pytest.approx(Explainer(model)(images, 2)[0].score, rel=1e-5)
    assert explanation.options["enhance"] == ["noise"]


def test_windows_of_one_scale_are_the_image():
    model, images = tiny.plain(), tiny.images(2)
    found = maps(model, images, enhance="scales:count=1")
    np.testing.assert_allclose(found, maps(model, images), rtol=1e-4, atol=1e-6)


def test_scales_by_hand():
    model, images = tiny.plain(), tiny.images(1)
    explainer = Explainer(model, layer="relu3")
    large = Geometry.identity((64, 64))
    double = np.stack([large.to_photo(images[0, ..., c]) for c in range(3)], axis=-1)
    windows = [images[0]] + [double[a : a + 32, b : b + 32] for a in (0, 32) for b in (0, 32)]
    each = explainer(np.stack(windows), 2)
    grid = each[0].map.shape
    total = np.zeros((2 * grid[0], 2 * grid[1]))
    cover = np.zeros(total.shape)
    best = max(one.score for one in each)
    places = [(0, 0, 2), (0, 0, 1), (0, grid[1], 1), (grid[0], 0, 1), (grid[0], grid[1], 1)]
    for one, (top, left, times) in zip(each, places, strict=True):
        rows, cols = top + times * grid[0], left + times * grid[1]
        part = Geometry.identity((times * grid[0], times * grid[1])).to_photo(one.map)
        weight = np.exp(one.score - best)
        total[top:rows, left:cols] += weight * part
        cover[top:rows, left:cols] += weight
    found = explainer.having(enhance="scales:count=2,step=1.0")(images, 2)[0]
    np.testing.assert_allclose(found.map, total / cover, rtol=1e-3, atol=1e-5)
    assert found.overlay().size == (32, 32)


def by_hand(explainer, windows):
    """The mean of what windows (top, left, side, image) of a photo of 64 show, by their scores."""
    each = explainer([window[-1] for window in windows], 2)
    grid = each[0].map.shape
    total, cover = np.zeros((2, 2 * grid[0], 2 * grid[1]))
    best = max(one.score for one in each)
    for one, (top, left, times, _) in zip(each, windows, strict=True):
        at = slice(top * grid[0], (top + times) * grid[0])
        along = slice(left * grid[1], (left + times) * grid[1])
        part = Geometry.identity((times * grid[0], times * grid[1])).to_photo(one.map)
        total[at, along] += np.exp(one.score - best) * part
        cover[at, along] += np.exp(one.score - best)
    return total / cover


def test_scales_see_what_the_photo_shows_and_the_input_lost():
    fine = np.random.default_rng(3).integers(0, 256, (64, 64, 3), "uint8")
    quarters = [(0, 0), (0, 1), (1, 0), (1, 1)]
    windows = [(r, c, 1, fine[32 * r : 32 * r + 32, 32 * c : 32 * c + 32]) for r, c in quarters]
    explainer = Explainer(tiny.plain(), layer="relu3", preprocess=lambda x: x / 127.5 - 1)
    expected = by_hand(explainer, [(0, 0, 2, fine), *windows])
    scales = explainer.having(enhance="scales:count=2,step=1.0")
    found = scales([fine], 2)[0].map
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(scales.all_classes([fine])[0].shape[1:], found.shape)
    # what the network's size leaves of it looks different
    coarse = np.asarray(Image.fromarray(fine).resize((32, 32), Image.Resampling.BILINEAR))
    blurred = scales([coarse], 2)[0].map
    assert np.abs(blurred - found).max() > 0.05 * np.abs(found).max()


def test_scales_come_first_in_any_order():
    fine = np.random.default_rng(3).integers(0, 256, (64, 64, 3), "uint8")
    explainer = Explainer(tiny.plain(), layer="relu3", preprocess=lambda x: x / 127.5 - 1)
    one, other = (
        explainer.having(enhance=order)([fine], 2)[0].map
        for order in (["flips", "scales"], ["scales", "flips"])
    )
    np.testing.assert_array_equal(one, other)


def test_scales_find_a_small_thing_more_finely():
    grid = maps(tiny.plain(), tiny.images(1), enhance="scales").shape
    assert grid[1] == 2 * maps(tiny.plain(), tiny.images(1)).shape[1]


def test_enhancements_one_after_the_other():
    model, images = tiny.plain(), tiny.images(1)
    both = maps(model, images, enhance=["flips:brightness=0", "noise:samples=2"])
    mirrored = np.ascontiguousarray(images[:, :, ::-1])
    expected = maps(model, images, enhance="noise:samples=2")
    expected = expected + maps(model, mirrored, enhance="noise:samples=2")[:, :, ::-1]
    np.testing.assert_allclose(both, expected / 2, rtol=1e-4, atol=1e-6)


def test_all_classes_of_copies():
    model, images = tiny.plain(), tiny.images(2)
    explainer = Explainer(model, enhance="flips")
    one = np.stack([e.map for e in explainer(images, 2)])
    np.testing.assert_allclose(explainer.all_classes(images)[:, 2], one, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["grad_cam", "hires_cam"])
def test_eigen_smoothing_is_that_of_pip_grad_cam(name):
    """Its projection of weights times activations, but for the sign, which it leaves to chance."""
    twins.grad_cam_package()
    from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection

    model, images = tiny.plain(), tiny.images(2)
    hand = world.World(model, "relu3", images)
    weights = hand.gradients
    if name == "grad_cam":
        weights = weights.mean(axis=(1, 2), keepdims=True)
    parts = np.moveaxis(weights * hand.activations, -1, 1)
    expected = get_2d_projection(parts.astype("float32"))
    found = maps(model, images, method=name, layer="relu3", enhance="eigen")
    for one, other in zip(found, expected, strict=True):
        sign = np.sign((one * other).sum())
        np.testing.assert_allclose(sign * one, other, rtol=0, atol=1e-4 * np.abs(other).max())
    plain = maps(model, images, method=name, layer="relu3")
    assert np.abs(found - plain).max() > 0.01 * np.abs(plain).max()


def test_eigen_smoothing_of_methods_that_run_again():
    model, images = tiny.plain(), tiny.images(1)
    found = maps(model, images, method="ablation_cam", enhance="eigen")
    assert found.shape == maps(model, images).shape
    with pytest.raises(errors.MethodError, match=r"occlusion does not add up units.*grad_cam"):
        Explainer(model, method="occlusion", enhance="eigen")


def test_the_largest_of_several_layers():
    one, other = np.array([[1.0, -2.0], [0.5, 0.0]]), np.array([[0.0, 1.0], [4.0, -4.0]])
    np.testing.assert_allclose(fuse([one, other], "max"), [[0.5, 0.25], [1.0, 0.0]])
    model, images = tiny.plain(), tiny.images(1)
    found = maps(model, images, layer=["relu3", "conv2"], fuse="max")
    each = [maps(model, images, layer=layer)[0] for layer in ("relu3", "conv2")]
    np.testing.assert_allclose(found[0], fuse(each, "max"), atol=1e-5)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("blur", "flips, noise, scales, eigen"),
        ("noise:many=3", "noise takes samples=8"),
        ("noise:samples=x", "noise takes samples=8"),
        ("noise:samples=0", "from 1 on"),
        ("scales:step=0", "above 0"),
    ],
)
def test_wrong_wishes(wanted, text):
    with pytest.raises(errors.OptionError, match=text):
        Explainer(tiny.plain(), enhance=wanted)


def test_guided_filter_by_its_windows():
    """Eq. 5, 6 and 8 of the paper, window by window."""
    random = np.random.default_rng(0)
    heat, photo = random.random((9, 7)), random.integers(0, 256, (9, 7, 3), "uint8")
    light = photo @ np.array([0.299, 0.587, 0.114]) / 255
    slopes, offsets, found = np.zeros((9, 7)), np.zeros((9, 7)), np.zeros((9, 7))

    def window(i, j):
        return slice(max(i - 2, 0), i + 3), slice(max(j - 1, 0), j + 2)

    for i, j in np.ndindex(9, 7):
        own, p = light[window(i, j)], heat[window(i, j)]
        slopes[i, j] = ((own * p).mean() - own.mean() * p.mean()) / (own.var() + 1e-2)
        offsets[i, j] = p.mean() - slopes[i, j] * own.mean()
    for i, j in np.ndindex(9, 7):
        found[i, j] = slopes[window(i, j)].mean() * light[i, j] + offsets[window(i, j)].mean()
    expected = np.clip(found, 0, 1)
    np.testing.assert_allclose(guided(heat, photo, (2, 1), 1e-2), expected, atol=1e-6)


def test_guided_upsampling_follows_an_edge():
    photo = np.zeros((32, 32, 3), "uint8")
    photo[:, 15:] = 255
    settings = {"preprocess": "unit", "layer": "relu3"}

    def left(activations):
        """A map that is hot on the left half of its grid."""
        from keras import ops

        hot = np.zeros(activations.shape[1:3], "float32")
        hot[:, : hot.shape[1] // 2] = 1
        return ops.broadcast_to(ops.convert_to_tensor(hot), activations.shape[:3])

    heats = {}
    for way in ("linear", "guided"):
        explainer = Explainer(tiny.plain(), method=left, upsampling=way, **settings)
        heats[way] = explainer([photo], 0)[0].heatmap[16]
    steps = {way: np.abs(np.diff(heat)) for way, heat in heats.items()}
    assert steps["guided"].argmax() == 14  # between pixels 14 and 15, where the photo's edge is
    assert steps["guided"][14] > steps["linear"].max()


def test_guided_upsampling_needs_a_photo():
    from seewhy.images.arrays import Array
    from seewhy.results.explanation import Explanation
    from seewhy.targets.labels import Label

    values = np.zeros((4, 4, 5), "float32")
    made = Explanation(
        map=np.ones((2, 2), "float32"),
        photo=Array(values),
        geometry=Geometry.identity((4, 4)),
        predictions=(),
        target=Label(0, None, "0"),
        score=0.0,
        layer="",
        method="",
        options={},
        upsampling="guided",
    )
    with pytest.raises(errors.OptionError, match="edges of a photo"):
        _ = made.heatmap
