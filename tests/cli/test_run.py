"""`seewhy run`: its words, its status, going on, and stopping."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from helpers.commands import forbid_backend, run_command
from nets import tiny
from seewhy import datasets, images
from seewhy.cli import app, run_bar

pytestmark = pytest.mark.one_backend


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    tiny.plain().save(folder / "own.keras")
    (folder / "names.json").write_text(json.dumps(["ant", "bee", "cat, small", "dog", "eel"]))
    return folder


@pytest.fixture
def run(monkeypatch, capsys, model, tmp_path):
    """Run the command on six photos; gives exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for k, pixels in enumerate(tiny.photos(6)):
        place = Path("in", ("ant", "bee")[k % 2], f"{k}.png")
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place)

    def call(*arguments):
        own = ["--model", model / "own.keras", "--labels", model / "names.json"]
        line = ["run", *arguments, *own, "--preprocess", "unit", "--output", "store"]
        return run_command(monkeypatch, capsys, *line)

    return call


@pytest.fixture
def no_backend(monkeypatch):
    return lambda: forbid_backend(monkeypatch)


def rows():
    return list(datasets.open("store"))


def test_a_store_of_all_photos(run):
    status, out, err = run("in", "--labels-from", "folder", "--target", "cat, small", "--top", 2)
    assert (status, err) == (0, "")
    assert out.startswith("6 done, ")
    assert out.endswith(", store/\n")
    assert len(out.splitlines()) == 1
    assert [row.id for row in rows()] == sorted(
        f"{c}/{k}.png" for k, c in enumerate(["ant", "bee"] * 3)
    )
    assert {row.target for row in rows()} == {"cat, small"}
    assert {len(row.top) for row in rows()} == {2}
    assert [row.label for row in rows()] == ["ant"] * 3 + ["bee"] * 3


def test_broken_photos_are_named_and_the_status_tells(run):
    Path("in/ant/\x1b[2Jbroken.png").write_bytes(b"none")
    status, out, err = run("in", "--target", "dog,bee", "--json")
    assert status == 1
    assert "broken.png" in err
    assert "\x1b" not in err
    record = json.loads(out)
    assert (record["photos"], record["done"], record["unreadable"]) == (7, 7, 1)
    assert len(rows()) == 14
    status, out, err = run("in", "--target", "dog,bee")
    assert (status, err) == (1, "")
    assert "0 done, 7 done before, 1 of them could not be read" in out


def test_many_broken_photos_are_named_in_part(run):
    for k in range(run_bar.TOLD + 5):
        Path(f"in/bad{k:02}.png").write_bytes(b"none")
    _, out, err = run("in")
    assert len(err.splitlines()) == run_bar.TOLD + 1
    assert "column error" in err.splitlines()[-1]
    assert f"{run_bar.TOLD + 5} of them could not be read" in out


def test_parts_shards_and_going_on(run):
    assert "2 done" in run("in", "--shard-size", 2, "--shard", "2/3")[1]
    assert not Path("store/part-00000.parquet").exists()
    status, out, _ = run("in", "--shard-size", 2)
    assert (status, out[:22]) == (0, "4 done, 2 done before,")
    assert len(list(Path("store").glob("part-*"))) == 3


def test_a_class_of_a_model_without_names_is_told_before_anything_is_written(
    run, model, monkeypatch, capsys
):
    line = ["run", "in", "--model", model / "own.keras", "--preprocess", "unit"]
    for target in ("77", "zebra"):
        status, _, err = run_command(
            monkeypatch, capsys, *line, "--target", target, "--output", "store"
        )
        assert (status, target in err) == (1, True)
        assert not Path("store").exists()
    status, _, err = run_command(
        monkeypatch, capsys, *line[:1], "nowhere", *line[2:], "--target", "1", "--output", "store"
    )
    assert (status, "nowhere" in err) == (1, True)
    assert run_command(monkeypatch, capsys, *line, "--target", "1", "--output", "store")[0] == 0


