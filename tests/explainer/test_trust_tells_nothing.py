"""Checks that could tell nothing apart are not asked, make no verdict and excuse nothing."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import ops

import seewhy
from nets import tiny
from seewhy import targets
from seewhy.explainer.trust_checks import Evidence, judged
from seewhy.maps.shift_test import ShiftTest, halves
from seewhy.results.trust import PREMISES, SCOPE, Check, Trust

MAP_CHECKS = (
    "stable under a flip",
    "foretells the score",
    "is the method's own map",
    "differs from the least likely class",
)


def trust_of(model, method="grad-cam", target="top", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = seewhy.Explainer(model, method=method, **options)
        return explainer(tiny.images(1), [target])[0].trust()


def answers(trust):
    return {check.name: check.answer for check in trust.checks}


def constant_network(classes=4, bias=(0.0, 5.0, 1.0, 0.5)):
    """Convolutions whose last layer listens to nothing: its bias alone decides."""
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    head = keras.layers.Dense(classes, activation="softmax", kernel_initializer="zeros")
    model = keras.Model(inputs, head(x))
    head.bias.assign(np.array(bias, "float32"))
    return model


def zero(activations):
    """A map of zeros."""
    return 0 * ops.sum(activations, axis=-1)


def against(activations):
    """A map that speaks against the target everywhere, more in some places."""
    return -(ops.sum(activations, axis=-1) ** 2)


def uniform(activations):
    """A map that is the same everywhere."""
    return 1 + 0 * ops.sum(activations, axis=-1)


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (tiny.plain, zero),
        (tiny.plain, against),
        (constant_network, "grad-cam"),
        (constant_network, "hires-cam"),
        (constant_network, "integrated-gradients:steps=4"),
    ],
)
def test_a_map_without_positive_part_fails_and_nothing_speaks_for_it(model, method):
    trust = trust_of(model(), method, 1)
    assert trust.verdict == "fail"
    told = answers(trust)
    assert told["positive evidence"] == "no"
    assert {told[name] for name in MAP_CHECKS} <= {"not asked", "no"}
    assert "excused" not in told.values()


def test_a_map_of_zeros_says_so():
    trust = trust_of(constant_network(), target=1)
    assert "zero everywhere" in trust.why
    assert {answers(trust)[name] for name in MAP_CHECKS} == {"not asked"}


def test_a_map_that_is_the_same_everywhere_makes_no_pass():
    trust = trust_of(tiny.plain(), uniform)
    assert {answers(trust)[name] for name in MAP_CHECKS} == {"not asked"}
    assert trust.verdict == "doubtful"
    assert "No check could be made that tells the map" in trust.why


def test_a_network_that_does_not_look_supports_no_class():
    trust = trust_of(constant_network(), "eigen-cam", 1)
    told = {check.name: check for check in trust.checks}
    assert told["the class is supported"].answer == "not asked"
    assert "whichever half of the photo is seen" in told["the class is supported"].words
    assert told["foretells the score"].answer == "not asked"
    assert "hardly depends" in told["foretells the score"].words
    assert trust.right > 0.9


def test_classes_that_are_all_alike_have_no_least_likely_one():
    trust = trust_of(constant_network(bias=[1.0] * 4), "eigen-cam")
    told = {check.name: check for check in trust.checks}
    assert told["differs from the least likely class"].answer == "not asked"
    assert "equally likely" in told["differs from the least likely class"].words


def saturated():
    """A network of which one class wins whatever is seen, and whose maps are no zeros."""
    model = tiny.plain()
    head = model.layers[-1] if hasattr(model.layers[-1], "bias") else model.layers[-2]
    bias = np.zeros(head.bias.shape, "float32")
    bias[1] = 60
    head.bias.assign(bias)
    return model


def test_a_saturated_score_foretells_nothing_and_excuses_nothing():
    trust = trust_of(saturated(), target=1)
    told = answers(trust)
    assert told["foretells the score"] == "not asked"
    assert told["the class is supported"] == "not asked"
    assert told["stable under a flip"] != "excused"


RNG = np.random.default_rng(0)
HALVES = halves((14, 14), 6)


def evidence(map, flipped=None, **changes):
    made = Evidence(map, "grad_cam", True, map, flipped=map if flipped is None else flipped)
    made.least, made.probability, made.classes = map[::-1], 0.994, 10
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.framework_free
@pytest.mark.parametrize(("of_class", "level"), [(True, 0.994), (True, 1e-3), (False, 20.0)])
def test_scores_that_hardly_differ_are_not_asked(of_class, level):
    scores = (level * (1 + 1e-4 * RNG.standard_normal(12))).astype("float32")
    made = evidence(RNG.random((7, 7)), probability=level if of_class else None)
    made.reasons["the class is supported"] = "no class"
    made.compare_halves(made.map, HALVES, scores, of_class=of_class)
    assert made.shift is None
    check = {check.name: check for check in judged(made).checks}["foretells the score"]
    assert (check.passed, check.answer) == (None, "not asked")


@pytest.mark.framework_free
def test_scores_that_differ_are_asked():
    scores = np.linspace(0.1, 0.9, 12).astype("float32")
    made = evidence(RNG.random((7, 7)))
    made.compare_halves(made.map, HALVES, scores, of_class=True)
    assert made.shift is not None
    assert not made.unmoved


@pytest.mark.framework_free
def test_a_score_that_hardly_depends_on_the_photo_is_no_excuse():
    """A map that is nearly stable is excused by foretelling; not where there was nothing to."""
    map, noise = RNG.random((7, 7)), RNG.random((7, 7))
    near = evidence(map, flipped=map + 0.65 * noise, shift=ShiftTest(0.9, 0.01, 0.1))
    assert answers(judged(near))["stable under a flip"] == "excused"
    near.shift = None
    near.compare_halves(map, HALVES, np.full(12, 0.994, "float32"), of_class=True)
    trust = judged(near)
    assert answers(trust)["stable under a flip"] == "no"
    assert trust.verdict == "doubtful"


@pytest.mark.framework_free
def test_an_excused_check_is_told_as_excused_and_not_as_missed():
    made = evidence(RNG.random((7, 7)), shift=ShiftTest(0.1, 0.6, 0.1))
    trust = judged(made)
    assert trust.verdict == "pass"
    (line,) = [line for line in str(trust).splitlines() if line.startswith("excused")]
    assert "Excused, as the map is stable" in line
    assert "NO" not in str(trust)
    record = next(c for c in trust.as_dict()["checks"] if c["name"] == "foretells the score")
    assert (record["answer"], record["excused"], record["passed"]) == ("excused", True, False)


@pytest.mark.framework_free
@pytest.mark.parametrize(
    ("passed", "grave", "verdict", "answer"),
    [
        (True, False, "pass", "yes"),
        (False, False, "doubtful", "doubtful"),
        (False, True, "fail", "no"),
    ],
)
def test_the_words_are_about_the_model_and_not_about_its_reason(passed, grave, verdict, answer):
    trust = Trust((Check("stable under a flip", passed, 0.5, "Words.", grave=grave),))
    assert (trust.verdict, trust.answer) == (verdict, answer)
    first, *_, last = str(trust).splitlines()
    assert first == f"faithful to the model: {answer}"
    assert last == SCOPE
    assert "says nothing of whether the model's reason is good" in SCOPE
    record = trust.as_dict()
    assert (record["verdict"], record["faithful_to_the_model"]) == (verdict, answer)
    assert record["scope"] == SCOPE


@pytest.mark.framework_free
def test_premises_alone_make_no_pass():
    trust = Trust(tuple(Check(name, True, 1.0, "Words.") for name in PREMISES))
    assert trust.verdict == "doubtful"


def test_a_sum_of_classes_can_be_judged_too():
    trust = trust_of(constant_network(), "eigen-cam", targets.margin(1, 2))
    assert answers(trust)["foretells the score"] == "not asked"


@pytest.mark.one_backend
def test_page_and_picture_show_the_answers_in_their_colours():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = seewhy.debug(tiny.plain(), tiny.photos(1)[0], 1, preprocess="unit")
    checks = (
        Check("stable under a flip", True, 0.95, "It is stable."),
        Check("foretells the score", False, 0.6, "It does not. Excused.", excused=True),
    )
    import dataclasses

    page = dataclasses.replace(found, trust=Trust(checks)).html()
    assert "Is the map faithful to the model?" in page
    assert SCOPE.replace("'", "&#39;") in page
    row = next(line for line in page.splitlines() if "<tr" in line and "Excused" in line)
    assert "excused" in row
    assert "#c0392b" not in row
    assert "trusted" not in page


@pytest.mark.parametrize("value", [0, 120, 255])
def test_a_photo_of_one_colour_makes_no_pass(value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = seewhy.Explainer(tiny.plain(), preprocess="unit")
        trust = explainer(np.full((32, 32, 3), value, "uint8"))[0].trust()
    told = answers(trust)
    assert told["stable under a flip"] == "not asked"
    assert told["foretells the score"] == "not asked"
    assert trust.verdict != "pass"


def test_a_symmetrical_photo_is_no_proof_of_stability():
    photo = tiny.photos(1)[0][:32, :32]
    photo = np.concatenate([photo[:, :16], photo[:, :16][:, ::-1]], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = seewhy.Explainer(tiny.plain(), preprocess="unit")
        symmetrical, other = (explainer(each)[0].trust() for each in (photo, photo[:, ::-1] // 2))
        whole = explainer(tiny.photos(1)[0][:32, :32])[0].trust()
    assert answers(symmetrical)["stable under a flip"] == "not asked"
    assert answers(other)["stable under a flip"] == "not asked"
    assert answers(whole)["stable under a flip"] != "not asked"


def test_an_empty_map_of_the_least_likely_class_is_not_compared():
    own = np.random.default_rng(0).random((4, 4))
    empty = Evidence(own, "grad_cam", True, own, flipped=own, least=-own - 1, probability=0.9)
    empty.reasons["foretells the score"] = "not asked"
    assert answers(judged(empty))["differs from the least likely class"] == "not asked"
