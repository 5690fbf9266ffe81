"""Measures against Quantus 0.6.0 (Hedström et al. 2023), where it defines the same."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.metrics import faithfulness, robustness, similarity
from seewhy.metrics.faithfulness import eraser, region_removal, removal_curves
from seewhy.metrics.localisation import pointing

pytestmark = [pytest.mark.framework_free, pytest.mark.filterwarnings("ignore")]
quantus = pytest.importorskip("quantus", reason="make test installs it without its dependencies")
if not hasattr(np, "trapz"):
    # Quantus calls it by the name that NumPy 2.4 has dropped
    setattr(np, "trapz", np.trapezoid)  # noqa: B010  (linters know that it is gone)

RANDOM = np.random.default_rng(11)
# one channel, as Quantus ranks the values of channels apart
IMAGES = RANDOM.normal(size=(3, 12, 12, 1)).astype("float32")
MAPS = RANDOM.random((3, 12, 12)) + 0.01
WEIGHTS = RANDOM.normal(size=(12, 12, 2)).astype("float32")
CLASSES = np.array([0, 1, 0])


def outputs(images):
    logits = np.einsum("nhwc,hwk->nk", images.astype("float64"), WEIGHTS) / 8
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def scorer(images, which):
    return outputs(images)[range(len(images)), CLASSES[which]]


@pytest.fixture(scope="module")
def model():
    import torch

    class Model(torch.nn.Module):
        def forward(self, images):
            logits = torch.einsum("nchw,hwk->nk", images.double(), torch.tensor(WEIGHTS).double())
            return torch.softmax(logits / 8, dim=1)

    return Model().eval()


def first(images):
    return np.moveaxis(images, -1, 1)


def asked(measure, model, images=IMAGES, maps=MAPS, classes=CLASSES, **more):
    given = {"x_batch": first(images), "y_batch": classes, "a_batch": maps[:, None].copy()}
    found = measure(model=model, softmax=False, channel_first=True, **{**given, **more})
    return np.array(found, "float64")


QUIET = {"disable_warnings": True, "display_progressbar": False}


@pytest.mark.parametrize("step", [1, 6])
def test_pixel_flipping(model, step):
    theirs = quantus.PixelFlipping(features_in_step=step, perturb_baseline="black", **QUIET)
    ours = removal_curves.pixel_flipping(IMAGES, MAPS, scorer, step=step, baseline=black())
    # Quantus leaves out the whole image
    np.testing.assert_allclose(ours.scores[:, 1:], asked(theirs, model), atol=1e-4)
    areas = quantus.PixelFlipping(
        features_in_step=step, perturb_baseline="black", return_auc_per_sample=True, **QUIET
    )
    curve = ours.scores[:, 1:]
    slow = curve.sum(axis=1) - (curve[:, 0] + curve[:, -1]) / 2
    np.testing.assert_allclose(slow, asked(areas, model), atol=1e-4)


def black():
    """What Quantus calls black: the smallest value of each image."""
    return IMAGES.min(axis=(1, 2, 3), keepdims=True)


def test_irof(model, monkeypatch):
    from quantus.helpers import utils

    down, across = np.mgrid[:12, :12] // 4
    segments = down * 3 + across
    monkeypatch.setattr(utils, "get_superpixel_segments", lambda **_: segments)
    theirs = quantus.IROF(perturb_baseline="black", return_aggregate=False, **QUIET)
    given = np.broadcast_to(segments, (3, 12, 12))
    black = np.full((1, 1, 1, 1), IMAGES.min())  # here Quantus takes that of the batch
    curve = region_removal.irof_curve(IMAGES, MAPS, scorer, segments=given, baseline=black)
    # Quantus: regions less the area under the curve that begins with one region removed
    tail = curve[:, 1:]
    area = tail.sum(axis=1) - (tail[:, 0] + tail[:, -1]) / 2
    np.testing.assert_allclose(tail.shape[1] - area, asked(theirs, model), atol=1e-4)
    grid = region_removal.irof_curve(IMAGES, MAPS, scorer, segments=3, baseline=black)
    np.testing.assert_allclose(grid, curve)
    ours = region_removal.irof(IMAGES, MAPS, scorer, segments=3, baseline=black)
    whole = curve.sum(axis=1) - (curve[:, 0] + curve[:, -1]) / 2
    np.testing.assert_allclose(ours, 1 - whole / 9)


def test_irof_of_images_with_different_numbers_of_regions():
    segments = np.zeros((3, 12, 12), int)
    segments[0, :6] = 4
    segments[1, 2:4] = 7
    segments[1, 8:] = 9
    together = region_removal.irof(IMAGES, MAPS, scorer, segments=segments)
    for n in range(3):
        alone = region_removal.irof(
            IMAGES[n : n + 1],
            MAPS[n : n + 1],
            lambda images, which, n=n: scorer(images, which + n),
            segments=segments[n : n + 1],
        )
        np.testing.assert_allclose(together[n], alone[0])


def test_sufficiency(model):
    random = np.random.default_rng(2)
    images = random.normal(size=(12, 12, 12, 1)).astype("float32")
    maps = random.normal(size=(12, 12, 12))
    maps[6:] += 2 * maps[:1]
    classes = outputs(images).argmax(axis=1)
    theirs = quantus.Sufficiency(threshold=0.8, normalise=False, abs=False, **QUIET)
    found = eraser.alike_decided(maps, classes, threshold=0.8)
    np.testing.assert_allclose(found, asked(theirs, model, images, maps, classes), atol=1e-4)
    assert len(set(found)) > 1


def test_infidelity(model):
    theirs = quantus.Infidelity(
        perturb_baseline="black", perturb_patch_sizes=[12], n_perturb_samples=2, **QUIET
    )
    # one patch of the image's size: everything becomes black
    changes = (IMAGES - black())[None]
    ours = faithfulness.infidelity(IMAGES, MAPS, scorer, how=changes)
    np.testing.assert_allclose(ours, asked(theirs, model), rtol=1e-4)


def test_road(model, monkeypatch):
    from quantus.functions import perturb_func

    monkeypatch.setattr(perturb_func.np.random, "randn", lambda *shape: np.zeros(shape))
    percentages = [10, 30, 50, 80]
    theirs = quantus.ROAD(percentages=percentages, noise=0.0, **QUIET)
    classes = outputs(IMAGES).argmax(axis=1)
    found = theirs(
        model=model,
        x_batch=first(IMAGES),
        y_batch=classes,
        a_batch=MAPS[:, None].copy(),
        softmax=False,
        channel_first=True,
    )
    hits = lambda images, which: outputs(images).argmax(axis=1) == classes[which]  # noqa: E731
    ours = faithfulness.road(
        IMAGES,
        MAPS,
        hits,
        percentiles=[100 - p for p in percentages],
        ties="apart",
        noise=0,
    )
    # Quantus gives the accuracy itself; of the whole images it is 1
    expected = [found[p] for p in percentages]
    np.testing.assert_allclose(ours.mean(axis=0) + 1, expected, atol=1e-6)
    assert min(expected) < 1


def explain(images):
    return (images[..., 0] * WEIGHTS[..., 0]) ** 2


@pytest.mark.parametrize("name", ["MaxSensitivity", "AvgSensitivity"])
def test_sensitivity(model, name, monkeypatch):
    noise = []

    def spy(images):
        noise.append(images)
        return explain(images)

    ours = robustness.sensitivities(IMAGES, spy, 0.2, samples=5)
    drawn = iter(noise[1].reshape(3, 5, -1).swapaxes(0, 1))

    def perturb(arr, indices, **_):
        return next(drawn)

    theirs = getattr(quantus, name)(
        nr_samples=5, perturb_func=perturb, normalise=False, abs=False, **QUIET
    )
    found = theirs(
        model=model,
        x_batch=first(IMAGES),
        y_batch=CLASSES,
        a_batch=explain(IMAGES)[:, None],
        explain_func=lambda model, inputs, targets: explain(np.moveaxis(inputs, 1, -1))[:, None],
        softmax=False,
        channel_first=True,
    )
    expected = ours.max(axis=1) if name == "MaxSensitivity" else ours.mean(axis=1)
    np.testing.assert_allclose(expected, found, rtol=1e-4)


def masks():
    inside = np.zeros((3, 12, 12), bool)
    inside[:, 3:9, 2:7] = True
    return inside


def test_pointing_game_without_tolerance(model):
    theirs = asked(quantus.PointingGame(**QUIET), model, s_batch=masks()[:, None])
    ours = pointing.pointing_game(MAPS, masks(), tolerance=0)
    np.testing.assert_array_equal(ours, theirs)


def test_energy_inside(model):
    theirs = asked(quantus.AttributionLocalisation(**QUIET), model, s_batch=masks()[:, None])
    np.testing.assert_allclose(pointing.energy_inside(MAPS, masks()), theirs, atol=1e-4)


def test_similarities():
    from quantus.functions import similarity_func

    one, other = RANDOM.normal(size=(2, 3, 12, 12))
    flat = one.reshape(3, -1), other.reshape(3, -1)
    pairs = {
        "pearson": similarity_func.correlation_pearson,
        "spearman": similarity_func.correlation_spearman,
    }
    for name, theirs in pairs.items():
        np.testing.assert_allclose(
            similarity.get_similarity(name)(one, other), theirs(*flat, batched=True)
        )
    np.testing.assert_allclose(
        similarity.ssim(one, other), similarity_func.ssim(one, other, batched=True), atol=1e-6
    )


def test_it_is_the_version_that_these_tests_were_written_for():
    assert quantus.__version__ == "0.6.0"