def test_a_wrong_word_is_told_before_a_backend_is_loaded(run, no_backend):
    run("in")
    no_backend()
    for words, told in (
        (["in", "--method", "layer-cam"], "method 'grad_cam', now 'layer_cam'"),
        (["in", "--fit", "crop"], "fit 'squash', now 'crop'"),
        (["in", "--target", "dog"], "targets ['top'], now ['dog']"),
        (["in/ant"], "sources "),
        (["in", "--target", "wolf"], "wolf"),
        (["in", "--shard", "4/3"], "4/3"),
    ):
        status, out, err = run(*words)
        assert (status, out) == (1, "")
        assert told in err, err
        assert len(err.splitlines()) == 1


def test_a_wrong_source_makes_no_store(run, no_backend):
    no_backend()
    status, _, err = run("inn")
    assert status == 1
    assert "no file or folder 'inn'" in err
    assert not Path("store").exists()


def test_ctrl_c_finishes_the_part_in_hand(run, monkeypatch):
    real, pressed = images.load, []

    def load(source, **how):
        if not pressed:
            pressed.append(source)
            os.kill(os.getpid(), signal.SIGINT)
        return real(source, **how)

    monkeypatch.setattr(images, "load", load)
    before = signal.getsignal(signal.SIGINT)
    status, out, err = run("in", "--shard-size", 2)
    assert status == 130
    assert out == ""
    assert "the part in hand is finished first" in err
    assert "2 done, " in err
    assert "the same command goes on" in err
    assert len(list(Path("store").glob("part-*"))) == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert "4 done, 2 done before" in run("in", "--shard-size", 2)[1]


def test_ctrl_c_twice_stops_at_once(run, monkeypatch):
    real, tell, told = images.load, run_bar.session.tell_problem, threading.Event()

    def heard(text):
        tell(text)
        told.set()

    def load(source, **how):
        if not told.is_set():
            os.kill(os.getpid(), signal.SIGINT)
            # or both would be one, where the process is busy
            assert told.wait(60)
            os.kill(os.getpid(), signal.SIGINT)
        return real(source, **how)

    with monkeypatch.context() as patched:
        patched.setattr(images, "load", load)
        patched.setattr(run_bar.session, "tell_problem", heard)
        status, _, err = run("in", "--workers", 1)
    assert status == 130
    assert "behind the last finished part" in err
    assert not list(Path("store").glob("part-*"))
    assert run("in")[0] == 0


def test_the_bar_tells_how_far_it_is(run, monkeypatch):
    Path("in/bad.png").write_bytes(b"none")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    _, out, err = run("in", "--batch-size", 1)
    assert "7/7" in err
    assert "a second" in err
    assert "1 unreadable" in err
    assert "7/7" not in out
    _, _, err = run("in", "--batch-size", 1, "--quiet")
    assert "7/7" not in err


def test_where_there_is_no_terminal_lines_tell_how_far_it_is(run, monkeypatch):
    monkeypatch.setattr(run_bar, "EVERY", 0)
    _, _, err = run("in", "--batch-size", 2)
    lines = err.splitlines()
    assert [line[:18] for line in lines] == [f"seewhy: {k} of 6 don" for k in (0, 2, 4, 6)]
    assert "a second" in lines[-1]


def test_explain_tells_of_it_for_very_many_photos(run, monkeypatch, capsys):
    from seewhy.cli import explain_photos

    monkeypatch.setattr(explain_photos, "MANY", 5)
    monkeypatch.setattr(sys, "argv", ["seewhy", "explain", "in", "--model", "no.keras"])
    with pytest.raises(SystemExit):
        app.main()
    assert "seewhy run" not in capsys.readouterr().err
    monkeypatch.setattr(explain_photos.Run, "go", lambda self: None)
    for words, told in (([], True), (["--quiet"], False)):
        monkeypatch.setattr(sys, "argv", ["seewhy", "explain", "in", *words])
        with pytest.raises(SystemExit):
            app.main()
        assert ("seewhy run keeps the maps" in capsys.readouterr().err) == told
