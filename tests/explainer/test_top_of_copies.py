"""Where changed copies of an image are asked, "top" is the top class of the image itself."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest

from helpers.method_options import OPTIONS
from nets import tiny
from seewhy import targets
from seewhy.explainer.explainer import Explainer

CASES = [
    *({"method": name} for name in ("integrated_gradients", "smooth_grad", "score_cam", "rise")),
    *({"method": name} for name in ("ablation_cam", "occlusion", "extremal_perturbation")),
    {"enhance": "noise:samples=3,deviation=1.5"},
    {"enhance": "flips"},
]


def restless():
    """A network whose top class changes with little."""
    model = tiny.plain(head="logits")
    head = model.layers[-1]
    kernel, bias = head.get_weights()
    head.set_weights([kernel * 30, np.zeros_like(bias)])
    return model


@pytest.mark.parametrize("options", CASES, ids=lambda options: next(iter(options.values())))
def test_top_is_the_class_of_the_image(options):
    keras.utils.set_random_seed(0)
    model, images = restless(), tiny.images(3)
    explainer = Explainer(model, options=OPTIONS.get(options.get("method", "")), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = explainer(images, "top")
        named = explainer(images, [one.predictions[0].index for one in top])
        second = explainer(images, targets.top(1))
        named_second = explainer(images, [one.predictions[1].index for one in top])
    for one, other in [*zip(top, named, strict=True), *zip(second, named_second, strict=True)]:
        scale = np.abs(other.map).max()
        assert scale > 0
        np.testing.assert_allclose(one.map, other.map, rtol=0, atol=1e-5 * scale)
        assert one.target.name == other.target.name
