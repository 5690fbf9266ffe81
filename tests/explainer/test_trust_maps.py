"""Maps from elsewhere: which pass, which do not, and what is no map."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import seewhy
from nets import tiny
from seewhy import errors
from seewhy.explainer.explainer import Explainer
from seewhy.metrics.controls import control_maps
from seewhy.targets.labels import DATA

PHOTO = str(DATA / "chelsea.png")


@pytest.fixture(scope="module", autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def explainer():
    return Explainer("efficientnet-lite0")


@pytest.fixture(scope="module")
def explanation(explainer):
    return explainer([PHOTO])[0]


def answers(trust):
    return {check.name: check.passed for check in trust.checks}


def figure(trust, name):
    return next(check.figure for check in trust.checks if check.name == name)


@pytest.mark.one_backend
def test_its_own_map_from_elsewhere_passes_at_any_size(explainer, explanation):
    """The grid, the heatmap on the photo, and one of another tool's usual size."""
    maps = [explanation.map, explanation.heatmap, explanation.geometry.to_photo(explanation.map)]
    maps.append(np.repeat(np.repeat(np.maximum(explanation.map, 0), 2, axis=0), 2, axis=1))
    found = explainer.judge(maps, [PHOTO] * 4, claimed=True)
    assert [trust.verdict for trust in found] == ["pass"] * 4
    assert figure(found[0], "is the method's own map") == pytest.approx(1)
    assert figure(found[1], "is the method's own map") > 0.999
    unsaid = seewhy.trust(explanation.heatmap, explainer, PHOTO)
    assert unsaid.verdict == "pass"
    assert answers(unsaid)["is the method's own map"] is None
    own = explanation.trust()
    for name in ("the class is supported", "stable under a flip", "foretells the score"):
        assert figure(unsaid, name) == pytest.approx(figure(own, name), abs=0.02)


@pytest.mark.one_backend
def test_maps_that_know_nothing_do_not_pass(explainer, explanation):
    image = explainer.scorer([PHOTO]).inputs[0]
    maps = [*control_maps(image, (7, 7), seed=0), explanation.map[:, ::-1]]
    maps += [np.roll(explanation.map, 3, axis=axis) for axis in (0, 1)]
    for claimed, verdict in ((False, "doubtful"), (True, "fail")):
        found = explainer.judge(maps, [PHOTO] * len(maps), claimed=claimed)
        assert [trust.verdict for trust in found] == [verdict] * len(maps)
        assert not any(answers(trust)["stable under a flip"] for trust in found)
    assert not any(answers(trust)["is the method's own map"] for trust in found)


@pytest.mark.one_backend
def test_a_map_of_another_method(explainer):
    """Honest maps are judged by their own method, where it is said; Grad-CAM's are not better."""
    other = {"method": "hires-cam", "layer": -4}
    map = explainer.having(**other)([PHOTO])[0].heatmap
    assert seewhy.trust(map, explainer, PHOTO, **other).verdict == "pass"
    mistaken = seewhy.trust(map, explainer, PHOTO, method="grad-cam")
    assert answers(mistaken)["is the method's own map"] is False
    assert mistaken.verdict == "fail"
    fine = explainer.having(method="gradient-input")([PHOTO])[0].map
    unsaid = seewhy.trust(fine, explainer, PHOTO)
    assert answers(unsaid)["stable under a flip"] is False
    assert unsaid.verdict == "doubtful"
    said = seewhy.trust(fine, explainer, PHOTO, method="gradient-input")
    assert figure(said, "stable under a flip") > 0.85
    assert answers(said)["is the method's own map"] is True


def test_a_class_that_is_not_there(explainer):
    map = explainer([PHOTO], "slot")[0].map
    assert answers(seewhy.trust(map, explainer, PHOTO, "slot"))["the class is supported"] is False


def test_the_frame_is_the_whole_photo():
    """A crop sees the middle only; the map lies over all of the photo."""
    photo = np.random.default_rng(0).integers(0, 255, (64, 128, 3), "uint8")
    explainer = Explainer(tiny.plain(), preprocess="unit", fit="crop")
    explanation = explainer([photo], 1)[0]
    assert explanation.heatmap.shape == (64, 128)
    same = explainer.judge([explanation.heatmap], [photo], 1, claimed=True)[0]
    assert figure(same, "is the method's own map") > 0.999
    middle = explanation.heatmap[:, 32:96]
    moved = explainer.judge([middle], [photo], 1, claimed=True)[0]
    assert figure(moved, "is the method's own map") < 0.9


def test_signals_and_questions_that_are_no_class():
    from seewhy import targets

    explainer = Explainer(tiny.plain())
    map = np.random.default_rng(0).random((9, 5))
    trust = explainer.judge([map], tiny.images(1), targets.margin(1, 2))[0]
    asked = answers(trust)
    assert asked["the class is supported"] is None
    assert asked["differs from the least likely class"] is None
    assert asked["foretells the score"] is not None


@pytest.mark.parametrize(
    "map", [np.zeros((4, 4, 3)), np.zeros(5), np.zeros((0, 3)), [["a", "b"]], np.array(None)]
)
def test_what_is_no_map(map):
    with pytest.raises(errors.MapError, match="one value a place"):
        Explainer(tiny.plain()).judge([map], tiny.images(1))


def test_numbers_that_do_not_fit():
    explainer = Explainer(tiny.plain())
    with pytest.raises(errors.OptionError, match="2 maps for 1 images"):
        explainer.judge([np.zeros((4, 4))] * 2, tiny.images(1))
    trust = explainer.judge([np.full((4, 4), np.nan)], tiny.images(1))[0]
    assert trust.verdict == "fail"
    assert [check.name for check in trust.checks] == ["finite"]
    assert explainer.trust([]) == []


def test_a_loaded_explanation_cannot_be_checked_among_others():
    import pickle

    explainer = Explainer(tiny.plain())
    explanation = explainer(tiny.images(1))[0]
    with pytest.raises(errors.OptionError, match="Explain the image again"):
        explainer.trust([explanation, pickle.loads(pickle.dumps(explanation))])


def test_a_model_that_went_on_learning():
    """Its maps are no longer those of the explanation."""
    model = tiny.plain()
    explanation = Explainer(model)(tiny.images(1), 1)[0]
    assert answers(explanation.trust())["is the method's own map"] is True
    generator = np.random.default_rng(1)
    model.set_weights([generator.permuted(w.ravel()).reshape(w.shape) for w in model.get_weights()])
    assert answers(explanation.trust())["is the method's own map"] is False
