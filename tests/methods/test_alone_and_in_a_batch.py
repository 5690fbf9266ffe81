"""A map does not depend on the images that go through the network beside its own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from helpers.method_options import OPTIONS
from nets import tiny, transformers
from seewhy.explainer.explainer import Explainer
from seewhy.methods import registry
from seewhy.methods.needs import rules_among

# Enough steps to make a difference of roundings to another mask.
LONG = {
    "extremal_perturbation": {"steps": 120, "cells": 6},
    "meaningful_perturbation": {"steps": 60, "cells": 6},
}


def maps(explainer, images, targets):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [explanation.map for explanation in explainer(images, targets)]


NAMES = [
    # one formula of one batch is the same code everywhere; what is learnt depends on roundings
    pytest.param(method.name, marks=[] if method.name in LONG else pytest.mark.one_backend)
    for method in registry.all_methods()
]


@pytest.mark.parametrize("name", NAMES)
def test_alone_as_in_a_batch(name):
    method = registry.get_method(name)
    attends = {"attention", "blocks"} & set(rules_among(method.needs))
    model = transformers.vit() if attends else tiny.plain()
    images = tiny.photos(3) if attends else tiny.images(3)
    options = {**OPTIONS, **LONG}.get(name)
    preprocess = "unit" if attends else None
    explainer = Explainer(model, method=name, options=options, preprocess=preprocess)
    together = maps(explainer, images, [2, 0, 1])
    assert np.any(together)
    for k, target in enumerate((2, 0, 1)):
        alone = maps(explainer, images[k : k + 1], [target])[0]
        scale = np.abs(alone).max()
        np.testing.assert_allclose(together[k], alone, rtol=0, atol=1e-4 * scale)
