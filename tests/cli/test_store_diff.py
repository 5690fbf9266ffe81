"""`seewhy diff` of two stores: what it tells, writes and refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import fsspec
import keras
import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import forbid_backend, run_command
from nets import tiny
from seewhy import datasets

pytestmark = pytest.mark.one_backend
LABELS = ["ant", "bee", "cat", "=dog()[red]", "\x1b[31meel"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two stores of six photos, one of them broken, by two models of other classes."""
    place = tmp_path_factory.mktemp("stores")
    (place / "in").mkdir()
    for k, pixels in enumerate(tiny.photos(6)):
        Image.fromarray(pixels).save(place / "in" / f"[red]{k}\x1b[2J.png")
    (place / "in" / "broken.png").write_bytes(b"none")
    model = tiny.plain()
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    kernel, bias = other.get_layer("predictions").get_weights()
    other.get_layer("predictions").set_weights([np.roll(kernel, 1, axis=1), np.roll(bias, 1)])
    for name, each in (("a", model), ("b", other)):
        explainer = seewhy.Explainer(each, preprocess="unit", labels=LABELS)
        datasets.run(explainer, place / "in", place / name)
    limited = datasets.RunOptions(limit=4)
    datasets.run(explainer, place / "in", place / "few", limited)
    return place


@pytest.fixture
def run(monkeypatch, capsys, folder):
    monkeypatch.chdir(folder)
    forbid_backend(monkeypatch)
    monkeypatch.setenv("COLUMNS", "140")
    return lambda *words: run_command(monkeypatch, capsys, "diff", *words)


def test_two_stores_side_by_side(run):
    status, out, err = run("a", "b")
    assert (status, err) == (0, "")
    assert "6 rows compared: A is a, B is b" in out
    assert "1 row of A without a map in B" in out
    assert "6 rows with another class (100.0%)" in out
    assert "correlation of maps" in out
    assert "0.99 to 1" in out
    assert "[red]" in out
    assert "\x1b" not in out
    known = datasets.compare("a", "b")
    assert f"{known[0].figure:.3f}" in out
    assert len([line for line in out.splitlines() if ".png" in line]) == 6
    assert (
        len([line for line in run("a", "b", "--pictures", 2)[1].splitlines() if ".png" in line])
        == 2
    )


def test_the_same_in_numbers(run):
    record = json.loads(run("a", "b", "--json", "--pictures", 1)[1])
    known = datasets.compare("a", "b")
    assert (record["compared"], record["changed"], record["differing"]) == (6, 6, 6)
    assert (record["only_a"], record["only_b"]) == (1, 1)
    assert sum(each["count"] for each in record["changes"]) == 6
    assert sum(each["count"] for each in record["correlations"]) == 6
    lowest = record["correlation"]["lowest"]
    assert lowest == pytest.approx(1 - known[0].figure, abs=1e-6)
    (worst,) = record["differences"]
    assert (worst["id"], worst["figure"]) == (known[0].id, known[0].figure)


def test_files_of_all_rows(run, tmp_path):
    status, out, _ = run("a", "b", "--output", tmp_path / "x.json", "--pictures", 0)
    assert (status, out.splitlines()[-1]) == (0, str(tmp_path / "x.json"))
    record = json.loads((tmp_path / "x.json").read_text())
    assert len(record["differences"]) == 6
    for given, place in ((tmp_path / "x.csv", "x.csv"), (tmp_path / "new", "new/diff.csv")):
        assert run("a", "b", "--output", given, "--quiet")[1] == ""
        rows = list(csv.DictReader((tmp_path / place).open(newline="")))
        assert [row["id"] for row in rows] == [each.id for each in datasets.compare("a", "b")]
        assert "'=dog()[red]" in {row["predicted_a"] for row in rows}  # no formula


def test_stores_that_do_not_differ(run):
    out = run("a", "a")[1]
    assert "no photo differs" in out
    assert ".png" not in out


def test_photos_of_one_store_only(run):
    record = json.loads(run("b", "few", "--json")[1])
    assert (record["compared"], record["only_a"], record["only_b"]) == (4, 3, 0)


def test_stores_elsewhere(run, folder):
    memory = fsspec.filesystem("memory")
    memory.put(f"{folder}/b/", "/b/", recursive=True)
    try:
        assert run("memory://me:word@b", "b")[1].startswith("6 rows compared: A is memory://b, B")
        status, out, err = run("memory://gone", "b")
        assert (status, out) == (1, "")
        assert "'memory://gone' is no store" in err
    finally:
        memory.store.clear()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "in"], "'a' is a store of seewhy run, and 'in' is none"),
        (["efficientnet-lite0", "b"], "'b' is a store of seewhy run, and 'efficientnet-lite0'"),
        (["a", "b", "in"], "PHOTOS goes with two models"),
        (["a", "b", "--method", "cam"], "--method goes with two models"),
        (["a", "b", "--layer-b", "x"], "--layer-b goes with two models"),
        (["a", "b", "--output", "x.txt"], "written as .csv or .json, not as .txt"),
        (["efficientnet-lite0", "vgg16"], "give photos"),
    ],
)
def test_what_does_not_go_together(run, words, told):
    status, out, err = run(*words)
    assert (status, out) == (1, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert not Path("diff.csv").exists()
