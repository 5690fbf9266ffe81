"""Parity with pip's grad-cam, captum and torchcam on torch twins of four networks.

A small VGG-like net, a small residual one, a small depthwise one, and the bundled network with the
bundled photo; all peers with the same weights in the same process.
"""

from __future__ import annotations

import functools
import warnings

import keras
import numpy as np
import pytest
import torch
from keras import layers

from helpers import margins
from helpers.references_input import integration_points
from nets import tiny, torch_twins, twins
from seewhy.explainer.explainer import Explainer
from seewhy.models import presets
from seewhy.targets.labels import DATA

# The peers run on torch whatever Keras runs on; other tests compare our backends with each other.
pytestmark = pytest.mark.one_backend

TARGET = 2


def depthwise():
    """Depthwise and pointwise convolutions with ReLU6, as in MobileNet."""
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.Conv2D(10, 1, use_bias=False)(x)
    x = layers.ReLU(6.0, name="last")(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return tiny.fixed(keras.Model(image, layers.Dense(5, name="logits")(x)))


@functools.cache
def net(name):
    """Model, twin, images and target layer."""
    if name == "bundled":
        model = presets.load("efficientnet-lite0")[0]
        twin = torch_twins.Twin(model)
        seen = Explainer(model)
        pixels = keras.utils.load_img(DATA / "chelsea.png", target_size=(224, 224))
        images = seen.pipeline.wrapped.network_input(np.asarray(pixels)[None], 0)
        return model, twin, images, seen.layer
    build, layer, images = {
        "vgg-like": (tiny.flat, "conv2", tiny.images(2)),
        "residual": (tiny.plain, "relu3", tiny.images(2)),
        "depthwise": (depthwise, "last", tiny.images(2, seed=3)),
    }[name]
    model = build()
    margins.assert_no_ties(model, images)
    return model, torch_twins.Twin(model), images, layer


NETS = ("vgg-like", "residual", "depthwise", "bundled")
SMALL = NETS[:3]


@pytest.mark.parametrize("name", NETS)
def test_the_twins_give_the_same_logits(name):
    model, twin, images, _ = net(name)
    with torch.no_grad():
        theirs = twin(twins.channels_first(images)).numpy()
    ours = Explainer(model).ask(images, list(range(3)))
    scores = [[one.score for one in row] for row in ours]
    np.testing.assert_allclose(scores, theirs[:, :3], rtol=1e-3, atol=1e-4)


def ours(name, method, **options):
    model, _, images, layer = net(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = Explainer(model, method=method, options=options)
        if explainer.pipeline.method.at_layer:
            explainer = explainer.having(layer=layer)
        return np.stack([one.map for one in explainer(images, TARGET)])


def close(found, expected):
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * scale)


def leaf(images):
    return twins.channels_first(images).requires_grad_()


GRAD_CAM = {
    "grad_cam": "GradCAM",
    "hires_cam": "HiResCAM",
    "grad_cam_elementwise": "GradCAMElementWise",
    "grad_cam_plus_plus": "GradCAMPlusPlus",
    "xgrad_cam": "XGradCAM",
    "layer_cam": "LayerCAM",
    "eigen_cam": "EigenCAM",
    "eigen_grad_cam": "EigenGradCAM",
}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("method", GRAD_CAM)
def test_equal_to_the_package_grad_cam(name, method):
    package = twins.grad_cam_package()
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    _, twin, images, layer = net(name)
    module = twin.layers[layer]
    with torch.enable_grad(), getattr(package, GRAD_CAM[method])(twin, [module]) as peer:
        asked = [ClassifierOutputTarget(TARGET)] * len(images)
        tensor = leaf(images)
        peer(tensor, asked)
        kept = peer.activations_and_grads
        at, gradients = (
            x[0].detach().cpu().numpy() if x else None for x in (kept.activations, kept.gradients)
        )
        if method == "grad_cam_plus_plus":
            theirs = _without_epsilon(peer, at, gradients)
        else:
            theirs = peer.get_cam_image(tensor, module, asked, at, gradients, False)
    found = ours(name, method)
    if method.startswith("eigen"):  # its sign is left to chance
        signs = np.sign((found * theirs).sum(axis=(1, 2), keepdims=True))
        found = found * signs
    close(np.maximum(found, 0) if method == "layer_cam" else found, theirs)


def _without_epsilon(peer, activations, gradients):
    """Its formula of Grad-CAM++, but for the epsilon of 1e-6 in the denominator.

    That leaves 0.4 % of the magnitude where gradients are 1e-5: weights of its own code are
    checked with gradients so large that the epsilon does not count.
    """
    large = 1e4 / np.abs(gradients).max()
    weights = peer.get_cam_weights(None, None, None, activations / large, gradients * large)
    return (weights[:, :, None, None] * activations).sum(axis=1) / large


CAPTUM = {
    "gradient": ("Saliency", {"abs": False}),
    "gradient_input": ("InputXGradient", {}),
    "integrated_gradients": ("IntegratedGradients", {"n_steps": 6, "method": "riemann_middle"}),
    "guided_backprop": ("GuidedBackprop", {}),
    "deconvnet": ("Deconvolution", {}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("method", CAPTUM)
def test_equal_to_captum_at_the_input(name, method):
    import captum.attr

    if method in ("guided_backprop", "deconvnet") and name in ("depthwise", "bundled"):
        pytest.skip("captum's guided rules know nn.ReLU only, and these nets have ReLU6")
    _, twin, images, _ = net(name)
    kind, options = CAPTUM[method]
    with torch.enable_grad():
        theirs = getattr(captum.attr, kind)(twin).attribute(leaf(images), target=TARGET, **options)
    steps = {"steps": 6} if method == "integrated_gradients" else {}
    if steps and name in SMALL:
        for points in integration_points(images, **steps):
            margins.assert_no_ties(net(name)[0], points)
    found, expected = ours(name, method, **steps), theirs.detach().numpy().sum(axis=1)
    if name == "bundled":
        # of so many units some lie on the kink of their ReLU, and rounding decides on which side:
        # what they see differs, all else does not
        away = np.abs(found - expected) > 1e-4 * np.abs(expected).max()
        assert away.mean() < 0.05
        found = np.where(away, expected, found)
    close(found, expected)


@functools.cache
def smooth():
    """The bundled network and its twin with SiLU for each ReLU6, and the inputs."""
    model, _, images, _ = net("bundled")

    def replaced(layer):
        if isinstance(layer, layers.ReLU):
            return layers.Activation("silu", name=layer.name)
        return type(layer).from_config(layer.get_config())

    silu = keras.models.clone_model(model, clone_function=replaced)
    silu.set_weights(model.get_weights())
    return silu, torch_twins.Twin(silu), images


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["gradient", "gradient_input", "integrated_gradients"])
def test_equal_to_captum_at_the_input_of_a_large_net_without_bends(method):
    """At every pixel: no unit is on the kink of a ReLU, as some of the bundled network's are."""
    import captum.attr

    model, twin, images = smooth()
    assert margins.least(model, images) == np.inf
    kind, options = CAPTUM[method]
    with torch.enable_grad():
        theirs = getattr(captum.attr, kind)(twin).attribute(leaf(images), target=TARGET, **options)
    steps = {"steps": 6} if method == "integrated_gradients" else {}
    found = Explainer(model, method=method, options=steps)(images, TARGET)
    close(np.stack([one.map for one in found]), theirs.detach().numpy().sum(axis=1))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETS)
def test_equal_to_captum_at_a_layer(name):
    import captum.attr

    _, twin, images, layer = net(name)
    with torch.enable_grad():
        peer = captum.attr.LayerGradCam(twin, twin.layers[layer])
        theirs = peer.attribute(leaf(images), target=TARGET)
    close(ours(name, "grad_cam"), theirs.detach().numpy()[:, 0])


@pytest.mark.parametrize("name", SMALL)
def test_occlusion_equals_captum(name):
    import captum.attr

    _, twin, images, _ = net(name)
    window = {"sliding_window_shapes": (3, 8, 8), "strides": (3, 4, 4), "baselines": 0.5}
    theirs = captum.attr.Occlusion(twin).attribute(
        twins.channels_first(images), target=TARGET, **window
    )
    found = ours(name, "occlusion", window=0.25, stride=0.125, baseline=0.5)
    # captum has the same value in each channel
    close(found, theirs.detach().numpy()[:, 0])


TORCHCAM = {
    "cam": "CAM",
    "grad_cam": "GradCAM",
    "xgrad_cam": "XGradCAM",
    "layer_cam": "LayerCAM",
    "finer_cam": "FinerCAM",
}


def torchcam(name, kind, **options):
    from torchcam import methods as package

    _, twin, images, layer = net(name)
    side = images.shape[1]
    with torch.enable_grad():
        peer = getattr(package, kind)(
            twin, f"layers.{layer}", input_shape=(3, side, side), **options
        )
        with peer:
            scores = twin(leaf(images))
            found = peer([TARGET] * len(images), scores, normalized=False)[0]
    return found.detach().numpy()


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("method", TORCHCAM)
def test_equal_to_torchcam(name, method):
    """Which rectifies its maps."""
    options = {}
    if method == "cam":
        if name == "vgg-like":
            pytest.skip("there is no CAM in front of a flattening head")
        options["fc_layer"] = f"layers.{list(net(name)[1].layers)[-1]}"
    theirs = torchcam(name, TORCHCAM[method], **options)
    close(np.maximum(ours(name, method), 0), np.maximum(theirs, 0))


@pytest.mark.parametrize("name", SMALL)
def test_where_torchcam_differs_from_the_paper(name):
    """Its Grad-CAM++ divides a copy, so that the alphas stay the squared gradients."""
    _, twin, images, layer = net(name)
    activations, gradients, _ = evidence(twin, layer, images)
    alphas = gradients**2
    weights = (alphas * np.maximum(gradients, 0)).sum(axis=(2, 3), keepdims=True)
    undivided = np.maximum((weights * activations).sum(axis=1), 0)
    theirs = np.maximum(torchcam(name, "GradCAMpp"), 0)
    close(undivided, theirs)
    total = activations.sum(axis=(2, 3), keepdims=True)
    divisor = 2 * gradients**2 + total * gradients**3
    alphas = np.divide(alphas, divisor, out=np.zeros_like(alphas), where=divisor != 0)
    weights = (alphas * np.maximum(gradients, 0)).sum(axis=(2, 3), keepdims=True)
    close(ours(name, "grad_cam_plus_plus"), (weights * activations).sum(axis=1))


def evidence(twin, layer, images):
    kept = []
    hook = twin.layers[layer].register_forward_hook(lambda *given: kept.append(given[-1]))
    with torch.enable_grad():
        logits = twin(leaf(images))
        hook.remove()
        (slope,) = torch.autograd.grad(logits[:, TARGET].sum(), kept[0])
    return (*(one.detach().numpy().astype("float64") for one in (kept[0], slope)), logits)


@pytest.mark.parametrize("name", NETS)
def test_another_method_is_not_equal(name):
    """So that the comparisons above can fail."""
    with pytest.raises(AssertionError):
        close(ours(name, "layer_cam"), ours(name, "eigen_cam"))
    with pytest.raises(AssertionError):
        close(np.roll(ours(name, "gradient"), 1, axis=1), ours(name, "gradient"))
