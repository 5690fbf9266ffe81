"""What `compare` and `diff` tell, by word and by status."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from nets import tiny
from seewhy.cli import app
from seewhy.cli.arguments import options
from seewhy.errors import BackendError

pytestmark = pytest.mark.one_backend


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    model = tiny.plain()
    model.save("a.keras")
    kernel, bias = model.get_layer("predictions").get_weights()
    model.get_layer("predictions").set_weights([np.roll(kernel, 1, axis=1), np.roll(bias, 1)])
    model.save("b.keras")
    for name, pixels in zip("xyz", tiny.photos(3), strict=True):
        Image.fromarray(pixels).save(f"{name}.png")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["seewhy", *arguments, "--preprocess", "unit"])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        out, err = capsys.readouterr()
        code = stopped.value.code
        return (1, out, err + code) if isinstance(code, str) else (code or 0, out, err)

    return call


def compare(run, *flags):
    return run("compare", "x.png", "--model", "a.keras", *flags)


def test_a_method_that_does_not_exist(run):
    status, out, err = compare(run, "--method", "grad-cam,gradcan", "--output", "sheets")
    assert status == 1
    assert "gradcan" in err
    assert out.split() == [str(Path("sheets/x_compared.jpg"))]
    assert Path("sheets/x_compared.jpg").exists()
    status, out, err = compare(run, "--method", "gradcan", "--method", "none", "--output", "no")
    assert (status, out) == (1, "")
    assert "gradcan" in err
    assert "none" in err
    assert not Path("no").exists()


def test_a_method_that_cannot_explain(run):
    asked = ("--method", "grad-cam,attention-rollout", "--json")
    status, out, err = compare(run, *asked)
    assert status == 0  # its place on the sheet says why
    assert "attention_rollout" in err
    assert ["error" in record for record in json.loads(out)] == [False, True]


def test_old_and_new_words_mean_the_same(run):
    new = compare(run, "--method", "cam,rise:masks=9", "--layer", "relu3", "--target", "0,1")
    old = compare(run, "--methods", "cam,rise:masks=9", "--layers", "relu3", "--targets", "0,1")
    assert new[0] == old[0] == 0
    flags = ("--methods", "cam", "--method", "rise:masks=9", "--target", "0", "--json")
    records = json.loads(compare(run, *flags, "--sheet", "old.png")[1])
    assert [record["method"] for record in records] == ["rise", "cam"]
    assert records[0]["options"]["method"]["masks"] == 9
    assert {file for record in records for file in record["files"]} == {"old.png"}
    assert compare(run, "--method", "cam", "--quiet")[1:] == ("", "")


def test_no_photo_differs(run):
    pair = ("diff", "a.keras", "a.keras", "x.png", "y.png", "z.png", "--output", "same")
    status, out, _ = run(*pair)
    assert status == 0
    first, last = out.splitlines()
    assert first.startswith("no photo differs")
    assert last.startswith("3 done, ")
    assert not Path("same").exists()
    records = json.loads(run(*pair, "--json")[1])
    assert [record["figure"] for record in records] == [0, 0, 0]


def test_photos_that_differ(run):
    pair = ("diff", "a.keras", "b.keras", "x.png", "y.png", "--output", "other")
    status, out, _ = run(*pair)
    assert status == 0
    assert "no photo differs" not in out
    assert {path.name for path in Path("other").iterdir()} == {
        "diff.csv",
        "x_diff.jpg",
        "y_diff.jpg",
    }
    assert len(run(*pair, "--quiet")[1].splitlines()) == 1


def test_backends_cannot_change(monkeypatch):
    running = keras.backend.backend()
    monkeypatch.setenv("KERAS_BACKEND", running)
    options.use_backend(None)
    options.use_backend(running)
    another = "torch" if running == "jax" else "jax"
    with pytest.raises(BackendError, match=f"Keras runs on '{running}' already"):
        options.use_backend(another)
    with pytest.raises(BackendError, match=r"--backend takes one of .*openvino.*mean 'jax'"):
        options.use_backend("jxa")
    monkeypatch.delitem(sys.modules, "keras")
    options.use_backend(another)
    import os

    assert os.environ["KERAS_BACKEND"] == another
