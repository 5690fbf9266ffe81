"""`seewhy locate`: boxes drawn and written, read back as they were."""

from __future__ import annotations

import json
import sys

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from nets import tiny
from seewhy import ground_truth
from seewhy.annotations.records import FoundBox, LocatedPhoto
from seewhy.cli import app
from seewhy.explainer.explainer import Explainer
from seewhy.maps.regions import Box
from seewhy.render.files import Filenames
from seewhy.studies.locate import FORMATS, box_files, write_boxes
from seewhy.studies.locating_explainer import locating_explainer
from seewhy.targets.labels import Label, Labels

pytestmark = pytest.mark.one_backend

NAMES = ["left", "right", "none"]
# the spots are 16 × 24 and 24 × 16 pixels of a photo of 96 × 64, cells of the grid 2 × 2
BOXES = {"left": (8, 16, 24, 40), "right": (56, 32, 80, 48)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model that tells bright spots left from those right, its labels, and a photo of both."""
    folder = tmp_path_factory.mktemp("locate")
    image = keras.Input((32, 48, 3))
    x = layers.Conv2D(1, 1, activation="relu", use_bias=False, name="light")(image)
    made = keras.Model(image, layers.Dense(3, name="halves")(layers.Flatten()(x)))
    made.get_layer("light").set_weights([np.full((1, 1, 3, 1), 1 / 3, "float32")])
    weights = np.zeros((32, 48, 3), "float32")
    weights[:, :24, 0] = weights[:, 24:, 1] = 1
    weights[..., 2] = -1
    made.get_layer("halves").set_weights([weights.reshape(-1, 3), np.zeros(3, "float32")])
    made.save(folder / "halves.keras")
    (folder / "names.txt").write_text("\n".join(NAMES))
    pixels = np.zeros((64, 96, 3), "uint8")
    for left, top, right, bottom in BOXES.values():
        pixels[top:bottom, left:right] = 255
    Image.fromarray(pixels).save(folder / "spots.png")
    return folder


def run(files, monkeypatch, *arguments):
    line = ["seewhy", "locate", str(files / "spots.png"), "--model", str(files / "halves.keras")]
    line += ["--labels", str(files / "names.txt"), "--preprocess", "unit"]
    line += ["--layer", "light", "--threshold", "0.5", *arguments]
    if "--method" not in arguments:
        line += ["--method", "hires-cam"]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as ended:
        app.main()
    return ended.value.code


@pytest.mark.parametrize("how", ["coco", "yolo", "voc"])
def test_boxes_are_read_back_as_they_were_found(files, monkeypatch, capsys, tmp_path, how):
    wished = ["--target", "left", "--target", "right", "--format", how, "--output", str(tmp_path)]
    assert run(files, monkeypatch, *wished, "--json") == 0
    record = json.loads(capsys.readouterr().out)[0]
    assert [one["name"] for one in record["boxes"]] == ["left", "right"]
    source = tmp_path / "boxes.json" if how == "coco" else tmp_path
    read = ground_truth.matched(ground_truth.read(source), [str(files / "spots.png")])[0]
    for one in record["boxes"]:
        told = tuple(one[side] for side in ("left", "top", "right", "bottom"))
        np.testing.assert_allclose(read.of(one["name"]).boxes(64, 96), [told], atol=1e-3)
        # the model's cells of two pixels are enlarged linearly
        np.testing.assert_allclose(told, BOXES[one["name"]], atol=1)
    picture = np.asarray(Image.open(tmp_path / "spots_boxes.jpg")).astype(int)
    assert picture.shape[0] >= 64  # a label may stand below the photo
    picture = picture[:64, :96]
    plain = np.asarray(Image.open(files / "spots.png")).astype(int)
    changed = (abs(picture - plain) > 60).any(axis=-1)
    for left, top, right, bottom in BOXES.values():
        assert changed[top:bottom, left].mean() > 0.8
        assert changed[bottom - 1, left:right].mean() > 0.8
        assert not changed[top + 6 : bottom - 6, left + 6 : right - 6].any()


def test_what_nothing_speaks_for(files, monkeypatch, capsys, tmp_path):
    assert run(files, monkeypatch, "--target", "none", "--output", str(tmp_path)) == 0
    told = capsys.readouterr().out
    assert "no boxes: nothing speaks for the target" in told
    assert "no-positive-evidence" in told
    assert json.loads((tmp_path / "boxes.json").read_text())["annotations"] == []


def test_a_photo_that_cannot_be_read(files, monkeypatch, capsys, tmp_path):
    assert run(files, monkeypatch, str(tmp_path / "no.jpg"), "--output", str(tmp_path)) == 1
    printed = capsys.readouterr()
    assert "there is no file" in printed.err
    assert "1 box, left (class probability" in printed.out
    assert "): 100% of its heat" in printed.out


def test_the_line_of_one_of_several_photos(files, monkeypatch, capsys, tmp_path):
    """Each class with its probability and its heat, and warnings by their names, not the class's"""
    second = tmp_path / "again.png"
    second.write_bytes((files / "spots.png").read_bytes())
    wished = ["--target", "left,right,none", "--output", str(tmp_path)]
    assert run(files, monkeypatch, str(second), *wished) == 0
    line = next(text for text in capsys.readouterr().out.splitlines() if "again.png" in text)
    assert "2 boxes, left (class probability" in line
    assert ", right (class probability" in line
    assert line.count("of its heat") == 2
    assert line.endswith("[no-positive-evidence]")
    run(files, monkeypatch, *wished, "--overwrite", "--json")
    (warning,) = json.loads(capsys.readouterr().out)[0]["warnings"]
    assert warning.startswith("no-positive-evidence: for none, ")


def test_the_smallest_share_that_makes_a_box(files, monkeypatch, capsys, tmp_path):
    wished = ["--target", "left", "--output", str(tmp_path), "--json", "--min-score"]
    for score, count in (("0.99", 1), ("1", 1)):
        run(files, monkeypatch, *wished, score)
        assert len(json.loads(capsys.readouterr().out)[0]["boxes"]) == count
    # of grad-cam both spots are hot
    run(files, monkeypatch, *wished, "0.6", "--method", "grad-cam")
    assert json.loads(capsys.readouterr().out)[0]["boxes"] == []
    run(files, monkeypatch, *wished, "0.4", "--method", "grad-cam")
    assert len(json.loads(capsys.readouterr().out)[0]["boxes"]) == 2


TWO_SIZES = {"sizes": [(224, 224), (384, 384)], "fuse": "geometric", "sharpen": 1.5}
PLAIN = {"sizes": None, "fuse": "mean", "sharpen": 1.0}


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, TWO_SIZES),
        ({"scores": "probabilities", "fuse": None}, TWO_SIZES),
        ({"size": 256}, PLAIN),
        ({"sharpen": 2.0}, PLAIN | {"sharpen": 2.0}),
        ({"sizes": [192, 256]}, PLAIN | {"sizes": [192, 256]}),
        ({"enhance": ["flips"]}, PLAIN),
    ],
)
def test_two_sizes_where_nothing_else_is_wished(settings, wanted):
    options = locating_explainer(tiny.plain(side=None), settings).pipeline.options
    assert {name: getattr(options, name) for name in wanted} == wanted


