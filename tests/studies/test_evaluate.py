"""`seewhy.evaluate`: maps against what people drew, the controls beside them."""

from __future__ import annotations

import json
import sys

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import seewhy
from seewhy import errors
from seewhy.cli import app
from seewhy.metrics.localisation import box_overlap, pointing, wsol
from seewhy.metrics.localisation.boxes_and_masks import as_masks

pytestmark = pytest.mark.one_backend

NAMES = ["left", "right", "none"]
SIZE = 48


@pytest.fixture(scope="module")
def model():
    """Class 0 sees how bright the left half is, class 1 the right one, class 2 how dark all is."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(1, 1, activation="relu", use_bias=False, name="light")(image)
    made = keras.Model(image, layers.Dense(3, name="halves")(layers.Flatten()(x)))
    made.get_layer("light").set_weights([np.full((1, 1, 3, 1), 1 / 3, "float32")])
    weights = np.zeros((16, 16, 3), "float32")
    weights[:, :8, 0] = weights[:, 8:, 1] = 1
    weights[..., 2] = -1
    made.get_layer("halves").set_weights([weights.reshape(-1, 3), np.zeros(3, "float32")])
    return made


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Three photos with a bright spot on the left and a weaker one on the right, and boxes."""
    folder = tmp_path_factory.mktemp("evaluate")
    record = {
        "images": [],
        "annotations": [],
        "categories": [{"id": k, "name": name} for k, name in enumerate(NAMES)],
    }
    generator = np.random.default_rng(3)
    for k in range(3):
        pixels = np.zeros((SIZE, SIZE, 3), "uint8")
        record["images"].append({"id": k, "file_name": f"{k}.png", "width": SIZE, "height": SIZE})
        for side, value in ((0, 255), (1, 150)):
            row = int(generator.integers(1, 10)) * 3
            col = int(generator.integers(1, 3)) * 3 + 24 * side
            pixels[row : row + 12, col : col + 12] = value
            record["annotations"].append(
                {"id": 0, "image_id": k, "category_id": side, "bbox": [col, row, 12, 12]}
            )
        Image.fromarray(pixels).save(folder / f"{k}.png")
    (folder / "boxes.json").write_text(json.dumps(record))
    return folder


SETTINGS = {"labels": NAMES, "preprocess": "unit", "layer": "light", "method": "hires-cam"}


@pytest.fixture(scope="module")
def found(model, photos):
    return seewhy.evaluate(model, str(photos), photos / "boxes.json", tolerance=0, **SETTINGS)


def test_a_method_that_sees_the_thing(found):
    own = found.rows[0]
    assert found.settings["target"] == "label"
    assert (found.photos, found.cases, found.problems) == (3, 6, ())
    assert (own.name, own.control, own.empty) == ("hires_cam", False, 0)
    assert own.figures["pointing"] == 1
    assert own.figures["energy"] > 0.75
    assert own.figures["max_box_acc"] == 1
    # left is always the top class, right the second: half of the first guesses are wrong
    assert own.figures["top1_error"] == 0.5
    assert own.figures["top5_error"] == 0


def test_the_controls_see_nothing(found):
    rows = {row.name: row for row in found.rows}
    assert [row.control for row in found.rows] == [False, True, True, True, True]
    for name, row in rows.items():
        if row.control:
            assert row.figures["energy"] < rows["hires_cam"].figures["energy"] - 0.2, name
    # of the least likely class all maps are empty, and these hit nothing
    least = rows["least likely class"]
    assert least.empty == 6
    assert [least.figures[name] for name in ("pointing", "energy", "iou")] == [0, 0, 0]
    assert np.isnan(least.figures["top1_error"])


