"""`seewhy methods`, and options of methods on the command line."""

from __future__ import annotations

import json
import sys

import pytest
from PIL import Image

from nets import tiny
from seewhy import methods
from seewhy.cli import app


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["seewhy", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        out, err = capsys.readouterr()
        code = stopped.value.code
        return (1, out, err + code) if isinstance(code, str) else (code or 0, out, err)

    return call


def test_all_methods_are_listed(run, monkeypatch):
    status, out, _ = run("methods", "--json")
    assert status == 0
    records = json.loads(out)
    assert [one["name"] for one in records] == [entry.name for entry in methods.all_methods()]
    for one in records:
        assert all(one[key] for key in ("summary", "family", "needs", "cost", "paper", "use"))
        assert one["avoid"]
        assert one["family"] in methods.FAMILIES
    status, out, _ = run("methods", "--verbose")
    assert status == 0
    words = " ".join(out.split())
    for entry in methods.all_methods():
        parts = (entry.name, entry.family, entry.cost, entry.paper, entry.use, entry.avoid)
        assert all(" ".join(part.split()) in words for part in (*parts, *entry.needs))
    monkeypatch.setenv("COLUMNS", "100")
    status, brief, _ = run("methods")
    assert status == 0
    lines = brief.splitlines()
    for entry in methods.all_methods():
        (line,) = [line for line in lines if line.split()[:1] == [entry.name]]
        assert entry.use[:20] in line
    assert max(map(len, lines)) <= 100
    assert run("methods", "--brief")[1] == brief  # as it was called before


def test_one_method_in_full(run):
    status, out, _ = run("methods", "guided backprop")
    assert status == 0
    assert "sanity checks" in " ".join(out.split())
    assert "arXiv:1412.6806" in out
    status, _, err = run("methods", "gradcan")
    assert status == 1
    assert "Did you mean 'grad_cam'" in err


def test_options_of_a_method(run):
    tiny.plain().save("own.keras")
    Image.fromarray(tiny.photos(1)[0]).save("photo.png")
    given = ["explain", "photo.png", "--model", "own.keras", "--preprocess", "unit", "--json"]
    status, out, err = run(
        *given, "--method", "rise", "--option", "masks=7", "--option", "probability=0.25"
    )
    assert status == 0, err
    options = json.loads(out)[0]["options"]["method"]
    assert (options["masks"], options["probability"], options["cells"]) == (7, 0.25, 8)
    status, out, _ = run(*given, "--method", "recipro-cam", "--option", "gaussian=no")
    assert json.loads(out)[0]["options"]["method"] == {"gaussian": False}


@pytest.mark.parametrize(
    ("option", "pattern"),
    [
        ("masks", "NAME=VALUE"),
        ("steps=3", "no option 'steps'. It has masks=2000"),
        ("masks=many", "a whole number; got 'many'"),
    ],
)
def test_wrong_options(run, option, pattern):
    status, _, err = run("explain", "photo.png", "--method", "rise", "--option", option)
    assert status == 1
    assert pattern in err
