"""Methods against an independent package, their laws, and proofs that the laws can fail."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops
from PIL import Image

from nets import tiny, twins
from seewhy import targets
from seewhy.explainer.explainer import Explainer


def maps(model, images, **options):
    asked = options.pop("targets", 2)
    return np.stack([e.map for e in Explainer(model, **options)(images, asked)])


def close(ours, theirs, tolerance=1e-4):
    scale = np.abs(theirs).max()
    assert scale > 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("layer", ["conv1", "pool1", "conv2", "relu2", "sum3", "relu3"])
@pytest.mark.parametrize(("method", "theirs"), [("grad-cam", "GradCAM"), ("hires-cam", "HiResCAM")])
def test_equal_to_the_package_grad_cam(layer, method, theirs):
    import torch

    package = twins.grad_cam_package()
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model, images = tiny.plain(), tiny.images()
    twin = twins.Plain(model)
    module = twin.module(layer)
    with torch.enable_grad(), getattr(package, theirs)(twin, [module]) as peer:
        tensor = twins.channels_first(images)
        asked = [ClassifierOutputTarget(2)] * len(images)
        peer(tensor, asked)
        kept = peer.activations_and_grads
        activations, gradients = (x[0].cpu().numpy() for x in (kept.activations, kept.gradients))
        signed = peer.get_cam_image(tensor, module, asked, activations, gradients, False)
    close(maps(model, images, layer=layer, method=method), signed)


def test_grad_cam_is_cam_behind_global_average_pooling():
    model, images = tiny.plain(), tiny.images()
    activations, *_ = twins.evidence(twins.Plain(model), "relu3", images, lambda x: x[:, 2])
    kernel = ops.convert_to_numpy(model.get_layer("predictions").kernel)
    cam = activations @ kernel[:, 2]
    close(maps(model, images) * activations[0, ..., 0].size, cam)


def test_hires_cam_sums_to_the_score_behind_global_average_pooling():
    model, images = tiny.plain(), tiny.images()
    explanations = Explainer(model, method="hires-cam")(images, 2)
    bias = float(ops.convert_to_numpy(model.get_layer("predictions").bias)[2])
    for explanation in explanations:
        assert explanation.map.sum() + bias == pytest.approx(explanation.score, rel=1e-4)


def test_hires_cam_is_grad_cam_where_gradients_do_not_vary_over_space():
    model, images = tiny.plain(), tiny.images()
    close(maps(model, images, method="hires-cam"), maps(model, images))


def test_hires_cam_differs_elsewhere():
    model, images = tiny.flat(), tiny.images()
    ours, other = (maps(model, images, method=m) for m in ("hires-cam", "grad-cam"))
    assert np.abs(ours - other).max() > 0.01 * np.abs(other).max()


def test_a_batch_equals_one_by_one():
    model, images = tiny.flat(), tiny.images(5)
    explainer = Explainer(model)
    together = np.stack([e.map for e in explainer(images, targets=[0, 1, 2, 3, 4])])
    alone = np.stack([explainer(images[i : i + 1], i)[0].map for i in range(5)])
    close(together, alone, 1e-5)


def test_several_questions_equal_one_by_one():
    model, images = tiny.flat(), tiny.images(2)
    explainer = Explainer(model)
    for row, image in zip(explainer.ask(images, [3, "top", 0]), images, strict=True):
        for explanation, target in zip(row, [3, "top", 0], strict=True):
            close(explanation.map, explainer(image[None], target)[0].map, 1e-5)


def test_a_users_own_formula():
    def only_positive_gradients(activations, gradients):
        from keras import ops

        return ops.sum(activations * ops.relu(gradients), axis=-1)

    model, images = tiny.flat(), tiny.images()
    explainer = Explainer(model, method=only_positive_gradients)
    assert explainer.method == "only_positive_gradients"
    found = np.stack([e.map for e in explainer(images, 2)])
    twin_free = maps(model, images, method="hires-cam")
    assert np.isfinite(found).all()
    assert np.abs(found - twin_free).max() > 0


def test_grad_cam_is_cam_on_the_bundled_network():
    import keras

    from seewhy.targets.labels import DATA

    explainer = Explainer("efficientnet-lite0")
    (explanation,) = explainer([DATA / "chelsea.png"], "Egyptian_cat")
    model = explainer.pipeline.wrapped.model
    features = keras.Model(model.inputs, model.get_layer("top_activation").output)
    pixels = np.asarray(
        Image.fromarray(explanation.photo.pixels).resize((224, 224), Image.Resampling.BILINEAR)
    )
    images = (pixels[None].astype("float32") - 127) / 128
    activations = ops.convert_to_numpy(features(images, training=False))[0]
    cam = activations @ ops.convert_to_numpy(model.get_layer("predictions").kernel)[:, 285]
    close(explanation.map * cam.size, cam)


def test_shapley_cam_has_the_second_derivative_of_a_probability():
    model, images = tiny.plain(), tiny.images()
    (activations, *_) = twins.evidence(twins.Plain(model), "relu3", images, lambda x: x[:, 2])
    activations = activations.astype("float64")
    kernel, bias = (ops.convert_to_numpy(v).astype("float64") for v in model.layers[-1].weights)
    positions = activations[0, ..., 0].size
    means = activations.mean(axis=(1, 2))
    logits = means @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    step = 1e-5

    def slope(means):
        z = means @ kernel + bias
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        return p[:, 2:3] * (kernel[:, 2] - p @ kernel.T) / positions

    curvature = (slope(means * (1 + step)) - slope(means * (1 - step))) / (2 * step)
    assert np.abs(curvature).max() > 0.05 * np.abs(slope(means)).max()
    expected = np.einsum("bijk,bk->bij", activations, slope(means) - curvature / 2)
    options = {"scores": "probabilities", "method": "shapley-cam"}
    found = Explainer(model, **options)(images, 2)
    assert [e.score for e in found] == pytest.approx(list(shares[:, 2]), rel=1e-4)
    close(np.stack([e.map for e in found]), expected)


PEERS = {
    "grad_cam_elementwise": "GradCAMElementWise",
    "grad_cam_plus_plus": "GradCAMPlusPlus",
    "xgrad_cam": "XGradCAM",
    "layer_cam": "LayerCAM",
    "eigen_cam": "EigenCAM",
    "eigen_grad_cam": "EigenGradCAM",
    "seg_eigen_cam": "SegEigenCAM",
    "kpca_cam": "KPCA_CAM",
    "fem": "FEM",
}


@pytest.mark.parametrize("layer", ["pool1", "relu2", "relu3"])
@pytest.mark.parametrize("method", PEERS)
def test_others_equal_the_package_grad_cam(layer, method):
    """Up to a positive factor, and the sign of components, where theirs is not fixed."""
    import torch

    package = twins.grad_cam_package()
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model, images = tiny.plain(), tiny.images()
    # theirs adds 1e-6 to the denominator of Grad-CAM++, which drowns gradients of a usual size
    scale = 1e4 if method == "grad_cam_plus_plus" else 1
    twin = twins.Plain(model)
    module = twin.module(layer)
    with torch.enable_grad(), getattr(package, PEERS[method])(twin, [module]) as peer:
        tensor = twins.channels_first(images)
        asked = ClassifierOutputTarget(2)
        peer(tensor, [lambda output: scale * asked(output)] * len(images))
        kept = peer.activations_and_grads
        evidence = [
            x[0].detach().cpu().numpy() if x else None for x in (kept.activations, kept.gradients)
        ]
        signed = peer.get_cam_image(tensor, module, [2] * len(images), *evidence, False)
    asked = targets.class_(2) if scale == 1 else scale * targets.class_(2)
    ours = maps(model, images, layer=layer, method=method, targets=asked)
    signed = np.asarray(signed)
    if "eigen" in method or "kpca" in method:
        signs = np.sign((ours * signed).sum(axis=(1, 2), keepdims=True))
        signed = signed * signs
    close(ours, signed)
