"""What a whole audit tells beside its findings, of a network that was trained with a strip."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import forbid_backend, run_command
from nets import planted
from seewhy import datasets
from seewhy.audit import AuditOptions
from seewhy.audit.beside import besides
from seewhy.audit.beside.confident_errors import confident_errors
from seewhy.audit.beside.drift import drift
from seewhy.audit.beside.duplicates import duplicates
from seewhy.audit.confirm.confirm_candidate import Laboratory
from seewhy.audit.confirm.transplant import filled
from seewhy.audit.find.evidence_rows import evidence_rows
from seewhy.audit.regions import hot_region
from seewhy.errors import OptionError, StoreError

pytestmark = pytest.mark.one_backend
FEW = ("--confirm", 1, "--recipients", 16, "--preprocess", "none")


def test_the_most_confident_errors_and_what_spoke_for_them(used, explainer):
    found, problems = confident_errors(used.store, explainer.pipeline, None, 5)
    assert not problems
    model = keras.models.load_model(used.model)
    shares = model.predict(used.data.photos.astype("float32"), verbose=0)
    wrong = np.flatnonzero(shares.argmax(1) != used.data.labels)
    assert (found["known"], found["wrong"]) == (160, len(wrong))
    assert len(wrong) >= 5
    order = wrong[np.argsort(-shares[wrong].max(axis=1))]
    told = found["photos"]
    assert [each["row"] for each in told] == order[:5].tolist()
    for each in told:
        own = shares[each["row"]]
        assert each["predicted_index"] == own.argmax()
        assert each["true_index"] == used.data.labels[each["row"]]
        assert each["probability"] == pytest.approx(own.max(), abs=1e-3)
        top, left, bottom, right = np.round(np.array(each["box"]) * planted.SIDE).astype(int)
        inside = np.zeros((planted.SIDE,) * 2, bool)
        inside[top:bottom, left:right] = True
        heat = used.store[each["row"]].explanation().heatmap
        assert heat[inside].mean() > 2 * heat[~inside].mean()
        assert each["place"].endswith(f"columns {each['box'][1]:.2f} to {each['box'][3]:.2f}")
        cells = hot_region(np.maximum(used.store[each["row"]].map[None], 0)).cells
        mask = np.kron(cells, np.ones((4, 4))) > 0  # 12 × 12 cells
        changed = filled(used.data.photos[[each["row"]]], mask[None]).astype("float32")
        share = model.predict(changed, verbose=0)[0, each["predicted_index"]]
        assert each["without"] == pytest.approx(share, abs=1e-3)
    assert np.mean([each["probability"] - each["without"] for each in told]) > 0.05


def test_photos_of_many_sizes_are_filled_at_their_own(used, tmp_path):
    """For a network that brings photos to its size by itself."""
    image = keras.Input((None, None, 3))
    resized = keras.layers.Resizing(planted.SIDE, planted.SIDE)(image)
    model = keras.Model(image, keras.models.load_model(used.model)(resized))
    for k in range(40, 120):
        photo = Image.fromarray(used.data.photos[k]).resize((planted.SIDE + 16 * (k % 2),) * 2)
        place = tmp_path / "photos" / str(k // 80)
        place.mkdir(parents=True, exist_ok=True)
        photo.save(place / f"{k:04}.png")
    explainer = seewhy.Explainer(model, preprocess="none")
    options = datasets.RunOptions(labels_from_folder=True)
    datasets.run(explainer, tmp_path / "photos", tmp_path / "store", options)
    store = datasets.open(tmp_path / "store")
    found, problems = confident_errors(store, explainer.pipeline, None, 4)
    assert not problems
    for each in found["photos"]:
        (whole,) = explainer.maps([each["source"]]).probabilities
        assert each["probability"] == pytest.approx(whole[0], abs=1e-3)
        assert each["without"] != pytest.approx(each["probability"], abs=1e-3)


def test_errors_are_told_of_known_classes_only(used, explainer, tmp_path):
    found, _ = confident_errors(used.store, explainer.pipeline, {0}, 500)
    assert len(found["photos"]) == found["wrong"]  # either class is 0
    datasets.run(explainer, used.folder / "photos" / "0", tmp_path, datasets.RunOptions())
    assert confident_errors(datasets.open(tmp_path), explainer.pipeline, None, 5) == (None, [])


def test_the_command_tells_all_that_is_asked(used, unmarked, masks, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    line = ["audit", used.folder / "store", "--model", used.model, "--output", "out", *FEW]
    more = ["--boxes", masks, "--against", unmarked, "--listed", 4]
    status, out, _ = run_command(monkeypatch, capsys, *line, *more)
    assert status == 0
    for words in ("\nerrors: ", "\nboxes: ", "\ndrift: ", "\nduplicates: 0 of 160 "):
        assert words in out
    record = json.loads(Path("out/audit.json").read_text())
    beside = record["beside"]
    assert record["complete"]
    assert {"errors", "outside_boxes", "drift", "duplicates"} == set(beside)
    assert len(beside["errors"]["photos"]) == 4
    # photos that are predicted by the strip have the least inside
    least = beside["outside_boxes"]["photos"]
    assert used.data.marked[[each["row"] for each in least]].all()
    by_class = {each["class_index"]: each for each in beside["outside_boxes"]["classes"]}
    assert by_class[1]["mean_inside"] < by_class[0]["mean_inside"]
    assert by_class[1]["hottest_outside"] > 0.3 * used.data.marked.sum()
    first, *others = beside["drift"]["classes"]
    assert (first["class_index"], first["moved"]) == (1, True)
    assert first["center_row_change"] < 0  # the strip lies at the lower edge
    assert not any(each["moved"] for each in others)
    rows = list(csv.DictReader(Path("out/outside_boxes.csv").read_text().splitlines()))
    assert len(rows) == beside["outside_boxes"]["measured"] == 160
    assert float(rows[0]["inside"]) == least[0]["inside"]
    with Image.open("out/drift.jpg") as picture:
        assert picture.width > 2 * 300  # both mean maps
    # the same audit without them tests nothing anew, and leaves no tables of other questions
    monkeypatch.setattr(Laboratory, "test", None)
    status, out, _ = run_command(monkeypatch, capsys, *line, "--no-duplicates", "--json")
    assert status == 0
    assert set(json.loads(out)["beside"]) == {"errors"}
    assert not Path("out/outside_boxes.csv").exists()
    assert not Path("out/drift.jpg").exists()
    assert json.loads(out)["findings"] == record["findings"]


def test_boxes_and_stores_that_are_none_are_told_at_once(used, monkeypatch, capsys, tmp_path):
    forbid_backend(monkeypatch)
    line = ["audit", used.folder / "photos", "--model", used.model, "--output", tmp_path / "out"]
    status, _, err = run_command(monkeypatch, capsys, *line, "--boxes", tmp_path / "gone")
    assert status == 1
    assert "no file or folder" in err
    status, _, err = run_command(monkeypatch, capsys, *line, "--against", tmp_path)
    assert status == 1
    assert "is no store" in err
    assert not (tmp_path / "out").exists()
    with pytest.raises(StoreError, match="is no store"):
        seewhy.audit(used.store, used.model, choices=AuditOptions(against=tmp_path))


def test_boxes_of_other_photos_are_refused_before_anything_is_tested(used, tmp_path, monkeypatch):
    monkeypatch.setattr(Laboratory, "test", None)
    images = [{"id": 1, "file_name": "beach.jpg", "height": 48, "width": 48}]
    (tmp_path / "coco.json").write_text(json.dumps({"images": images, "annotations": []}))
    with pytest.raises(OptionError, match=r"nothing about .*It is about 1 photos"):
        used.audit(boxes=tmp_path / "coco.json")
    images[0]["file_name"] = "0001.png"
    (tmp_path / "coco.json").write_text(json.dumps({"images": images, "annotations": []}))
    with pytest.raises(OptionError, match="nothing is drawn"):
        used.audit(boxes=tmp_path / "coco.json")
    # two that cannot be one picture
    images[0] |= {"height": 10, "width": 90}
    box = {"id": 1, "image_id": 1, "bbox": [1, 1, 5, 5]}
    (tmp_path / "coco.json").write_text(json.dumps({"images": images, "annotations": [box]}))
    with pytest.raises(OptionError, match=r"no photo can be compared.*different pictures"):
        used.audit(boxes=tmp_path / "coco.json")


def test_two_halves_of_one_store_show_no_drift(used):
    order = np.random.default_rng(3).permutation(len(used.store))
    halves = [used.store[np.sort(part)] for part in (order[:80], order[80:])]
    rows = [evidence_rows(half) for half in halves]
    asked = (None, 50, 0)
    found, _ = drift(rows[0], halves[0], (rows[1], halves[1]), asked, lambda *_: None)
    assert found["compared"] == 2
    assert found["moved"] == 0


def test_what_else_may_have_moved_evidence_is_told(used, explainer, tmp_path):
    other = explainer.having(layer="conv1", method="hires_cam")
    options = datasets.RunOptions(targets=["1"])
    datasets.run(other, used.folder / "photos" / "1", tmp_path / "store", options)
    audit = used.audit(
        confirm=1, recipients=16, against=tmp_path / "store", duplicates=False, classes=[1]
    )
    method, layer, question = audit.notes
    assert "grad_cam, that of the other hires_cam" in method
    assert "conv2, that of the other conv1" in layer
    assert "maps of '1'" in question
    assert [each["class_index"] for each in audit.beside["drift"]["classes"]] == [1]
    assert "duplicates" not in audit.beside


@pytest.fixture(scope="module")
def split(used, explainer, tmp_path_factory):
    """Photos in train and val; some are in both, resized, compressed again or as they are."""
    folder = tmp_path_factory.mktemp("split")
    photos = [Image.fromarray(pixels) for pixels in used.data.photos]
    for place in ("train/0", "train/1", "val/0", "val/1"):
        (folder / "photos" / place).mkdir(parents=True)
    at = folder / "photos"
    for k in range(12):
        photos[k].save(at / "train/0" / f"a{k}.png")
        photos[80 + k].save(at / "train/1" / f"b{k}.png")
        photos[20 + k].save(at / "val/0" / f"c{k}.png")
    shutil.copy(at / "train/0/a0.png", at / "val/0/copy.png")
    photos[1].resize((96, 96)).save(at / "val/0/larger.png")
    photos[82].save(at / "val/0/wrong.jpg", quality=75)
    photos[83].save(at / "train/1/again.jpg", quality=75)
    for place in ("train/0", "val/1"):
        Image.new("RGB", (48, 48), (120 + len(place),) * 3).save(at / place / "grey.png")
    options = datasets.RunOptions(labels_from_folder=True)
    datasets.run(explainer, at, folder / "store", options)
    return datasets.open(folder / "store")


def test_photos_in_two_folders_are_found(split):
    found, table, notes, problems = duplicates(split, None, (None, 50), lambda *_: None)
    assert not notes + problems
    names = [[Path(each["id"]).name for each in group["photos"]] for group in found["groups"]]
    assert names == [["b2.png", "wrong.jpg"], ["a0.png", "copy.png"], ["a1.png", "larger.png"]]
    first, second, _ = found["groups"]
    assert first["contradict"]
    assert first["labels"] == ["class 1", "class 0"]
    assert first["folders"] == ["train/1", "val/0"]
    assert second["same_file"]
    assert not second["contradict"]
    assert (found["in_folders"], found["contradict"], found["in_one_folder"]) == (3, 1, 1)
    assert [row["group"] for row in table] == [0, 0, 1, 1, 2, 2]
    short, table, _, _ = duplicates(split, None, (None, 1), lambda *_: None)
    assert (len(short["groups"]), len(table)) == (1, 6)
    assert (len(short["groups"][0]["photos"]), short["groups"][0]["count"]) == (1, 2)
    one = split.where(lambda row: "train/0" in row.id)
    assert duplicates(one, None, (None, 50), lambda *_: None)[0] is None
    assert duplicates(one, None, (True, 50), lambda *_: None)[0]["groups"] == []


def test_of_very_many_photos_duplicates_are_looked_for_if_asked(split, monkeypatch):
    monkeypatch.setattr("seewhy.audit.beside.duplicates.UNASKED", 10)
    found, _, notes, _ = duplicates(split, None, (None, 50), lambda *_: None)
    assert found is None
    assert "--duplicates" in notes[0]
    monkeypatch.setattr("seewhy.audit.beside.duplicates.COMPARED", 3)
    found, _, notes, _ = duplicates(split, None, (True, 50), lambda *_: None)
    assert "a0.png" in found["groups"][0]["photos"][0]["id"]
    assert "the first 3 were compared" in notes[0]


def test_an_audit_that_is_stopped_beside_its_findings_goes_on(split, used, monkeypatch, tmp_path):
    def stopped(*_):
        raise KeyboardInterrupt

    choices = AuditOptions(confirm=1, recipients=16)
    how = {"folder": tmp_path, "choices": choices, "preprocess": "none"}
    monkeypatch.setattr(besides, "duplicates", stopped)
    with pytest.raises(KeyboardInterrupt):
        seewhy.audit(split, used.model, **how)
    left = json.loads((tmp_path / "audit.json").read_text())
    assert not left["complete"]
    monkeypatch.undo()
    monkeypatch.setattr(Laboratory, "test", None)
    audit = seewhy.audit(split, used.model, **how)
    assert audit.as_dict()["findings"] == left["findings"]
    assert audit.beside["duplicates"]["in_folders"] == 3
    assert json.loads((tmp_path / "audit.json").read_text())["complete"]
