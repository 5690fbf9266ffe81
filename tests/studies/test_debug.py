"""One prediction beside the true class: `seewhy.debug` and the command."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import seewhy
from helpers.browser import assert_readable, needs_chromium, opened
from seewhy import errors
from seewhy.cli import app
from seewhy.studies.debug_report import VERDICTS

pytestmark = pytest.mark.one_backend

NAMES = ["left", "right", "nothing"]


@pytest.fixture(scope="module")
def model():
    """Class 0 sees how bright the left half is, class 1 the right half, class 2 nothing."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(1, 1, activation="relu", use_bias=False, name="light")(image)
    made = keras.Model(image, layers.Dense(3, name="halves")(layers.Flatten()(x)))
    made.get_layer("light").set_weights([np.full((1, 1, 3, 1), 1 / 3, "float32")])
    weights = np.zeros((16, 16, 3), "float32")
    weights[:, :8, 0] = 1
    weights[:, 8:, 1] = 1
    made.get_layer("halves").set_weights([weights.reshape(256, 3), np.zeros(3, "float32")])
    return made


@pytest.fixture(scope="module")
def photo():
    """A large spot on the left, a weaker one on the right."""
    pixels = np.zeros((64, 64, 3), "uint8")
    pixels[16:32, 8:24] = 255
    pixels[40:56, 40:56] = 120
    return pixels


@pytest.fixture(scope="module")
def found(model, photo):
    return seewhy.debug(
        model, photo, "right", labels=NAMES, preprocess="unit", layer="light", method="hires-cam"
    )


def test_predicted_beside_true(found):
    assert found.predicted.target.name == "left"
    assert found.true.target.name == "right"
    assert not found.right
    assert found.rank == 2
    assert [one.name for one in found.confusions] == NAMES
    assert found.difference.score == pytest.approx(found.predicted.score - found.true.score)
    # what speaks for the left is on the left, and the other way round
    assert found.predicted.heatmap[24, 16] == 1
    assert found.true.heatmap[48, 48] == 1
    assert found.difference.map[6, 4] > 0 > found.difference.map[12, 12]


def test_the_region_turns_the_decision(found, model, photo):
    region = found.region
    assert region.before == pytest.approx(found.difference.score, rel=1e-4)
    assert region.after <= 0
    assert region.mask.shape == (64, 64)
    assert region.share == pytest.approx(region.mask.mean(), abs=0.02)
    spot = np.zeros((64, 64), bool)
    spot[12:36, 4:28] = True
    assert (region.mask & ~spot).sum() <= 0.1 * region.mask.sum()  # it lies on the spot
    # taken away by hand, the decision turns, and does not where a part of it stays
    model_input = photo.astype("float32") / 255

    def lead(pixels):
        small = pixels.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3))[None]
        logits = np.asarray(keras.ops.convert_to_numpy(model(small)))[0]
        return logits[0] - logits[1]

    assert lead(model_input) > 0
    assert lead(np.where(region.mask[..., None], model_input.mean(), model_input)) < 0
    half = region.mask & (np.arange(64)[:, None] < 24)
    assert lead(np.where(half[..., None], model_input.mean(), model_input)) > 0


def test_a_right_prediction_is_compared_with_the_runner_up(model, photo):
    options = {"labels": NAMES, "preprocess": "unit", "layer": "light"}
    found = seewhy.debug(model, photo, 0, **options)
    assert found.right
    assert found.rank == 1
    assert found.true.target.name == "right"
    assert "The prediction is right: left" in found.summary[0]
    assert "runner-up" in found.summary[0]


def test_where_nothing_turns_the_decision(found):
    told = replace(found, region=None).summary
    assert any("No region" in line for line in told)
    assert replace(found, region=None).picture().tobytes() != found.picture().tobytes()


