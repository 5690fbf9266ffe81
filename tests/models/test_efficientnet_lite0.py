"""The bundled network against a plain torch forward pass of the same parameters."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from seewhy.errors import WeightsError
from seewhy.models import efficientnet_lite0
from seewhy.models import efficientnet_lite0 as bundled
from seewhy.models.preprocess import lite
from seewhy.targets import labels

CATS = {"tabby", "tiger_cat", "Egyptian_cat"}


@pytest.fixture(scope="module")
def model():
    return efficientnet_lite0.efficientnet_lite0()


def photo(size: tuple[int, int] = (224, 224)) -> np.ndarray:
    image = Image.open(labels.DATA / "chelsea.png").convert("RGB").crop((75, 0, 375, 300))
    return lite(np.asarray(image.resize(size, Image.Resampling.BICUBIC), "float32")[None])


def probabilities(model, inputs: np.ndarray) -> np.ndarray:
    from keras import ops

    return ops.convert_to_numpy(model(inputs, training=False))


def reference(inputs: np.ndarray) -> np.ndarray:
    """Probabilities by torch's functions, from the table of stages in the weights' README."""
    import torch
    from torch.nn import functional as F

    stored = {
        path: torch.from_numpy(value.astype("float32"))
        for path, value in np.load(efficientnet_lite0.WEIGHTS).items()
    }

    def conv(x, name, norm, stride=1, groups=1):
        kernel = stored[f"{name}/kernel"].permute((2, 3, 0, 1) if groups > 1 else (3, 2, 0, 1))
        size = kernel.shape[-1]
        pads = []
        for length in x.shape[:1:-1]:  # "same": what cannot be halved goes to the end
            total = max((-(-length // stride) - 1) * stride + size - length, 0)
            pads += [total // 2, total - total // 2]
        x = F.conv2d(F.pad(x, pads), kernel, stride=stride, groups=groups)
        statistics = [stored[f"{norm}/moving_mean"], stored[f"{norm}/moving_variance"]]
        return F.batch_norm(
            x, *statistics, stored[f"{norm}/gamma"], stored[f"{norm}/beta"], eps=1e-3
        )

    x = F.relu6(conv(torch.from_numpy(inputs).permute(0, 3, 1, 2), "stem_conv", "stem_bn", 2))
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    for i, stride in enumerate(strides):
        y = x
        if i > 0:
            y = F.relu6(conv(y, f"block{i}_expand_conv", f"block{i}_expand_bn"))
        y = F.relu6(conv(y, f"block{i}_dwconv", f"block{i}_dw_bn", stride, y.shape[1]))
        y = conv(y, f"block{i}_project_conv", f"block{i}_project_bn")
        x = x + y if x.shape == y.shape else y
    x = F.relu6(conv(x, "top_conv", "top_bn")).mean((2, 3))
    logits = x @ stored["predictions/kernel"] + stored["predictions/bias"]
    return logits.softmax(-1).numpy()


@pytest.mark.parametrize("size", [(224, 224), (161, 130)])
def test_equals_an_independent_forward_pass(model, size):
    inputs = photo(size)
    ours, theirs = probabilities(model, inputs), reference(inputs)
    # logarithms differ as logits do
    np.testing.assert_allclose(np.log(ours), np.log(theirs), rtol=0, atol=1e-3)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)


def test_sees_a_cat_on_the_bundled_photo(model):
    scores = probabilities(model, photo())[0]
    best = [labels.imagenet_labels()[index].name for index in scores.argsort()[::-1][:3]]
    assert set(best) == CATS
    assert scores[[281, 282, 285]].sum() > 0.8


def test_all_parameters_are_set(model):
    assert model.count_params() == 4_694_024
    assert len(model.weights) == len(np.load(efficientnet_lite0.WEIGHTS).files)
    assert all(np.any(weight.numpy()) for weight in model.weights)


def test_takes_any_size_and_ends_in_probabilities(model):
    assert model.input_shape == (None, None, None, 3)
    assert model.output_shape == (None, 1000)
    assert model.get_layer("predictions").activation.__name__ == "softmax"
    np.testing.assert_allclose(probabilities(model, photo()).sum(), 1, rtol=0, atol=1e-5)


def test_without_weights_all_classes_are_equal():
    blank = efficientnet_lite0.efficientnet_lite0(weights=False)
    inputs = np.ones((1, 64, 64, 3), "float32")
    np.testing.assert_allclose(probabilities(blank, inputs), 1e-3, rtol=0, atol=1e-7)


def test_unfitting_parameters_are_noticed(tmp_path, monkeypatch):
    stored = dict(np.load(efficientnet_lite0.WEIGHTS))
    del stored["top_bn/beta"]
    np.savez(tmp_path / "less.npz", **stored)
    monkeypatch.setattr(bundled, "WEIGHTS", tmp_path / "less.npz")
    with pytest.raises(WeightsError, match="top_bn/beta"):
        efficientnet_lite0.efficientnet_lite0()