def test_models_of_one_size_have_one():
    options = locating_explainer(tiny.plain(), {}).pipeline.options
    assert {name: getattr(options, name) for name in PLAIN} == PLAIN


def test_an_explainer_is_taken_as_it_is():
    explainer = Explainer(tiny.plain(side=None))
    assert locating_explainer(explainer, {}) is explainer


@pytest.mark.parametrize(
    ("how", "name"),
    [("coco", "boxes.json"), ("yolo", "spots.txt"), ("yolo", "classes.txt"), ("voc", "spots.xml")],
)
def test_files_of_boxes_that_are_there_are_kept(files, monkeypatch, capsys, tmp_path, how, name):
    wished = ["--target", "left", "--format", how, "--output", str(tmp_path)]
    own = tmp_path / name
    own.write_text("mine")
    told = run(files, monkeypatch, *wished)
    assert str(own) in told
    assert "--overwrite" in told
    assert {path.name for path in tmp_path.iterdir()} == {name}
    assert own.read_text() == "mine"
    assert run(files, monkeypatch, *wished, "--overwrite") == 0
    assert own.read_text() != "mine"


def test_own_boxes_are_replaced_until_somebody_changes_them(files, monkeypatch, capsys, tmp_path):
    wished = ["--target", "left", "--output", str(tmp_path)]
    assert run(files, monkeypatch, *wished) == 0
    assert run(files, monkeypatch, *wished, "--threshold", "0.9") == 0
    path = tmp_path / "boxes.json"
    record = json.loads(path.read_text())
    record["annotations"][0]["bbox"][0] += 1
    path.write_text(json.dumps(record))
    assert "--overwrite" in run(files, monkeypatch, *wished)
    assert json.loads(path.read_text()) == record


