"""Every kind of model against gradients of a split that is written by hand for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from helpers import margins, oracle
from nets import (
    zoo,
    zoo_graph,
    zoo_heads,
    zoo_layers,
    zoo_several,
    zoo_shapes,
    zoo_subclassed,
    zoo_tokens,
)
from nets.zoo import Cut, Kind
from seewhy.errors import LayerError
from seewhy.explainer.explainer import Explainer
from seewhy.models import model_files

THEMES = zoo_graph, zoo_several, zoo_shapes, zoo_heads, zoo_subclassed, zoo_tokens, zoo_layers
KINDS = [kind for theme in THEMES for kind in theme.ROWS]
METHODS = ("grad-cam", "hires-cam")


@dataclass(frozen=True)
class Case:
    """A row at work."""

    kind: Kind
    cut: Cut
    inputs: Any
    options: dict[str, Any]

    @property
    def user(self):
        """The Keras model that is explained."""
        return self.cut.user or self.cut.model

    @cached_property
    def tensors(self):
        return keras.tree.map_structure(ops.convert_to_tensor, self.inputs)

    @cached_property
    def compiled(self):
        """What the model itself gives, of tensors."""
        return oracle.compiled(lambda x: zoo.called(self.user, x))

    @cached_property
    def by_hand(self):
        """The activations, the hand-written outputs without closing activation, the scores, and
        the gradients of those at the activations."""
        return oracle.split(self.cut.head, self.cut.tail, self.cut.score)(self.tensors)

    @cached_property
    def explained(self):
        """By method the explanations, and in `before` how the model was in front of them."""
        before = state(self)
        before = state(self)  # the first call of all may set attributes
        found = {
            method: Explainer(self.cut.model, method=method, **self.options)(
                self.inputs, self.target
            )
            for method in METHODS
        }
        return before, found

    @property
    def target(self):
        if not callable(self.kind.target):
            return self.kind.target
        from seewhy import targets

        return self.kind.target(targets)


def kinds():
    """All, of which two in three are for TensorFlow, and for the others in `make test-all`."""
    elsewhere = pytest.mark.slow_elsewhere
    return [
        pytest.param(kind, marks=[elsewhere] if k % 3 else [], id=kind.name)
        for k, kind in enumerate(KINDS)
    ]


@pytest.fixture(scope="module", params=kinds())
def case(request):
    kind = request.param
    if keras.backend.backend() in kind.not_on:
        pytest.skip(kind.not_on[keras.backend.backend()])
    keras.utils.set_random_seed(0)
    with model_files.constant_weights():  # every row draws its own
        cut = kind.build()
    options = {"layer": cut.layer} if cut.layer is not None else {}
    yield Case(kind, cut, kind.inputs(), kind.options | options)
    keras.backend.clear_session()


def test_the_table_is_large_and_its_names_differ():
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 45


@pytest.mark.slow
def test_the_inputs_are_far_from_ties(case):
    if isinstance(case.cut.model, keras.Model):
        inputs = list(case.inputs) if isinstance(case.inputs, tuple) else case.inputs
        margins.assert_no_ties(case.cut.model, inputs)


def test_the_split_by_hand_is_the_model(case):
    _, outputs, *_ = case.by_hand
    both = case.cut.close(outputs), case.compiled(case.tensors)
    ours, theirs = map(keras.tree.flatten, both)
    for mine, other in zip(ours, theirs, strict=True):
        mine, other = oracle.array(mine), oracle.array(other)
        assert mine.shape == other.shape
        assert np.ptp(other) > 0
        scale = case.kind.tolerance * np.abs(other).max()
        np.testing.assert_allclose(mine, other, rtol=0, atol=scale)


def test_the_maps_are_those_of_independent_gradients(case):
    activations, _, *measured = case.by_hand
    activations, scores, gradients = [oracle.array(one) for one in (activations, *measured)]
    assert scores.shape == (len(activations),)
    arranged = [case.kind.arrange(array) for array in (activations, gradients)]
    for method, (expected, size) in oracle.maps(*arranged).items():
        explained = case.explained[1][method]
        assert len(explained) == len(expected)
        for explanation, map, score in zip(explained, expected, scores, strict=True):
            assert explanation.map.dtype == np.float32
            assert explanation.map.shape == map.shape
            assert np.abs(map).max() > 0
            atol = case.kind.tolerance * size
            np.testing.assert_allclose(
                explanation.map, map, rtol=0, atol=atol, err_msg=f"{method} of {explanation.layer}"
            )
            tolerance = case.kind.tolerance * max(1, np.abs(scores).max())
            assert explanation.score == pytest.approx(score, rel=0, abs=tolerance)


def parts(model):
    """The model, and all layers and operations in it."""
    seen, waiting = {}, [model]
    while waiting:
        part = waiting.pop()
        if id(part) not in seen:
            seen[id(part)] = part
            waiting += [*(getattr(part, "_operations", None) or [])]
            waiting += [*(getattr(part, "_layers", None) or [])]
    return list(seen.values())


def state(case):
    """All that a user could notice of a model, without saving it."""
    model = case.user
    steps = parts(model)
    outputs = keras.tree.flatten(case.compiled(case.tensors))
    described = type(model).get_config is not keras.Model.get_config
    return {
        "config": model.get_config() if described and model.inputs else None,
        "weights": [ops.convert_to_numpy(v) for v in model.weights],
        "outputs": [oracle.array(output) for output in outputs],
        "trainable": [(v.path, v.trainable) for v in model.weights]
        + [(step.name, getattr(step, "trainable", None)) for step in steps],
        "requires_grad": [getattr(v.value, "requires_grad", None) for v in model.weights],
        "grads": [getattr(v.value, "grad", None) for v in model.weights],
        "nodes": [(s.name, len(s._inbound_nodes), len(s._outbound_nodes)) for s in steps],
        "activations": [getattr(step, "activation", None) for step in steps],
        "attributes": [sorted(step.__dict__) for step in steps],
        "built": [getattr(step, "built", None) for step in steps],
    }


def test_the_model_is_unchanged(case):
    before, _ = case.explained
    if case.cut.user is None:
        wrong = case.options | {"layer": "no such layer"}
        with pytest.raises(LayerError, match=r"no such layer.*[Nn]earest"):
            Explainer(case.user, **wrong)(case.inputs, case.target)
    after = state(case)
    for key in before:
        np.testing.assert_equal(after[key], before[key], err_msg=key)
