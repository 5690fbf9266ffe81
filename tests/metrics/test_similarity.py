"""Similarities of maps, by definition, against SciPy and scikit-image; control maps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from seewhy import errors
from seewhy.metrics import controls, similarity

pytestmark = pytest.mark.framework_free
RANDOM = np.random.default_rng(7)
ONE = RANDOM.normal(size=(5, 14, 11))
OTHER = ONE + RANDOM.normal(size=ONE.shape) * np.arange(5)[:, None, None]
TIED = np.round(ONE)


@pytest.mark.parametrize("scale", [1, 1e-200, 1e150])
def test_pearson_is_scipys(scale):
    slow = [stats.pearsonr(a.ravel(), b.ravel())[0] for a, b in zip(ONE, OTHER, strict=True)]
    np.testing.assert_allclose(similarity.pearson(ONE * scale, OTHER), slow, atol=1e-9)


def test_spearman_is_scipys_also_with_ties():
    for one in (ONE, TIED):
        slow = [stats.spearmanr(a.ravel(), b.ravel())[0] for a, b in zip(one, OTHER, strict=True)]
        np.testing.assert_allclose(similarity.spearman(one, OTHER), slow, atol=1e-9)


def slow_ranks(values):
    """How many are smaller, and half of those that are equal: the mean rank of ties."""
    return [sum(other < value for other in values) + values.count(value) / 2 for value in values]


def test_spearman_is_pearson_of_mean_ranks():
    assert slow_ranks([3.0, 1.0, 3.0, 2.0]) == [3, 0.5, 3, 1.5]
    for first in (ONE, TIED):
        pairs = zip(first, OTHER, strict=True)
        ranks = [[slow_ranks(map.ravel().tolist()) for map in pair] for pair in pairs]
        slow = [np.corrcoef(*pair)[0, 1] for pair in ranks]
        np.testing.assert_allclose(similarity.spearman(first, OTHER), slow, atol=1e-9)


def slow_ssim(a, b, side=7):
    """Wang et al. 2004, equation 13, window by window, with the variances of samples."""
    reach = max(a.max(), b.max()) - min(a.min(), b.min())
    first, second = (0.01 * reach) ** 2, (0.03 * reach) ** 2
    values = []
    for i in range(a.shape[0] - side + 1):
        for j in range(a.shape[1] - side + 1):
            x, y = (m[i : i + side, j : j + side].ravel() for m in (a, b))
            both = np.cov(x, y, ddof=1)
            above = (2 * x.mean() * y.mean() + first) * (2 * both[0, 1] + second)
            below = (x.mean() ** 2 + y.mean() ** 2 + first) * (both[0, 0] + both[1, 1] + second)
            values.append(above / below)
    return np.mean(values)


def test_ssim_is_the_papers():
    slow = [slow_ssim(a, b) for a, b in zip(ONE, OTHER, strict=True)]
    np.testing.assert_allclose(similarity.ssim(ONE, OTHER), slow, atol=1e-9)
    assert np.abs(similarity.ssim(ONE, OTHER, side=5) - slow).max() > 1e-3


def test_ssim_is_scikit_images():
    metrics = pytest.importorskip("skimage.metrics", reason="comes with what Quantus needs")
    for a, b, found in zip(ONE, OTHER, similarity.ssim(ONE, OTHER), strict=True):
        reach = max(a.max(), b.max()) - min(a.min(), b.min())
        slow = metrics.structural_similarity(a, b, data_range=reach)
        np.testing.assert_allclose(found, slow, atol=1e-9)


@pytest.mark.parametrize("name", similarity.SIMILARITIES)
def test_a_map_is_like_itself_and_unlike_noise(name):
    measure = similarity.get_similarity(name)
    np.testing.assert_allclose(measure(ONE, ONE), 1)
    assert (np.abs(measure(ONE, RANDOM.normal(size=ONE.shape))) < 0.4).all()


def test_constant_maps():
    flat = np.ones(ONE.shape)
    assert np.isnan(similarity.pearson(flat, ONE)).all()
    assert np.isnan(similarity.spearman(flat, ONE)).all()
    np.testing.assert_array_equal(similarity.ssim(flat, flat), 1)


def test_wrong_arguments_are_told():
    with pytest.raises(errors.OptionError, match="shapes"):
        similarity.pearson(ONE, OTHER[:2])
    with pytest.raises(errors.OptionError, match="side is odd"):
        similarity.ssim(ONE, OTHER, side=13)
    with pytest.raises(errors.OptionError, match="similarity is one of"):
        similarity.get_similarity("cosine")


IMAGES = RANDOM.normal(size=(3, 20, 24, 3)).astype("float32")


def test_random_maps_are_drawn_again_alike():
    maps = controls.random_map(IMAGES)
    assert maps.shape == (3, 20, 24)
    np.testing.assert_array_equal(maps, controls.random_map(IMAGES))
    np.testing.assert_array_equal(maps[:2], controls.random_map(IMAGES[:2]))
    assert np.abs(similarity.pearson(maps[:1], maps[1:2])) < 0.2
    assert (maps != controls.random_map(IMAGES, seed=1)).any()
    assert maps.min() >= 0
    assert 0.9 < maps.max() < 1


def test_the_centre_map_is_a_bell():
    maps = controls.centre_map(IMAGES, sigma=0.2)
    down, across = np.mgrid[:20, :24]
    far = ((down + 0.5 - 10) / (0.2 * 20)) ** 2 + ((across + 0.5 - 12) / (0.2 * 24)) ** 2
    bell = np.exp(-far / 2)
    np.testing.assert_allclose(maps[1], bell / bell.max(), rtol=1e-5)
    with pytest.raises(errors.OptionError, match="sigma"):
        controls.centre_map(IMAGES, sigma=0)


def slow_sobel(grey):
    """Sobel and Feldman 1968, pixel by pixel: what is outside is as what is at the edge."""
    kernel = np.outer([1, 2, 1], [-1, 0, 1])
    around = np.pad(grey, 1, mode="edge")
    steepness = np.empty(grey.shape)
    for row, col in np.ndindex(grey.shape):
        window = around[row : row + 3, col : col + 3]
        steepness[row, col] = np.hypot((kernel * window).sum(), (kernel.T * window).sum())
    return steepness


def test_the_edge_map_is_sobels():
    grey = IMAGES.astype("float64") @ np.array(controls.GREY)
    for image, map in zip(grey, controls.edge_map(IMAGES), strict=True):
        np.testing.assert_allclose(map, slow_sobel(image), atol=1e-4)
    one = controls.edge_map(IMAGES[..., :1])
    np.testing.assert_allclose(one, controls.edge_map(np.repeat(IMAGES[..., :1], 2, -1)), atol=1e-5)
