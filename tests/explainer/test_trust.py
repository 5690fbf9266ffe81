"""Whether an explanation can be trusted: the checks, and what they say of known cases."""

from __future__ import annotations

import json
import pickle
import sys
import warnings

import numpy as np
import pytest
from keras import ops

from nets import tiny
from seewhy import errors
from seewhy.cli import app
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.trust import _excused
from seewhy.results.trust import Check, Trust
from seewhy.run.runner import Runner
from seewhy.targets.labels import DATA

PHOTO = str(DATA / "chelsea.png")


@pytest.fixture(scope="module")
def explainer():
    return Explainer("efficientnet-lite0")


@pytest.fixture(scope="module")
def trusted(explainer):
    return explainer([PHOTO])[0].trust()


def explained(explainer, target="top"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return explainer([PHOTO], [target])[0]


def figures(trust):
    return {check.name: check.figure for check in trust.checks}


def test_grad_cam_of_a_clear_photo_passes(trusted):
    assert trusted.verdict == "pass"
    assert len(trusted.checks) == 6
    assert all(check.passed for check in trusted.checks)
    found = figures(trusted)
    assert found["stable under a flip"] > 0.9
    assert found["differs from the least likely class"] < 0.3
    assert found["depends on the classifier"] < 0.7
    assert found["the hottest fifth is enough"] > 0.1
    assert str(trusted).startswith("trust: pass\nyes ")
    assert trusted.why == "All 6 checks that could be made pass."


def test_guided_backprop_fails(explainer):
    trust = explained(explainer.having(method="guided-backprop")).trust()
    assert trust.verdict == "fail"
    found = figures(trust)
    assert found["depends on the classifier"] > 0.9
    assert found["differs from the least likely class"] > 0.9
    assert "NO" in str(trust)
    assert "random classifiers" in trust.why


def test_maps_that_know_no_class_fail():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explanation = Explainer(tiny.plain(), method="eigen-cam")(tiny.images(1))[0]
    trust = explanation.trust()
    assert trust.verdict == "fail"
    assert figures(trust)["differs from the least likely class"] == pytest.approx(1)


def test_a_class_that_is_not_there_does_not_pass(explainer):
    slot = explained(explainer, "slot").trust()
    assert slot.verdict == "doubtful"
    assert "of the evidence" in slot.why


def test_at_most_twenty_passes(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explanation = Explainer(tiny.plain())(tiny.images(1))[0]
    images = []
    for name in ("outcomes", "scores"):
        kept = getattr(Runner, name)

        def counted(self, *given, kept=kept, name=name):
            batch = given[2] if name == "outcomes" else given[1]
            images.append(len(batch[0]))
            return kept(self, *given)

        monkeypatch.setattr(Runner, name, counted)
    explanation.trust()
    assert 10 < sum(images) <= 20


def test_the_model_is_not_changed():
    model = tiny.plain()
    before = [np.array(one) for one in model.get_weights()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Explainer(model)(tiny.images(1))[0].trust()
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def squared(activations):
    """A map that speaks against the target everywhere."""
    return -(ops.sum(activations, axis=-1) ** 2)


def test_no_evidence_fails():
    model = tiny.plain()
    explainer = Explainer(model, method=squared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trust = explainer(tiny.images(1), 1)[0].trust()
    assert trust.verdict == "fail"
    assert "0% of the evidence" in trust.why


def test_what_cannot_be_asked_says_so():
    from seewhy import targets

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trust = Explainer(tiny.plain())(tiny.images(1), targets.margin(1, 2))[0].trust()
    names = {check.name: check for check in trust.checks}
    assert names["differs from the least likely class"].passed is None
    assert "no single class" in names["differs from the least likely class"].words


def test_a_loaded_explanation_cannot_be_checked():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explanation = Explainer(tiny.plain())(tiny.images(1))[0]
    loaded = pickle.loads(pickle.dumps(explanation))
    with pytest.raises(errors.OptionError, match="Explain the image again"):
        loaded.trust()


def test_in_words_and_as_json(trusted):
    record = json.loads(json.dumps(trusted.as_dict()))
    assert record["verdict"] == "pass"
    assert [check["name"] for check in record["checks"]] == list(figures(trusted))


@pytest.mark.one_backend
def test_on_the_command_line(monkeypatch, capsys, tmp_path):
    arguments = ["seewhy", "explain", PHOTO, "--output", str(tmp_path), "--trust"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as stopped:
        app.main()
    assert not stopped.value.code
    told = capsys.readouterr().out
    assert "trust: pass" in told
    assert told.count("yes ") == 6


def test_one_of_the_two_checks_that_hide_is_enough():
    def told(needed, enough):
        checks = [_excused(check("needed", needed), check("enough", enough))]
        return Trust(tuple(checks[0]))

    def check(name, passed):
        return Check(name, passed, 0.0, f"{name} {passed}.")

    assert told(True, True).verdict == "pass"
    redundant = told(False, True)
    assert redundant.verdict == "pass"
    assert redundant.why.startswith("1 of 2 checks pass. needed False. It does not count")
    assert told(True, False).verdict == "pass"
    neither = told(False, False)
    assert neither.verdict == "doubtful"
    assert neither.why == "needed False. enough False."
    assert [one["excused"] for one in redundant.as_dict()["checks"]] == [True, False]
