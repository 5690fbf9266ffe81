"""Whether a map is faithful to the model: the checks, and what they say of known cases."""

from __future__ import annotations

import json
import pickle
import sys
import warnings

import numpy as np
import pytest
from keras import ops
from PIL import Image

from nets import tiny
from seewhy import errors
from seewhy.cli import app
from seewhy.explainer.explainer import Explainer
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


def quietly(work):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()


def figures(trust):
    return {check.name: check.figure for check in trust.checks}


CHECKS = (
    "positive evidence",
    "the class is supported",
    "stable under a flip",
    "foretells the score",
    "is the method's own map",
    "differs from the least likely class",
)


def test_grad_cam_of_a_clear_photo_passes(trusted):
    assert trusted.verdict == "pass"
    assert tuple(check.name for check in trusted.checks) == CHECKS
    assert all(check.passed for check in trusted.checks)
    found = figures(trusted)
    assert found["the class is supported"] == pytest.approx(0.79, abs=0.01)
    assert found["stable under a flip"] > 0.9
    assert found["foretells the score"] < 0.1
    assert found["is the method's own map"] > 0.9999
    assert found["differs from the least likely class"] < 0.3
    assert str(trusted).startswith("faithful to the model: yes\nyes ")
    assert trusted.why == "All 6 checks that could be made pass."


def test_guided_backprop_fails(explainer):
    trust = explained(explainer.having(method="guided-backprop")).trust()
    assert trust.verdict == "fail"
    assert figures(trust)["differs from the least likely class"] > 0.9
    assert "NO" in str(trust)
    assert "least likely class" in trust.why


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
    assert "probability of" in slot.why


@pytest.fixture
def passes(monkeypatch):
    """How many images each call of the runner ran, whatever it ran them for."""
    images = []
    for name in ("outcomes", "scores"):
        kept = getattr(Runner, name)

        def counted(self, *given, kept=kept, name=name):
            batch = given[2] if name == "outcomes" else given[1]
            images.append(len(batch[0]))
            return kept(self, *given)

        monkeypatch.setattr(Runner, name, counted)
    return images


def test_at_most_forty_passes(passes):
    explanation = quietly(lambda: Explainer(tiny.plain())(tiny.images(1))[0])
    passes.clear()
    explanation.trust()
    assert sum(passes) == 39


def test_many_share_their_batches(passes):
    explainer = Explainer(tiny.plain(), batch_size=4)
    explanations = quietly(lambda: explainer(tiny.images(6), ["top", 0, 1, 2, 3, 4]))
    alone = [explanation.trust() for explanation in explanations]
    passes.clear()
    together = explainer.trust(explanations)
    least = sum(figures(trust)["differs from the least likely class"] == 1 for trust in together)
    assert sum(passes) == 6 * 39 - least
    # the maps of images and of mirror images in batches of 4 and 2, and the halves in full ones
    assert passes[:4] == [4, 2, 4, 2]
    assert len(passes) == 6 + -(-6 * 36 // max(passes))
    for one, other in zip(together, alone, strict=True):
        assert one.verdict == other.verdict
        for check, same in zip(one.checks, other.checks, strict=True):
            assert (check.name, check.passed) == (same.name, same.passed)
            assert check.figure == pytest.approx(same.figure, abs=1e-4, nan_ok=True)


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
    assert "faithful to the model: yes" in told
    assert "says nothing of whether the model's reason is good" in told
    assert told.count("yes ") == 6


def test_what_stands_beside_the_verdict(trusted, explainer):
    """How probable the answer is, and that the heat is on the thing: they change no verdict."""
    assert trusted.right == pytest.approx(0.79, abs=0.01)
    assert trusted.on_object == 0.88
    assert [line[:6] for line in str(trusted).splitlines()[-3:-1]] == ["beside"] * 2
    record = json.loads(json.dumps(trusted.as_dict()))
    assert record["on_object"] == 0.88
    slot = explained(explainer, "slot").trust()
    assert slot.right < 0.01
    assert slot.on_object == 0.49
    foreign = explainer.judge([np.eye(7)], [PHOTO])[0]
    assert foreign.on_object is None
    assert foreign.right == pytest.approx(trusted.right, abs=1e-4)
    from seewhy import targets

    margin = quietly(lambda: explainer([PHOTO], targets.margin(281, 282))[0].trust())
    assert (margin.right, margin.on_object, margin.beside) == (None, None, ())


@pytest.mark.one_backend
def test_several_photos_on_the_command_line(monkeypatch, capsys, tmp_path):
    """Each has its own checks, also behind one that cannot be read."""
    other = tmp_path / "mirrored.png"
    Image.open(PHOTO).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(other)
    photos = [PHOTO, str(tmp_path / "missing.png"), str(other)]
    arguments = ["seewhy", "explain", *photos, "--output", str(tmp_path), "--trust", "--json"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--target", "top", "--target", "slot"])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    assert stopped.value.code == 1
    records = json.loads(capsys.readouterr().out)
    assert [record["photo"] for record in records] == [PHOTO] * 2 + photos[1:2] + [photos[2]] * 2
    assert [record.get("trust", {}).get("verdict") for record in records] == [
        "pass",
        "doubtful",
        None,
        "pass",
        "doubtful",
    ]
