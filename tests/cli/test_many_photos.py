"""Many photos: a line each, tables that are written as they go, and going on after a stop."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from helpers.commands import forbid_backend, run_command
from nets import tiny
from seewhy.cli import session
from seewhy.cli.folder_lock import writing_alone

pytestmark = pytest.mark.one_backend

NAMES = ("ant", "bee", "cat, small", "dog", "eel")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    tiny.plain().save(folder / "own.keras")
    (folder / "names.json").write_text(json.dumps(NAMES))
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder with photos in folders named after classes."""
    monkeypatch.chdir(tmp_path)
    places = ("in/ant/a.png", "in/bee/a.png", "in/bee/b.png", "in/other/c.png")
    for place, pixels in zip(places, tiny.photos(4), strict=True):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys, model, here):
    """Run a command with a model of one's own; gives exit status, stdout and stderr."""

    def call(name, *arguments):
        own = ["--model", model / "own.keras", "--labels", model / "names.json"]
        line = [name, *arguments, *own, "--preprocess", "unit"]
        return run_command(monkeypatch, capsys, *line)

    return call


@pytest.fixture
def no_backend(monkeypatch):
    """Nothing may be explained."""
    return lambda: forbid_backend(monkeypatch)


def rows(folder="out", name="results"):
    with Path(folder, f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def records(folder="out", name="results"):
    return [json.loads(line) for line in Path(folder, f"{name}.jsonl").read_text().splitlines()]


def contents(folder="out"):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_a_line_a_photo_and_one_at_the_end(run):
    Path("in/other/broken.png").write_bytes(Path("in/ant/a.png").read_bytes()[:90])
    status, out, err = run("explain", "in", "--output", "out", "--labels-from", "folder")
    assert status == 1
    *lines, last = out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "in/ant/a.png",
        "in/bee/a.png",
        "in/bee/b.png",
        "in/other/c.png",
    ]
    assert last.startswith("4 done, 1 could not be read, ")
    assert " of 3 predicted right" in last
    assert last.endswith(", out/")
    assert err.count("'other' have no true class") == 1
    assert "broken.png" in err
    answers = [row["right"] for row in rows()]
    assert [row["true"] for row in rows()] == ["ant", "bee", "bee", "", ""]
    for line, row in zip(lines, rows(), strict=False):
        assert row["predicted"] in line
        assert ("right" in line) == (row["right"] == "yes")
        assert (f"wrong, true: {row['true']}" in line) == (row["right"] == "no")
    assert set(answers[:3]) <= {"yes", "no"}


def test_the_probability_of_what_was_asked_is_told(run):
    """Also of a class outside of the top ones: in the line, the table, and all of one photo."""
    wished = ("--output", "out", "--target", "eel", "--top", "1")
    _, out, _ = run("explain", "in", *wished)
    asked = [each["target"] for each in records()]
    assert [each["name"] for each in asked] == ["eel"] * 4
    for line, row, target in zip(out.splitlines(), rows(), asked, strict=False):
        assert float(row["target_probability"]) == pytest.approx(target["probability"], abs=1e-6)
        told = f"asked: eel {target['probability']:.1%}"
        assert (told in line) == (row["predicted"] != "eel")
    _, out, _ = run("explain", "in/ant/a.png", *wished)
    assert f"target 4 eel, probability {asked[0]['probability']:.2%}, layer" in out


def test_two_runs_at_once_do_not_write_to_one_folder(run, no_backend):
    """Each photo would be entered twice, and maps of two questions get one name."""
    wished = ("explain", "in", "--output", "out")
    assert run(*wished)[0] == 0
    before = contents()
    with writing_alone(Path("out")):
        status, _, err = run(*wished, "--target", "eel")
        assert status == 1
        assert "another run writes its results to 'out' now" in err
        assert run("explain", "in/ant/a.png", "--output", "one")[0] == 0
    assert contents() == before
    no_backend()
    assert run(*wished)[0] == 0