def test_the_figures_are_those_of_the_measures(model, photos, found):
    explainer = seewhy.Explainer(model, **SETTINGS)
    record = json.loads((photos / "boxes.json").read_text())
    maps, boxes = [], []
    for one in record["annotations"]:
        file = photos / f"{one['image_id']}.png"
        maps.append(explainer([file], one["category_id"])[0].heatmap)
        left, top, width, height = one["bbox"]
        boxes.append([(left, top, left + width, top + height)])
    maps = np.stack(maps)
    masks = as_masks(boxes, maps.shape)
    figures = found.rows[0].figures
    expected = {
        "pointing": pointing.pointing_game(maps, boxes, tolerance=0).mean(),
        "energy": pointing.energy_inside(maps, boxes).mean(),
        "iou": box_overlap.box_iou(maps, boxes).mean(),
        "pxap": wsol.pxap(maps, masks),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(figures[name], value, atol=1e-6, err_msg=name)
    # at 224 × 224, which is not a multiple of 48
    np.testing.assert_allclose(figures["max_box_acc"], wsol.max_box_acc(maps, boxes), atol=0.1)


def test_one_question_for_all(model, photos):
    found = seewhy.evaluate(
        model, [photos / "0.png"], photos / "boxes.json", target="right", tolerance=0, **SETTINGS
    )
    # both boxes count, whatever is asked, and no class is told right or wrong
    assert found.rows[0].figures["pointing"] == 1
    assert np.isnan(found.rows[0].figures["top1_error"])
    assert found.cases == 1


def test_classes_that_the_model_does_not_have(model, photos):
    settings = SETTINGS | {"labels": ["a", "b", "c"]}
    found = seewhy.evaluate(model, photos / "0.png", photos / "boxes.json", **settings)
    assert found.settings["target"] == "top"
    assert "the model has no class 'left'" in found.notes[0]


def test_photos_that_cannot_be_used(model, photos, tmp_path):
    (tmp_path / "1.png").write_bytes(b"no picture")
    Image.new("RGB", (20, 48)).save(tmp_path / "2.png")
    Image.new("RGB", (48, 48)).save(tmp_path / "new.png")
    paths = [photos / "0.png", tmp_path]
    found = seewhy.evaluate(model, paths, photos / "boxes.json", **SETTINGS)
    assert found.photos == 1
    assert "1 photos have no boxes" in found.notes[0]
    assert [("1.png" in one, "different pictures" in one) for one in found.problems] == [
        (True, False),
        (False, True),
    ]
    with pytest.raises(errors.OptionError, match="no photo could be used"):
        seewhy.evaluate(model, tmp_path, photos / "boxes.json", **SETTINGS)
    with pytest.raises(errors.OptionError, match="has nothing about"):
        seewhy.evaluate(model, tmp_path / "new.png", photos / "boxes.json", **SETTINGS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(errors.ImageNotFoundError, match="has no photos"):
        seewhy.evaluate(model, tmp_path / "empty", photos / "boxes.json", **SETTINGS)


def test_the_command(model, photos, tmp_path, monkeypatch, capsys):
    model.save(tmp_path / "halves.keras")
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    line = ["seewhy", "evaluate", str(photos / "0.png"), "--boxes", str(photos / "boxes.json")]
    line += ["--model", str(tmp_path / "halves.keras"), "--labels", str(tmp_path / "names.txt")]
    line += ["--preprocess", "unit", "--layer", "light", "--method", "hires-cam"]
    for extra in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", [*line, *extra])
        with pytest.raises(SystemExit) as ended:
            app.main()
        assert not ended.value.code
        told = capsys.readouterr().out
        for name in ("hires_cam", "least likely class", "random map", "edge detector"):
            assert name in told
    rows = {row["name"]: row["figures"] for row in json.loads(told)["rows"]}
    assert rows["hires_cam"]["pointing"] == 1
    assert rows["least likely class"]["top1_error"] is None


@pytest.mark.parametrize(
    "bad",
    [
        {"bbox": [5, 5, -3, 4]},
        {"bbox": [5, 5, float("nan"), 4]},
        {"bbox": "wide"},
        {"segmentation": {"size": [SIZE, SIZE]}},
        {"segmentation": {"size": [100_000, 100_000], "counts": [0, 10_000_000_000]}},
        {"segmentation": [[1, 1, 9, 9, float("inf"), 3]]},
    ],
)
@pytest.mark.parametrize("study", ["evaluate", "benchmark"])
def test_one_faulty_annotation_costs_one_photo(model, photos, tmp_path, study, bad):
    record = json.loads((photos / "boxes.json").read_text())
    record["annotations"][0] |= {"id": 77, **bad}
    (tmp_path / "boxes.json").write_text(json.dumps(record))
    if study == "evaluate":
        found = seewhy.evaluate(model, str(photos), tmp_path / "boxes.json", **SETTINGS)
        assert found.photos == 2
        assert found.rows[0].figures["pointing"] == 1
    else:
        wishes = {"metrics": ["pointing-game"], "methods": ["hires-cam"], "target": 0}
        settings = {name: value for name, value in SETTINGS.items() if name != "method"}
        found = seewhy.benchmark(
            model, str(photos), boxes=tmp_path / "boxes.json", **wishes, **settings
        )
        assert found.rows[0].figures["pointing_game"].photos == 2
    (problem,) = set(found.problems)
    assert "0.png: annotation 77 of" in problem
