"""Methods against an independent package, their laws, and proofs that the laws can fail."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops
from PIL import Image

import nets
import twins
from seewhy import Explainer


def maps(model, images, **options):
    targets = options.pop("targets", 2)
    return np.stack([e.map for e in Explainer(model, **options)(images, targets)])


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

    model, images = nets.plain(), nets.images()
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
    model, images = nets.plain(), nets.images()
    activations, *_ = twins.evidence(twins.Plain(model), "relu3", images, lambda x: x[:, 2])
    kernel = ops.convert_to_numpy(model.get_layer("predictions").kernel)
    cam = activations @ kernel[:, 2]
    close(maps(model, images) * activations[0, ..., 0].size, cam)


def test_hires_cam_sums_to_the_score_behind_global_average_pooling():
    model, images = nets.plain(), nets.images()
    explanations = Explainer(model, method="hires-cam")(images, 2)
    bias = float(ops.convert_to_numpy(model.get_layer("predictions").bias)[2])
    for explanation in explanations:
        assert explanation.map.sum() + bias == pytest.approx(explanation.score, rel=1e-4)


def test_hires_cam_is_grad_cam_where_gradients_do_not_vary_over_space():
    model, images = nets.plain(), nets.images()
    close(maps(model, images, method="hires-cam"), maps(model, images))


def test_hires_cam_differs_elsewhere():
    model, images = nets.flat(), nets.images()
    ours, other = (maps(model, images, method=m) for m in ("hires-cam", "grad-cam"))
    assert np.abs(ours - other).max() > 0.01 * np.abs(other).max()


def test_a_batch_equals_one_by_one():
    model, images = nets.flat(), nets.images(5)
    explainer = Explainer(model)
    together = np.stack([e.map for e in explainer(images, targets=[0, 1, 2, 3, 4])])
    alone = np.stack([explainer(images[i : i + 1], i)[0].map for i in range(5)])
    close(together, alone, 1e-5)


def test_several_questions_equal_one_by_one():
    model, images = nets.flat(), nets.images(2)
    explainer = Explainer(model)
    for row, image in zip(explainer.ask(images, [3, "top", 0]), images, strict=True):
        for explanation, target in zip(row, [3, "top", 0], strict=True):
            close(explanation.map, explainer(image[None], target)[0].map, 1e-5)


def test_a_users_own_formula():
    def only_positive_gradients(activations, gradients):
        from keras import ops

        return ops.sum(activations * ops.relu(gradients), axis=-1)

    model, images = nets.flat(), nets.images()
    explainer = Explainer(model, method=only_positive_gradients)
    assert explainer.method == "only_positive_gradients"
    found = np.stack([e.map for e in explainer(images, 2)])
    twin_free = maps(model, images, method="hires-cam")
    assert np.isfinite(found).all()
    assert np.abs(found - twin_free).max() > 0


def test_grad_cam_is_cam_on_the_bundled_network():
    import keras

    from seewhy.labels import DATA

    explainer = Explainer("efficientnet-lite0")
    (explanation,) = explainer([DATA / "chelsea.png"], "Egyptian_cat")
    model = explainer._subject.model
    features = keras.Model(model.inputs, model.get_layer("top_activation").output)
    pixels = np.asarray(
        Image.fromarray(explanation.photo.pixels).resize((224, 224), Image.Resampling.BILINEAR)
    )
    images = (pixels[None].astype("float32") - 127) / 128
    activations = ops.convert_to_numpy(features(images, training=False))[0]
    cam = activations @ ops.convert_to_numpy(model.get_layer("predictions").kernel)[:, 285]
    close(explanation.map * cam.size, cam)