def test_how_much_is_told(run):
    status, out, err = run("explain", "in", "--output", "quiet", "--quiet")
    assert (status, err, len(out.splitlines())) == (0, "", 1)
    _, out, _ = run("explain", "in", "--output", "verbose", "--verbose")
    assert out.count("┃ probability ┃") == 4
    _, out, _ = run("explain", "in/ant/a.png", "--output", "one")
    assert "probability" in out
    assert "done" not in out
    assert sorted(contents("one")) == ["a_gradcam.jpg", "a_heatmap.jpg"]


def test_json_is_the_list_of_all_records(run):
    status, out, err = run("explain", "in", "no.png", "--target", "0,dog", "--json")
    assert status == 1
    printed = json.loads(out)
    assert out == session.json_text(printed) + "\n"
    assert [each["photo"] for each in printed] == [
        *(p for p in sorted(map(str, Path("in").rglob("*.png"))) for _ in "12"),
        "no.png",
    ]
    stored = records(".")
    for each in stored:
        each.pop("run")
    assert stored == printed
    assert "done" in err.splitlines()[-1]
    # again: nothing is done, all is told
    _, again, _ = run("explain", "in", "no.png", "--target", "0,dog", "--json")
    assert again == out


def test_a_run_that_was_stopped_goes_on(run, no_backend):
    run("explain", "in", "--output", "out")
    before = contents()
    # killed while it wrote: of the third photo half a line, of the table less
    full, table = Path("out/results.jsonl"), Path("out/results.csv")
    lines = full.read_bytes().splitlines(keepends=True)
    full.write_bytes(b"".join(lines[:2]) + lines[2][:80])
    table.write_bytes(b"".join(table.read_bytes().splitlines(keepends=True)[:2]) + b"in/be")
    status, out, _ = run("explain", "in", "--output", "out")
    assert status == 0
    assert "2 done, 2 done before" in out
    photos = sorted(map(str, Path("in").rglob("*.png")))
    assert [line.split()[0] for line in out.splitlines()[:-1]] == photos[2:]
    # figures of a smaller batch may be rounded otherwise
    assert contents().keys() == before.keys()
    assert [row["photo"] for row in rows()] == [each["photo"] for each in records()] == photos
    assert table.read_bytes().startswith(b"".join(before["results.csv"].splitlines(True)[:3]))
    no_backend()
    assert "0 done, 4 done before" in run("explain", "in", "--output", "out")[1]


def test_killed_between_two_targets_of_a_photo(run):
    asked = ("explain", "in", "--output", "out", "--target", "ant,dog")
    run(*asked)
    full = Path("out/results.jsonl")
    full.write_bytes(b"".join(full.read_bytes().splitlines(keepends=True)[:3]))
    assert "3 done, 1 done before" in run(*asked)[1]


def test_only_the_same_question_is_skipped(run, no_backend):
    asked = ["explain", "in", "--output", "out"]
    run(*asked)
    before = contents()
    for flags in (
        ["--target", "dog"],
        ["--target", "dog", "--top", "2"],
        ["--method", "rise:masks=3"],
        ["--layer", "conv1"],
        ["--look", "tutorial"],
        ["--trust"],
    ):
        assert "4 done, " in run(*asked, *flags)[1]
        now = contents()
        # pictures of other questions stay as they were
        assert {name: now[name] for name in before if "results" not in name}.items() <= now.items()
        assert len(now) == len(before) + 8
        before = now
    assert {"a_dog_gradcam.jpg", "a_dog-2_gradcam.jpg", "b_conv1_gradcam.jpg"} <= set(before)
    files = [file for row in rows() for file in row["files"].split("; ")]
    assert len(set(files)) == len(files)
    no_backend()
    # what changes no result is no other question
    assert "0 done, 4 done before" in run(*asked, "--batch-size", "2", "--quiet")[1]