def test_a_photo_called_classes_keeps_its_boxes(files, monkeypatch, capsys, tmp_path):
    photo = tmp_path / "classes.png"
    photo.write_bytes((files / "spots.png").read_bytes())
    out = tmp_path / "out"
    wished = ["--target", "left", "--format", "yolo", "--output", str(out)]
    assert run(files, monkeypatch, str(photo), *wished) == 0
    assert (out / "classes.txt").read_text().splitlines() == NAMES
    assert (out / "classes-2.txt").read_text() == (out / "spots.txt").read_text()


def test_a_picture_that_cannot_be_written_costs_no_boxes(files, monkeypatch, capsys, tmp_path):
    (tmp_path / "spots_boxes.jpg" / "in the way").mkdir(parents=True)
    assert run(files, monkeypatch, "--target", "left", "--output", str(tmp_path)) == 1
    printed = capsys.readouterr()
    assert "cannot be written" in printed.err
    assert "left (class probability" in printed.out
    assert len(json.loads((tmp_path / "boxes.json").read_text())["annotations"]) == 1


HOSTILE = ["a\nb", "c\r\n d", "e\x0bf", "g\u2028h", "i\x85j", "", " ", "k\udcffl", "m\x00n", "o&<p"]


@pytest.mark.framework_free
def test_names_of_classes_keep_their_numbers_in_every_format(tmp_path):
    labels = Labels(tuple(Label(k, None, name) for k, name in enumerate(HOSTILE)))
    found = tuple(
        FoundBox(k, name, Box(1, 2, 5, 6, score=0.5, peak=1.0)) for k, name in enumerate(HOSTILE)
    )
    place = LocatedPhoto("a\x1b\n.jpg", (64, 96), found)
    for how in FORMATS:
        out = tmp_path / how
        where = box_files([place.photo], how, Filenames(out, []))
        write_boxes([(where.each[0], place)], labels, where)
        (entry,) = ground_truth.read(where.each[0] if how == "coco" else out).photos
        told = [thing.label or "" for thing in entry.things]
        assert told[0] in ("a\nb", "a\\nb")
        assert told[-1] == "o&<p"
        assert len(told) == len(HOSTILE)


def test_large_photos_are_drawn_smaller_with_boxes_in_their_own_pixels(
    files, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr("seewhy.render.drawn_size.MOST_DRAWN", 48)
    boxes = []
    for flags, width in (([], 48), (["--full-size"], 96)):
        wished = ["--target", "left", "--output", str(tmp_path), "--json", *flags]
        assert run(files, monkeypatch, *wished) == 0
        boxes.append(json.loads(capsys.readouterr().out)[0]["boxes"])
        with Image.open(tmp_path / "spots_boxes.jpg") as picture:
            photo = np.asarray(picture.convert("RGB"))[: width * 2 // 3]
        assert (photo[:, width:] > 250).all()  # the strip below is wider than the photo
        assert (photo[:, :width] < 200).any(axis=-1).mean() > 0.5
    assert boxes[0] == boxes[1]
