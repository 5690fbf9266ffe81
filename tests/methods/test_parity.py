"""Methods at the input, and such as run the network again, against captum and pip's grad-cam."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import margins
from helpers.references_input import integration_points
from nets import tiny, twins
from seewhy.explainer.explainer import Explainer


@pytest.fixture(scope="module")
def model():
    return tiny.plain()


def maps(model, images, method, **options):
    layer = options.pop("layer", None)
    explainer = Explainer(model, method=method, layer=layer, options=options)
    return np.stack([e.map for e in explainer(images, 2)])


def close(ours, theirs):
    scale = np.abs(theirs).max()
    assert scale > 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * scale)


def summed(attribution):
    """(batch, channels, rows, cols) of captum → (batch, rows, cols)."""
    return attribution.detach().cpu().numpy().sum(axis=1)


CAPTUM = {
    "gradient": lambda attr, twin, x: attr.Saliency(twin).attribute(x, target=2, abs=False),
    "gradient_input": lambda attr, twin, x: attr.InputXGradient(twin).attribute(x, target=2),
    "guided_backprop": lambda attr, twin, x: attr.GuidedBackprop(twin).attribute(x, target=2),
    "deconvnet": lambda attr, twin, x: attr.Deconvolution(twin).attribute(x, target=2),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", CAPTUM)
def test_equal_to_captum(model, method):
    import captum.attr
    import torch

    images = tiny.images()
    margins.assert_no_ties(model, images)
    with torch.enable_grad():
        tensor = twins.channels_first(images).requires_grad_()
        theirs = summed(CAPTUM[method](captum.attr, twins.Plain(model), tensor))
    close(maps(model, images, method), theirs)


@pytest.mark.filterwarnings("ignore")
def test_integrated_gradients_equal_captum(model):
    import captum.attr
    import torch

    images = tiny.images(seed=42)
    for points in integration_points(images, 12):
        margins.assert_no_ties(model, points)
    with torch.enable_grad():
        tensor = twins.channels_first(images).requires_grad_()
        peer = captum.attr.IntegratedGradients(twins.Plain(model))
        theirs = peer.attribute(tensor, target=2, n_steps=12, method="riemann_middle")
    close(maps(model, images, "integrated_gradients", steps=12), summed(theirs))


@pytest.mark.parametrize(
    ("method", "theirs"), [("ablation_cam", "AblationCAM"), ("score_cam", "ScoreCAM")]
)
def test_reruns_equal_the_package_grad_cam(model, method, theirs, monkeypatch):
    import torch

    package = twins.grad_cam_package()
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    def centred(size):
        # theirs shifts masks by up to half a cell: it puts the corners of both grids together
        return torch.nn.Upsample(size=size, mode="bilinear", align_corners=False)

    monkeypatch.setattr(torch.nn, "UpsamplingBilinear2d", centred)
    images = tiny.images()
    twin = twins.Plain(model)
    module = twin.module("relu3")
    with torch.enable_grad(), getattr(package, theirs)(twin, [module]) as peer:
        tensor = twins.channels_first(images)
        asked = [ClassifierOutputTarget(2)] * len(images)
        peer(tensor, asked)
        kept = peer.activations_and_grads.activations[0].detach().cpu().numpy()
        signed = peer.get_cam_image(tensor, module, asked, kept, None, False)
    close(maps(model, images, method, layer="relu3"), np.asarray(signed))


def test_completeness_gap_falls_fourfold_with_twice_the_steps():
    """Of the midpoint rule on a smooth net; a rule of the first order would halve it."""
    import keras
    from keras import layers

    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, activation="softplus", name="c")(image)
    x = layers.Dense(3)(layers.GlobalAveragePooling2D()(x))
    smooth = tiny.fixed(keras.Model(image, x))
    images = tiny.images(1, side=16)

    def gap(steps):
        options = {"steps": steps, "baseline": 1.5}
        explainer = Explainer(smooth, method="integrated_gradients", options=options)
        explanation = explainer(images, 2)[0]
        assert explanation.diagnostics["completeness_gap"] == pytest.approx(
            explanation.score - base - explanation.map.sum(), abs=2e-5
        )
        return explanation.diagnostics["completeness_gap"]

    base = Explainer(smooth)(np.full_like(images, 1.5), 2)[0].score
    coarse, fine = gap(4), gap(8)
    assert abs(coarse) > 1e-3
    assert 3 < coarse / fine < 5


def test_guided_gradients_are_gradients_where_all_is_positive():
    import keras
    from keras import layers

    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(image)
    positive = keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    positive.set_weights([np.abs(w) + 0.1 for w in tiny.fixed(positive).get_weights()])
    images = np.abs(tiny.images(1, side=8))
    plain, guided = (maps(positive, images, m) for m in ("gradient", "guided_backprop"))
    close(guided, plain)
    mixed = tiny.plain()  # the law can fail
    plain, guided = (maps(mixed, tiny.images(1), m) for m in ("gradient", "guided_backprop"))
    assert np.abs(plain - guided).max() > 0.01 * np.abs(plain).max()


def test_a_model_without_a_relu_says_so():
    import keras
    from keras import layers

    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="swish")(image)
    model = tiny.fixed(keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))))
    explanation = Explainer(model, method="guided-backprop")(tiny.images(1, side=8), 2)[0]
    assert any(text.startswith("no-relu") for text in explanation.warnings)


def test_a_negative_score_says_that_the_map_is_turned_around(model):
    images = tiny.images()
    found = Explainer(model, method="ablation-cam").ask(images, [0, 1, 2, 3, 4])
    for one in (e for row in found for e in row):
        told = any(text.startswith("negative-score") for text in one.warnings)
        assert told == (one.score <= 0)
    assert len({e.score > 0 for row in found for e in row}) == 2
