"""Every method against its slow reference, on four cuts of small nets."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import references
import world
from seewhy import Explainer, methods

# Options under which the slow references are quick enough.
OPTIONS = {"integrated_gradients": {"steps": 5, "baseline": 0.25}}


@pytest.fixture(scope="module", params=world.worlds().items(), ids=lambda pair: pair[0])
def each_world(request):
    return request.param[1]


def test_every_method_has_a_reference():
    assert {entry.name for entry in methods.known()} == set(references.REFERENCES)


@pytest.mark.parametrize("name", references.REFERENCES)
def test_equal_to_the_slow_reference(name, each_world):
    options = OPTIONS.get(name, {})
    entry = methods.find(name, options)
    slow = references.REFERENCES[name]
    asked = {k: v for k, v in entry.options.items() if k in inspect.signature(slow).parameters}
    expected = slow(each_world, **asked)
    layer = each_world.layer if entry.at_layer else None
    explainer = Explainer(each_world.model, layer=layer, method=name, options=options)
    found = [one.map for one in explainer(each_world.images, world.TARGET)]
    size = np.abs(expected).max()
    assert size > 0
    np.testing.assert_allclose(np.stack(found), expected, rtol=0, atol=1e-4 * size)
