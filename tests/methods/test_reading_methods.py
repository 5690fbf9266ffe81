"""One reading of a method, in all the ways people give it, everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import seewhy
from nets import tiny
from seewhy.errors import MethodError, OptionError
from seewhy.explainer.options import ExplainerOptions
from seewhy.methods import registry
from seewhy.methods.reading import names
from seewhy.methods.registry import read_method


def half(activations, *, power: float = 1.0, mode: str = "sum", box=None, sign: bool = True):
    """A user's formula."""
    return activations[..., 0] ** power


SAME = ("rise", {"masks": 300, "seed": 1})


@pytest.mark.framework_free
@pytest.mark.parametrize(
    ("given", "beside"),
    [
        ("rise:masks=300:seed=1", None),
        (" RISE : masks = 300 : seed=1", None),
        (("rise", {"masks": 300, "seed": 1}), None),
        (["Rise", {"masks": "300", "seed": "1"}], {}),
        (("rise:masks=300", {"seed": 1}), None),
        (("rise", ["masks=300"]), ["seed=1"]),
        ("rise:masks=300", {"seed": 1}),
        ("rise", ["masks=300", "seed=1"]),
        ("rise:masks=300", {"masks": 300, "seed": "1"}),
    ],
)
def test_all_ways_to_give_a_method_mean_the_same(given, beside):
    name, options = read_method(given, beside)
    assert (name, options) == SAME
    assert [type(value) for value in options.values()] == [int, int]


@pytest.mark.framework_free
def test_functions_and_methods_are_read_as_names_are():
    text = ["power=2", "mode=max", "box=(1, 2)", "sign=no"]
    values = {"power": 2.0, "mode": "max", "box": (1, 2), "sign": False}
    assert read_method(half, text) == (half, values)
    assert read_method((half, values)) == (half, values)
    entry = registry.Method("half", half, ("activations",), options={"power": 1.0})
    assert read_method((entry, {"power": "3"})) == (entry, {"power": 3.0})


@pytest.mark.framework_free
@pytest.mark.parametrize(
    ("given", "beside", "told"),
    [
        ("rise:masks", None, "NAME=VALUE, as in masks=300; got 'masks'"),
        ("rise:", None, "NAME=VALUE"),
        ("rise:=3", None, "NAME=VALUE"),
        ("rise:steps=3", None, "rise has no option 'steps'. It has masks=2000"),
        ("grad_cam:steps=3", None, "It has no options"),
        (("rise", {"masks": "many"}), None, "'masks' is a whole number; got 'many'"),
        ("rise:masks=2.5", None, "a whole number"),
        ("rise:probability=nan", None, "a number; got 'nan'"),
        ("recipro_cam:gaussian=perhaps", None, "true or false"),
        ("rise:masks=300", {"masks": 200}, "given twice, as 300 and as 200"),
        ("rise:masks=300:masks=200", None, "given twice"),
        (("rise:masks=300", {"masks": 200}), None, "given twice"),
        (("rise", 300), None, "a pair"),
        (("rise", {}, {}), None, "a pair"),
        ("risse:masks=3", None, "Did you mean 'rise'"),
    ],
)
def test_what_cannot_be_read_is_told(given, beside, told):
    with pytest.raises(MethodError) as caught:
        read_method(given, beside)
    assert told in str(caught.value)


@pytest.mark.framework_free
@pytest.mark.parametrize("value", [("rise", 3), ("", {}), (3, {}), ("rise", {}, {}), {"rise": 3}])
def test_what_is_no_method_at_all_is_told_by_the_options(value):
    with pytest.raises(OptionError, match=r"method is a name, .* a pair \(name, options\)"):
        ExplainerOptions(method=value)


def test_what_is_read_in_the_source_is_what_is_registered():
    entries = {entry.name: dict(entry.options) for entry in registry.all_methods()}
    assert names.written_options() == entries
    assert names.method_names() == tuple(entries)


@pytest.mark.framework_free
def test_reading_a_method_imports_no_keras():
    code = "from seewhy.methods.registry import read_method; import sys; "
    code += "read_method('rise:masks=3'); sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ.copy()).returncode == 0


@pytest.fixture(scope="module")
def network():
    return tiny.plain(), tiny.photos(1)[0]


def test_a_method_with_options_is_taken_wherever_a_method_is(network):
    model, photo = network
    settings = {"preprocess": "unit"}
    wanted = seewhy.explain(model, photo, method="rise", options={"masks": 7}, **settings)
    first = seewhy.Explainer(model, **settings)
    for given in ("rise:masks=7", ("rise", {"masks": 7}), registry.get_method("rise:masks=7")):
        told = [
            seewhy.explain(model, photo, method=given, **settings),
            first.having(method=given)([photo])[0],
            next(iter(seewhy.compare(first, photo, methods=[given]))),
            seewhy.debug(model, photo, 1, method=given, trust=False, **settings).predicted,
        ]
        for explanation in told:
            assert explanation.method == "rise"
            assert explanation.options["method"]["masks"] == 7
            np.testing.assert_allclose(explanation.map, wanted.map, rtol=1e-5, atol=1e-6)


def test_one_that_does_not_exist_stops_a_comparison(network):
    model, photo = network
    with pytest.raises(MethodError, match="gradcan"):
        seewhy.compare(model, photo, methods=["grad_cam", "gradcan"], preprocess="unit")


def test_a_method_whose_record_was_changed_is_the_users(network):
    model, photo = network
    louder = replace(registry.get_method("grad_cam"), name="louder")
    explanation = seewhy.explain(model, photo, method=louder, preprocess="unit")
    assert explanation.method == "louder"
