"""What the page answers, without a page: explanations, classes at a spot, files, commands."""

from __future__ import annotations

import base64
import json
import shlex
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import run_command
from nets import tiny
from seewhy.app.answers import KEPT_FILES, Answers, place_on
from seewhy.app.app_options import AppOptions
from seewhy.app.asked import Asked, Choices, command_line
from seewhy.app.explaining import KEPT_EXPLANATIONS, Explaining, Latest
from seewhy.app.offered_models import flags_of, offered_models, settings_of
from seewhy.app.words import about_html, facts_html, trust_html
from seewhy.errors import MethodError, OptionError, SeewhyError

pytestmark = pytest.mark.one_backend
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model file, names of its classes, and photos."""
    folder = tmp_path_factory.mktemp("app")
    model = tiny.plain()
    model.save(folder / "net.keras")
    names = [HOSTILE, "dog", "cat", "dog", *[f"thing {k}" for k in range(model.output.shape[-1])]]
    (folder / "names.json").write_text(json.dumps(names[: model.output.shape[-1]]))
    random = np.random.default_rng(0)
    for name in ("a.png", "odd ' name$(x).png"):
        pixels = random.integers(0, 256, (60, 90, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def explaining(folder):
    settings = {"labels": str(folder / "names.json"), "preprocess": "unit"}
    return Explaining(offered_models([str(folder / "net.keras")]), settings)


@pytest.fixture
def answers(explaining, tmp_path):
    return Answers(explaining, tmp_path)


CHOICES = [
    (Choices("net.keras"), Asked()),
    (Choices("net.keras", scores="probabilities"), Asked(2)),
    (Choices("net.keras", method="hires_cam"), Asked(1, 2)),
    (Choices("net.keras", method="rise", options=(("masks", 60), ("seed", 3))), Asked()),
    (Choices("net.keras", method="layer_cam"), Asked(None, 0)),
]


@pytest.mark.parametrize(("choices", "asked"), CHOICES, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("photo", ["a.png", "odd ' name$(x).png"])
def test_the_command_makes_the_same(answers, folder, choices, asked, photo, monkeypatch, capsys):
    shown = answers.explained(str(folder / photo), choices, asked, "cividis")
    monkeypatch.chdir(folder)
    words = shlex.split(shown.command)
    assert words[:2] == ["seewhy", "explain"]
    status, out, _ = run_command(monkeypatch, capsys, *words[1:], "--json", "--output", "out")
    assert status == 0
    (again,) = json.loads(out)
    made = answers.explaining.explanation(str(folder / photo), choices, asked)
    found = again["record"]["map"]
    values = zlib.decompress(base64.b64decode(found["data"]))
    map = np.frombuffer(values, "<f4").reshape(found["shape"])
    assert np.abs(map - made.map).max() <= 1e-5 * np.ptp(made.map)
    assert again["record"]["question"]["words"] == made.record.question.words


@pytest.mark.parametrize(("choices", "asked"), CHOICES[:3], ids=lambda each: type(each).__name__)
def test_files_hold_what_is_shown(answers, folder, choices, asked):
    photo = str(folder / "a.png")
    picture, record = answers.files(photo, choices, asked, "clear")
    explanation = answers.explaining.explanation(photo, choices, asked)
    expected = np.asarray(explanation.overlay())
    np.testing.assert_array_equal(np.asarray(Image.open(picture)), expected)
    found = json.loads(Path(record).read_text())
    assert found["command"] == answers.explained(photo, choices, asked, "clear").command
    assert found["record"]["map"]["sha256"] == explanation.record.map_sha256
    assert found["photo"] == "a.png"  # and not where it lay on this machine
    assert Path(picture).is_relative_to(answers.folder)


@pytest.mark.parametrize("place", [(0.0, 0.0), (1.0, 1.0), (0.31, 0.72), (0.5, 0.5)])
def test_classes_at_a_spot_are_those_of_the_explanation(answers, folder, place):
    photo = str(folder / "a.png")
    found = answers.seen_at(photo, Choices("net.keras"), Asked(), place)
    explanation = answers.explaining.explanation(photo, Choices("net.keras"), Asked())
    x, y = min(int(place[0] * 90), 89), min(int(place[1] * 60), 59)
    assert [index for _, index in found] == [each.index for each in explanation.at(x, y)]
    assert len(found) == 5


def test_a_pixel_of_a_shown_picture_is_a_place_on_the_photo():
    picture = Image.new("RGB", (200, 100))
    assert place_on(picture, (0, 0)) == (0.0025, 0.005)
    assert place_on(np.zeros((100, 200, 3)), (199, 99)) == (0.9975, 0.995)
    for pixel in [(-5, 3), (3, 140)]:
        with pytest.raises(OptionError, match="not on the photo"):
            place_on(picture, pixel)


def test_classes_of_one_name_are_told_apart(answers, folder):
    shown = answers.explained(str(folder / "a.png"), Choices("net.keras"), Asked(), "clear")
    assert len(shown.classes) == len(shown.indices) == 5
    assert len(set(shown.indices)) == 5
    explanation = answers.explaining.explanation(
        str(folder / "a.png"), Choices("net.keras"), Asked()
    )
    assert list(shown.classes.values()) == [each.probability for each in explanation.predictions]


def test_comparisons_of_one_method_share_a_scale(answers, folder):
    photo, choices = str(folder / "a.png"), Choices("net.keras")
    both = answers.compared(photo, [(choices, Asked(1)), (choices, Asked(2))], "clear")
    assert all("on one scale" in words for _, words in both)
    other = choices.changed(method="hires_cam")
    both = answers.compared(photo, [(choices, Asked(1)), (other, Asked(1))], "clear")
    assert all("own scale" in words for _, words in both)
    alone = answers.explained(photo, other, Asked(1), "clear").picture
    np.testing.assert_array_equal(np.asarray(both[1][0]), np.asarray(alone))


def test_what_was_asked_is_not_made_again(answers, folder, monkeypatch):
    photo, choices = str(folder / "a.png"), Choices("net.keras", method="grad_cam_plus_plus")
    first = answers.explaining.explanation(photo, choices, Asked())
    assert answers.explaining.explanation(photo, choices, Asked()) is first
    pixels = np.zeros((60, 90, 3), "uint8")
    Image.fromarray(pixels).save(photo)  # another photo by the same name
    assert answers.explaining.explanation(photo, choices, Asked()) is not first


def test_files_that_nobody_fetches_do_not_pile_up(answers, folder):
    photo, choices = str(folder / "a.png"), Choices("net.keras")
    made = [answers.files(photo, choices, Asked(), "clear") for _ in range(KEPT_FILES + 3)]
    assert [Path(each[0]).exists() for each in made] == [False] * 3 + [True] * KEPT_FILES
    assert len(list(answers.folder.iterdir())) == KEPT_FILES


def test_memory_is_bounded():
    kept = Latest(3)
    for k in range(10):
        kept.put(k, str(k))
        kept.get(0)
    assert len(kept) == 3
    assert kept.get(9) == "9"
    assert kept.get(1) is None
    assert KEPT_EXPLANATIONS < 50


def test_only_offered_models_and_known_methods_are_run(explaining, folder):
    photo = str(folder / "a.png")
    for choices in (Choices("vgg16"), Choices(str(folder / "net.keras")), Choices("../net.keras")):
        with pytest.raises(OptionError, match=r"choose one of net\.keras"):
            explaining.explanation(photo, choices, Asked())
    with pytest.raises(OptionError, match="no method"):
        explaining.explanation(photo, Choices("net.keras", method="grad-cam "), Asked())
    with pytest.raises(SeewhyError, match="nosuch"):
        explaining.explanation(photo, Choices("net.keras", layer="nosuch"), Asked())


def test_options_are_read_as_they_are_written(explaining):
    rise = Choices("net.keras", method="rise")
    usual = {name: str(value) for name, value in explaining.methods["rise"].options.items()}
    assert explaining.with_options(rise, usual) == rise
    changed = explaining.with_options(rise, {**usual, "masks": "25", "another": "1"})
    assert changed.options == (("masks", 25),)
    with pytest.raises(MethodError, match="masks"):
        explaining.with_options(rise, {"masks": "many"})
    # another method has options of its own
    assert changed.changed(method="grad_cam").options == ()


def test_models_are_offered_by_their_names(folder, tmp_path):
    (tmp_path / "net.keras").write_bytes((folder / "net.keras").read_bytes())
    files = [str(folder / "net.keras"), str(tmp_path / "net.keras")]
    assert list(offered_models(files)) == ["net.keras", files[1]]
    assert offered_models(["vgg16", *files[:1]]) == {"vgg16": "vgg16", "net.keras": files[0]}
    assert next(iter(offered_models([]))) == "efficientnet_lite0"
    with pytest.raises(SeewhyError):
        offered_models(["nosuch"])


def test_flags_of_settings_are_those_that_are_not_as_always():
    assert flags_of({"fit": "squash", "labels": None, "preprocess": "unit"}) == {
        "preprocess": "unit"
    }


def test_of_several_models_each_has_what_is_meant_for_it():
    given = {"labels": "names.txt", "preprocess": "unit", "weights": "w.h5", "fit": "crop"}
    assert settings_of("vgg16", given, True) == {"weights": "w.h5", "fit": "crop"}
    of_file = settings_of("net.keras", given, True)
    assert of_file == {"labels": "names.txt", "preprocess": "unit", "fit": "crop"}
    assert settings_of("vgg16", given, False) == given


def test_a_photo_s_name_cannot_be_taken_for_a_flag():
    line = command_line("--help.png", "net.keras", Choices("net.keras"), Asked(), {})
    assert shlex.split(line)[2] == "./--help.png"


def test_layers_are_listed_with_their_grids(explaining):
    layers = explaining.layers("net.keras")
    assert sum("(default)" in shown for shown, _ in layers) == 1
    assert all("cells" in shown for shown, _ in layers)


def test_words_are_escaped(answers, folder):
    photo, choices = str(folder / "a.png"), Choices("net.keras")
    explanation = answers.explaining.explanation(photo, choices, Asked(0))
    for text in (
        about_html(explanation),
        trust_html(explanation.trust()),
        facts_html([(HOSTILE, HOSTILE)]),
    ):
        assert "<img" not in text
    assert "&lt;img" in about_html(explanation)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"port": 0}, "port"),
        ({"port": 70000}, "port"),
        ({"colormap": "jett"}, "jet"),
        ({"photos": Path("nosuch")}, "nosuch"),
        ({"most_megabytes": 0}, "most_megabytes"),
        ({"waiting": 0}, "waiting"),
    ],
)
def test_wrong_options_are_told(wrong, match):
    with pytest.raises(OptionError, match=match):
        AppOptions(**wrong)


def test_photos_that_are_none_are_told(answers, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(SeewhyError, match="broken"):
        answers.photo(str(broken))
    with pytest.raises(SeewhyError, match="there is no"):
        answers.photo(str(tmp_path / "nosuch.png"))
    assert answers.photo(str(Path(seewhy.__file__).parent / "data/chelsea.png")).size[0] <= 900