def test_a_photo_or_model_that_changed_is_done_anew(run, model):
    asked = ["explain", "in", "--output", "out"]
    run(*asked)
    before = contents()
    Image.fromarray(255 - tiny.photos(1)[0]).save("in/ant/a.png")
    assert "1 done, 3 done before" in run(*asked)[1]
    changed = {name for name, data in contents().items() if data != before.get(name)}
    assert changed == {"a_heatmap.jpg", "a_gradcam.jpg", "results.csv", "results.jsonl"}
    assert "0 done, 4 done before" in run(*asked)[1]
    os.utime(model / "own.keras", (1, 1))
    assert "4 done, " in run(*asked)[1]


def test_pictures_of_earlier_runs_are_no_photos(run):
    run("explain", "in", "--output", "in/bee")
    assert "0 done, 4 done before" in run("explain", "in", "--output", "in/bee")[1]
    _, out, _ = run("explain", "in/bee/b.png", "in/bee/b_gradcam.jpg", "--output", "in/bee")
    assert "1 done, 1 done before" in out  # unless they are named


def test_a_picture_that_is_gone_is_made_again(run, here, monkeypatch):
    run("explain", "in", "--output", "out")
    before = contents()
    Path("out/b_gradcam.jpg").unlink()
    monkeypatch.chdir(here / "in")
    assert "1 done, 3 done before" in run("explain", ".", "--output", here / "out")[1]
    monkeypatch.chdir(here)
    assert contents() | {k: before[k] for k in before if "results" in k} == before


def test_tables_of_others_are_left_alone(run):
    Path("out").mkdir()
    Path("out/results.csv").write_text("my,own\n")
    assert "4 done" in run("explain", "in", "--output", "out")[1]
    assert Path("out/results.csv").read_text() == "my,own\n"
    assert len(rows("out", "results-2")) == 4
    assert "0 done, 4 done before" in run("explain", "in", "--output", "out")[1]


def test_cells_are_no_formulas(run):
    for name in ("=cmd.png", "+a.png", "@b.png", "a\nb.png"):
        shutil.copy("in/ant/a.png", name)
    status, _, _ = run("explain", "./=cmd.png", "=cmd.png", "*.png", "--output", "out")
    assert status == 0
    with Path("out/results.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+@\t\r\n" and cell]
    assert records()[0]["photo"] == "./=cmd.png"
    assert len(Path("out/results.csv").read_text().splitlines()) == len(records()) + 1


def test_a_class_with_a_comma_is_one(run):
    _, out, _ = run("explain", "in/ant/a.png", "--target", "cat, small", "--json")
    assert [each["target"]["name"] for each in json.loads(out)] == ["cat, small"]
    _, out, _ = run("explain", "in/ant/a.png", "--target", '"cat, small",dog', "--json")
    assert [each["target"]["name"] for each in json.loads(out)] == ["cat, small", "dog"]


def test_locate_takes_the_same_photos_and_tells_a_line_each(run):
    status, out, _ = run("locate", "in/**/*.png", "--labels-from", "folder", "--target", "bee,dog")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == sorted(map(str, Path("in").rglob("*.png")))
    assert lines[-1].startswith("4 done, ")
    _, out, _ = run("locate", "in", "--labels-from", "folder", "--target", "bee", "--json")
    for record in json.loads(out):
        assert record["true"] == {"other": None}.get(*[Path(record["photo"]).parent.name] * 2)
        for box in record["boxes"]:
            assert box["share_of_heat"] == box["score"]
            assert 0 < box["probability"] < 1


def test_locate_says_which_figure_is_which(run):
    asked = ("locate", "in/bee/b.png", "--target", "0,1,2,3,4")
    boxes = json.loads(run(*asked, "--json")[1])[0]["boxes"]
    assert boxes
    lines = run(*asked)[1].splitlines()
    for box in boxes:
        corners = ", ".join(str(box[side]) for side in ("left", "top", "right", "bottom"))
        sure, heat = f"{box['probability']:.1%}", f"{box['share_of_heat']:.0%}"
        words = f"{box['name']} (class probability {sure}): box {corners} holds {heat} of its heat"
        assert f"  {words}" in lines
