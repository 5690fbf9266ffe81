"""Every method against its slow reference, on four cuts of small nets."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from helpers import references, world
from helpers.method_options import OPTIONS
from seewhy import methods
from seewhy.explainer.explainer import Explainer

# Where a method finds nothing: blurred images score higher.
EMPTY = [
    ("meaningful_perturbation", "relu3"),
]


@pytest.fixture(scope="module", params=world.worlds().items(), ids=lambda pair: pair[0])
def each_world(request):
    return request.param[1]


def test_every_method_has_a_reference():
    # those of transformers are compared in test_attention
    others = [entry.name for entry in methods.all_methods() if entry.family != "transformer"]
    assert set(others) == set(references.REFERENCES)


@pytest.mark.parametrize("name", references.REFERENCES)
def test_equal_to_the_slow_reference(name, each_world):
    options = OPTIONS.get(name, {})
    entry = methods.get_method(name, options)
    if not entry.at_layer and each_world.layer in ("conv1", "conv2"):
        pytest.skip("it explains at the input, so that another layer of the same net tells nothing")
    slow = references.REFERENCES[name]
    asked = {k: v for k, v in entry.options.items() if k in inspect.signature(slow).parameters}
    expected = slow(each_world, **asked)
    layer = each_world.layer if entry.at_layer else None
    explainer = Explainer(each_world.model, layer=layer, method=name, options=options)
    found = [one.map for one in explainer(each_world.images, world.TARGET)]
    found = np.stack(found)
    size = 1 if np.isnan(expected).all() else np.abs(expected).max()
    if (name, each_world.layer) in EMPTY:
        assert size == 0
    else:
        assert size > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * size)
