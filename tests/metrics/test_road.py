"""Noisy linear imputation and ROAD, against pip's grad-cam."""

from __future__ import annotations

import numpy as np
import pytest

from nets import twins
from seewhy.metrics import faithfulness
from seewhy.metrics.faithfulness import imputation
from seewhy.metrics.faithfulness.remove_and_debias import road_combined

pytestmark = pytest.mark.framework_free
RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.normal(size=(3, 18, 15, 3)).astype("float32")
WEIGHTS = RANDOM.normal(size=(18, 15, 3)).astype("float32")
PERCENTILES = [10, 20, 30, 40, 50, 60, 70, 80, 90]


def smooth(seed):
    waves = np.random.default_rng(seed).normal(size=(3, 18, 15))
    for _ in range(4):
        waves = (waves + np.roll(waves, 1, 1) + np.roll(waves, 1, 2) + np.roll(waves, -1, 1)) / 4
    waves -= waves.min(axis=(1, 2), keepdims=True)
    return (waves / waves.max(axis=(1, 2), keepdims=True)).astype("float32")


MAPS = smooth(4)


def scorer(images):
    return np.tanh((images * WEIGHTS).sum(axis=(1, 2, 3)) / 20)


@pytest.fixture(scope="module")
def package():
    twins.grad_cam_package()
    from pytorch_grad_cam.metrics import road

    return road


@pytest.fixture(scope="module")
def model():
    """The same scores as a torch module of channels first, with one output."""
    import torch

    class Model(torch.nn.Module):
        def forward(self, images):
            weights = torch.tensor(WEIGHTS).movedim(-1, 0)
            return torch.tanh((images * weights).sum(dim=(1, 2, 3)) / 20)[:, None]

    return Model()


def tensors(images):
    import torch

    return torch.tensor(images).movedim(-1, 1)


def holes():
    scattered = RANDOM.random((3, 18, 15)) < np.array([0.1, 0.5, 0.95])[:, None, None]
    block = np.zeros((3, 18, 15), bool)
    block[0, 4:14, 3:12] = block[1, :9] = block[2, 2:, 2:] = True
    return [scattered, block, MAPS > 0.5]


@pytest.mark.parametrize("k", range(3))
def test_imputation_equals_grad_cams_sparse_solution(package, k):
    import torch

    removed = holes()[k]
    ours = imputation.impute(IMAGES, removed, noise=0)
    theirs = package.NoisyLinearImputer(noise=0)
    for image, hole, filled in zip(IMAGES, removed, ours, strict=True):
        mask = torch.tensor((~hole).astype("float32"))
        expected = theirs(tensors(image[None])[0], mask).movedim(0, -1).numpy()
        np.testing.assert_allclose(filled, expected, atol=1e-5)


def test_each_filled_pixel_is_the_mean_of_its_neighbours():
    removed = holes()[1]
    filled = imputation.impute(IMAGES, removed, noise=0).astype("float64")

    def worst(values):
        far = 0.0
        for n, i, j in zip(*np.nonzero(removed), strict=True):
            total, weights = 0.0, 0.0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    inside = 0 <= i + di < 18 and 0 <= j + dj < 15
                    if inside and (di, dj) != (0, 0):
                        weight = 1 / 6 if 0 in (di, dj) else 1 / 12
                        total = total + weight * values[n, i + di, j + dj]
                        weights += weight
            far = max(far, np.abs(values[n, i, j] - total / weights).max())
        return far

    assert worst(filled) < 1e-5
    assert worst(IMAGES.astype("float64")) > 0.1


def test_large_holes_of_photos_are_filled_exactly(package):
    import torch

    image = RANDOM.normal(size=(1, 96, 80, 3)).astype("float32")
    removed = np.ones((1, 96, 80), bool)
    removed[0, ::31, ::29] = False
    ours = imputation.impute(image, removed, noise=0)
    mask = torch.tensor((~removed[0]).astype("float32"))
    theirs = package.NoisyLinearImputer(noise=0)(tensors(image)[0], mask)
    np.testing.assert_allclose(ours[0], theirs.movedim(0, -1).numpy(), atol=1e-4)


def test_nothing_and_everything_removed():
    nothing = np.zeros((3, 18, 15), bool)
    np.testing.assert_array_equal(imputation.impute(IMAGES, nothing), IMAGES)
    nothing[1] = True
    filled = imputation.impute(IMAGES, nothing, noise=0)
    means = np.broadcast_to(IMAGES[1].mean(axis=(0, 1)), IMAGES[1].shape)
    np.testing.assert_allclose(filled[1], means, atol=1e-6)
    np.testing.assert_array_equal(filled[[0, 2]], IMAGES[[0, 2]])


def test_noise_is_put_on_filled_pixels_only_and_can_be_drawn_again():
    removed = holes()[0]
    plain = imputation.impute(IMAGES, removed, noise=0)
    noisy = imputation.impute(IMAGES, removed, noise=0.1, seed=1)
    np.testing.assert_array_equal(noisy[~removed], IMAGES[~removed])
    assert 0.08 < (noisy - plain)[removed].std() < 0.12
    np.testing.assert_array_equal(noisy, imputation.impute(IMAGES, removed, noise=0.1, seed=1))
    assert (noisy != imputation.impute(IMAGES, removed, noise=0.1, seed=2)).any()


@pytest.fixture
def silent(package, monkeypatch):
    """grad-cam's imputer without noise, whose draws cannot be ours."""
    monkeypatch.setattr(package.torch, "randn_like", lambda tensor: 0 * tensor)


@pytest.mark.parametrize("order", ["most", "least"])
def test_road_equals_grad_cam(package, model, silent, order):
    classes = {"most": package.ROADMostRelevantFirst, "least": package.ROADLeastRelevantFirst}
    ours = faithfulness.road(IMAGES, MAPS, scorer, order=order, noise=0)
    for k, percentile in enumerate(PERCENTILES):
        asked = [lambda output: output[0]] * 3
        theirs = classes[order](percentile)(tensors(IMAGES), MAPS, asked, model)
        np.testing.assert_allclose(ours[:, k], theirs, atol=1e-4)


def test_road_combined_equals_grad_cam(package, model, silent):
    asked = [lambda output: output[0]] * 3
    theirs = package.ROADCombined(PERCENTILES)(tensors(IMAGES), MAPS, asked, model)
    ours = road_combined(IMAGES, MAPS, scorer, noise=0)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert np.abs(ours - road_combined(IMAGES, smooth(5), scorer, noise=0)).max() > 1e-3


def test_combined_of_the_negated_map_is_the_negative():
    ours = road_combined(IMAGES, MAPS, scorer, noise=0)
    other = road_combined(IMAGES, -MAPS, scorer, noise=0)
    np.testing.assert_allclose(ours, -other, atol=1e-6)
