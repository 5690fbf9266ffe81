"""Methods without gradients against their slow references; the only ones on numpy and openvino."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest

import references
import world
from seewhy import Explainer, backend, errors, methods
from test_references import OPTIONS

GIVES_GRADIENTS = backend.load().GRADIENTS
FREE = [m.name for m in methods.known() if not m.differentiates and m.family != "transformer"]


@pytest.fixture(scope="module", params=world.worlds().items(), ids=lambda pair: pair[0])
def each_world(request):
    return request.param[1]


@pytest.mark.parametrize("name", FREE)
def test_equal_to_the_slow_reference(name, each_world):
    options = OPTIONS.get(name, {})
    entry = methods.find(name, options)
    slow = references.REFERENCES[name]
    asked = {k: v for k, v in entry.options.items() if k in inspect.signature(slow).parameters}
    expected = slow(each_world, **asked)
    layer = each_world.layer if entry.at_layer else None
    explainer = Explainer(each_world.model, layer=layer, method=name, options=options)
    found = np.stack([one.map for one in explainer(each_world.images, world.TARGET)])
    size = np.abs(expected).max()
    assert size > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * size)