def test_picture_page_and_json(found, tmp_path):
    picture = found.picture()
    assert picture.mode == "RGB"
    assert picture.width > 3 * 64
    # below the maps the checks are written, in their colours
    plain = replace(found, trust=None).picture()
    assert plain.size != picture.size
    assert _colours(picture) - _colours(plain) >= {VERDICTS[found.trust.verdict]}
    page = found.save(tmp_path / "out.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert re.findall(r"(?:src|href)='(?!data:)", page) == []  # all of it is in the page
    assert "Predicted: left. True: right" in page
    for check in found.trust.checks:
        assert check.words in unescape(page)
    assert f">{found.trust.verdict}</b>" in page
    assert [name for name in NAMES if f"<td>{name}</td>" in page] == NAMES
    record = json.loads(found.save(tmp_path / "out.json").read_text())
    assert record["region"]["share"] == pytest.approx(found.region.share)
    assert record["predicted"]["target"]["name"] == "left"
    assert record["trust"] == json.loads(json.dumps(found.trust.as_dict()))
    assert Image.open(found.save(tmp_path / "out.png")).size == picture.size


def _colours(picture):
    return {
        f"#{r:02x}{g:02x}{b:02x}" for _, (r, g, b) in picture.getcolors(picture.size[0] ** 2 * 9)
    }


def test_the_checks_are_those_of_the_predicted_class(found, model, photo):
    own = found.predicted.trust()
    assert found.trust.as_dict() == own.as_dict()
    bare = seewhy.debug(
        model, photo, "right", trust=False, labels=NAMES, preprocess="unit", layer="light"
    )
    assert bare.trust is None
    assert bare.as_dict()["trust"] is None
    assert "trusted" not in bare.html()


class Tags(HTMLParser):
    """Names of all tags, and of the attributes of all."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}


def test_names_are_escaped(found):
    hostile = "<script>alert(1)</script>\" onerror='x'"
    file = "<img src=x onerror=alert(2)>'\".png"  # without a slash, behind which a name begins
    photo = replace(found.predicted.photo, name=f"folder/{file}")
    classes = tuple(replace(one, name=hostile) for one in found.confusions)
    label = replace(found.predicted.target, name=hostile)
    predicted = replace(found.predicted, photo=photo, target=label, warnings=(hostile,))
    page = replace(found, predicted=predicted, confusions=classes).html()
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") >= 2 + len(classes)
    # title, heading, and the photo with its alternative text
    assert page.count("&lt;img src=x onerror=alert(2)&gt;") == 4
    plain = Tags(found.html())
    assert Tags(page).tags == plain.tags
    assert Tags(page).attributes == plain.attributes


def test_what_is_no_class(model, photo):
    options = {"labels": NAMES, "preprocess": "unit", "layer": "light"}
    with pytest.raises(errors.TargetError, match="up"):
        seewhy.debug(model, photo, "up", **options)
    with pytest.raises(errors.TargetError, match="one class"):
        seewhy.debug("efficientnet-lite0", photo, "dog")


def test_the_command(monkeypatch, capsys, tmp_path):
    from seewhy.targets.labels import DATA

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["seewhy", "debug", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        return stopped.value.code, capsys.readouterr()

    code, told = run(DATA / "chelsea.png", "--true", "tabby", "--output", tmp_path, "--json")
    assert not code
    record = json.loads(told.out)
    assert record["true"]["target"]["name"] == "tabby"
    assert [(tmp_path / f"chelsea_debug{s}").exists() for s in (".jpg", ".html")] == [True, True]
    code, told = run(tmp_path / "missing.png", "--true", "tabby")
    assert "missing.png" in str(code)
    code, told = run(DATA / "chelsea.png", "--true", "no such class")
    assert "no such class" in str(code)


@needs_chromium
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_readable(found, tmp_path, width):
    path = found.save(tmp_path / "page.html")
    with opened(path, width=width) as (view, told):
        assert_readable(view, told)
        sides = view.evaluate("[...document.querySelectorAll('figure img')].map(i => i.width)")
        assert len(sides) == 5
