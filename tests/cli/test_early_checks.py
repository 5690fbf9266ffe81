"""What is wrong with words of the command line is told before a backend is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from nets import tiny
from seewhy.cli import app, session

pytestmark = pytest.mark.framework_free


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command in a folder with a photo, where no backend may be loaded."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(tiny.photos(1)[0]).save("photo.png")
    Path("model.keras").write_bytes(b"no model")
    Path("names.txt").write_text("one\n\ntwo\n")
    Path("bad.jpg").write_bytes(b"hello")

    def fail():
        raise AssertionError("a backend is loaded")

    monkeypatch.setattr(session, "load_backend", fail)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["seewhy", *arguments])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        out, err = capsys.readouterr()
        code = stopped.value.code
        return (1, out, err + code) if isinstance(code, str) else (code or 0, out, err)

    return call


COMMANDS = {
    "explain": ["explain"],
    "locate": ["locate"],
    "concepts": ["concepts"],
    "compare": ["compare"],
    "debug": ["debug", "--true", "cat"],
    "diff": ["diff", "vgg16", "vgg19"],
    "evaluate": ["evaluate", "--boxes", "b.json"],
    "benchmark": ["benchmark"],
}
PHOTOS = {
    "missing": ("missing.jpg", "there is no file 'missing.jpg'"),
    "no photo": ("bad.jpg", "bad.jpg"),
    "pattern": ("no/*.jpg", "matches no photo"),
    "list": ("@no.txt", "no list"),
}


@pytest.mark.parametrize("kind", PHOTOS)
@pytest.mark.parametrize("command", COMMANDS)
def test_photos(run, command, kind):
    word, text = PHOTOS[kind]
    before = sorted(Path().rglob("*"))
    status, out, err = run(*COMMANDS[command], word)
    assert (status, out) == (1, "")
    assert text in err
    assert len(err.strip().splitlines()) == 1
    assert sorted(Path().rglob("*")) == before


FLAGS = {
    "no preset": (["--model", "vgg61"], "vgg16"),
    "no file": (["--model", "no.keras"], "no.keras"),
    "no model": (["--model", "model.keras"], "not a zip archive"),
    "labels": (["--labels", "no.txt"], "no.txt"),
    "broken labels": (["--labels", "names.txt"], "line 2"),
}


@pytest.mark.parametrize("kind", FLAGS)
@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"diff"}))
def test_files(run, command, kind):
    flags, text = FLAGS[kind]
    status, _, err = run(*COMMANDS[command], "photo.png", *flags)
    assert status == 1
    assert text in err


METHODS = {
    "method": (["--method", "gradcan"], "grad_cam"),
    "option": (["--method", "rise:steps=3"], "no option 'steps'"),
    "value": (["--method", "rise:masks=many"], "whole number"),
}


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"concepts"}))
def test_methods(run, command, kind):
    flags, text = METHODS[kind]
    status, _, err = run(*COMMANDS[command], "photo.png", *flags)
    assert status == 1
    assert text in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["explain", "photo.png", "--colormap", "jett"], "jet"),
        (["explain", "photo.png", "--sizes", "a"], "224,384"),
        (["explain", "photo.png", "--method", "rise,cam"], "one method; got 2"),
        (["explain", "photo.png", "--weights", "no.h5"], "no.h5"),
        (["explain", "photo.png", "--output", "bad.jpg"], "--output"),
        (["compare", "photo.png", "--output", "a.gif"], ".gif"),
        (["compare", "photo.png", "--output", "photo.png"], "the photo itself"),
        (["concepts", "photo.png", "--layer", "a,b"], "one layer; got a, b"),
        (["diff", "vgg16", "no.keras", "photo.png"], "no.keras"),
        (["explain", "photo.png", "--target", "top,tabyb"], "no class is called 'tabyb'"),
        (["explain", "photo.png", "--against", "crane, no"], "no class is called 'crane, no'"),
        (["locate", "photo.png", "--target", "1000"], "0 to 999"),
        (["debug", "photo.png", "--true", "catt"], "no class is called 'catt'"),
        (["evaluate", "photo.png", "--boxes", "no.json"], "no.json"),
        (["benchmark", "photo.png", "--metric", "nothing"], "nothing"),
        (["benchmark", "photo.png", "--metric", "box-iou"], "box"),
        (["locate", "photo.png", "--output", "bad.jpg/in"], "--output"),
        (["benchmark", "photo.png", "--target", "a", "--target", "b"], "got 2: a, b"),
        (["layers", "no.keras"], "no.keras"),
        (["methods", "gradcan"], "grad_cam"),
    ],
)
def test_options(run, arguments, text):
    status, _, err = run(*arguments)
    assert status == 1
    assert text in err


def test_photos_of_which_none_can_be_read_are_all_told(run):
    status, out, err = run("explain", "bad.jpg", "missing.jpg", "--json")
    assert status == 1
    assert out.count('"error"') == 2
    assert len(err.strip().splitlines()) == 3  # and the closing line


@pytest.mark.parametrize("arguments", [["explain", "missing.jpg"], ["locate", "*.png"]])
def test_a_wrong_path_imports_no_keras(arguments, tmp_path):
    code = (
        "import sys; from seewhy.cli import app; sys.argv = ['seewhy', *sys.argv[1:]]\n"
        "try: app.main()\n"
        "finally: print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    line = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.strip() == "[]"
