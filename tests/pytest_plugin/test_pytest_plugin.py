"""The pytest plugin, in a project of its own."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.one_backend

pytest_plugins = ["pytester"]

MODEL = """
import keras
import numpy as np
import pytest
from keras import layers

SETTINGS = {"labels": ["left", "right", "dark"], "preprocess": "unit", "layer": "light",
            "method": "hires-cam"}


@pytest.fixture(scope="session")
def model():
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(1, 1, activation="relu", use_bias=False, name="light")(image)
    made = keras.Model(image, layers.Dense(3, name="halves")(layers.Flatten()(x)))
    made.get_layer("light").set_weights([np.full((1, 1, 3, 1), 1 / 3, "float32")])
    weights = np.zeros((16, 16, 3), "float32")
    weights[:, :8, 0] = weights[:, 8:, 1] = 1
    weights[..., 2] = -1
    made.get_layer("halves").set_weights([weights.reshape(-1, 3), np.zeros(3, "float32")])
    return made


@pytest.fixture
def left():
    mask = np.zeros((48, 48), bool)
    mask[:, :24] = True
    return mask
"""

TESTS = """
import numpy as np
import pytest
from conftest import SETTINGS
from seewhy import errors


def test_looks_left(evidence, model, left):
    seen = evidence(model, "spots.png", target="left", **SETTINGS)
    assert seen.inside(left) > 0.9
    assert seen.inside("mask.png") > 0.9
    assert seen.inside([(0, 0, 24, 48)]) == pytest.approx(seen.inside(left))
    assert seen.inside((0, 0, 24, 48)) > 0.9
    assert seen.points_at(left, tolerance=0)
    assert not seen.points_at(~left, tolerance=5)
    assert seen.iou([(6, 12, 18, 24)]) > 0.5
    assert seen.explanation.target.name == "left"


def test_looks_right(evidence, model, left):
    assert evidence(model, "spots.png", target="right", **SETTINGS).inside(left) > 0.6


def test_what_is_wrong(evidence, model, left):
    with pytest.raises(errors.MapError, match="nothing speaks for 'dark' in 'spots.png'"):
        evidence(model, "spots.png", target="dark", **SETTINGS)
    seen = evidence(model, "spots.png", **SETTINGS)
    for mask, told in (
        (left & ~left, "the mask is empty"),
        (left[1:], r"size \\(48, 48\\); got \\(47, 48\\)"),
        (left.astype("float32"), "a mask is bool"),
        ("nowhere.png", "there is no mask"),
        ([(5, 5, 2, 2)], "from left to right"),
    ):
        with pytest.raises(errors.SeewhyError, match=told):
            seen.inside(mask)


def test_explainers_are_shared(evidence, model, _seewhy_explainers):
    before = len(_seewhy_explainers._known)
    evidence(model, "spots.png", **SETTINGS)
    evidence(model, "spots.png", "right", **SETTINGS)
    assert len(_seewhy_explainers._known) == max(1, before)
    evidence(model, "spots.png", **{**SETTINGS, "method": "grad-cam"})
    assert len(_seewhy_explainers._known) == max(1, before) + 1
"""


@pytest.fixture
def project(pytester):
    pytester.makeconftest(MODEL)
    pytester.makepyfile(test_model=TESTS)
    pixels = np.zeros((48, 48, 3), "uint8")
    pixels[12:24, 6:18] = 255
    pixels[27:39, 30:42] = 150
    Image.fromarray(pixels).save(pytester.path / "spots.png")
    mask = np.zeros((48, 48), "uint8")
    mask[:, :24] = 255
    Image.fromarray(mask).save(pytester.path / "mask.png")
    return pytester


def test_a_project_of_its_own(project):
    result = project.runpytest_subprocess(
        "-p", "no:cacheprovider", "--basetemp=kept", "--junitxml=junit.xml", "-q"
    )
    result.assert_outcomes(passed=3, failed=1)
    told = result.stdout.str()
    # the share, what was asked, what was predicted, how, and where the picture is
    found = re.search(
        r"assert 0\.0\d\d \(of the evidence for 'right' in spots\.png, predicted: left \d+%; "
        r"hires_cam at light; overlay: (\S+\.png)\) > 0\.6",
        told,
    )
    assert found, told
    picture = np.asarray(Image.open(found.group(1)))
    assert picture.shape == (48, 48, 3)
    # the mask's outline, and the hot spot on the right
    assert (picture[:, 23] == 255).all()
    assert picture[33, 36, 0] > picture[33, 36, 2]
    assert "seewhy_overlay" in (project.path / "junit.xml").read_text()
    # of tests that pass nothing is left
    assert len(list((project.path / "kept").rglob("*.png"))) == 1


def test_overlays_of_all_tests_can_be_kept(project):
    result = project.runpytest_subprocess("--seewhy-overlays=all", "-q", "-k", "looks_left")
    result.assert_outcomes(passed=1, deselected=3)
    files = list((project.path / "all").rglob("*.png"))
    assert [file.name for file in files] == ["seewhy-1-spots_left.png"]
    assert "looks_left" in files[0].parent.name


def test_the_plugin_costs_nothing_until_it_is_used(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert "seewhy_pytest" in sys.modules
            assert not {"seewhy", "keras", "numpy", "matplotlib"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)
