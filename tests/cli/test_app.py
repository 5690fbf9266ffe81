"""The command line end to end, on the bundled network and on a model of one's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nets import tiny
from seewhy.cli import app
from seewhy.targets.labels import DATA

CHELSEA = DATA / "chelsea.png"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run the command in an empty folder; gives exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["seewhy", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        out, err = capsys.readouterr()
        code = stopped.value.code
        if isinstance(code, str):  # what sys.exit writes to stderr itself
            code, err = 1, err + code
        return code or 0, out, err

    return call


@pytest.fixture(scope="module")
def own_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "own.keras"
    tiny.plain().save(path)
    return path


@pytest.fixture
def own(own_model, run):
    """Run `explain` with a tiny model of one's own."""
    return lambda *a: run("explain", *a, "--model", own_model, "--preprocess", "unit")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(tiny.photos(1)[0]).save(path)
    return path


def test_the_bundled_network_sees_the_cat(run):
    status, out, _ = run("explain", CHELSEA, "--target", "cat")
    assert status == 0
    for text in ("n02124075", "Egyptian_cat", "cat (5 classes)", "top_activation", "%"):
        assert text in out
    for name in ("chelsea_heatmap.jpg", "chelsea_gradcam.jpg"):
        assert Image.open(name).size == (451, 300)
        assert name in out


def test_demo(run):
    status, out, _ = run("demo", "--output", "demo")
    assert status == 0
    assert Path("demo/chelsea_gradcam.jpg").exists()
    assert "Egyptian_cat" in out


def test_the_pictures_are_the_tutorials(own, photo):
    import cv2

    _, out, _ = own(photo, "--target", 2, "--format", "png", "--look", "tutorial", "--json")
    (record,) = json.loads(out)
    grid = np.maximum(np.array(record["grid"], "float32"), 0)
    heatmap = cv2.resize(grid / grid.max(), (48, 48))
    colours = cv2.applyColorMap(np.uint8(255 * heatmap), cv2.COLORMAP_JET)[..., ::-1]
    pixels = np.asarray(Image.open(photo))
    overlay = np.clip(np.rint(0.4 * colours.astype(float) + pixels), 0, 255).astype("uint8")
    written = [np.asarray(Image.open(name)).astype(int) for name in record["files"]]
    # a level more or less where float rounding decides: 4 steps of the table, times 0.4
    assert np.mean(written[0] != colours) < 0.01
    assert np.abs(written[0] - colours).max() <= 4
    assert np.abs(written[1] - overlay).max() <= 2


def test_json(own, photo, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("alpha\nbeta\ngamma\ndelta\nepsilon\n")
    flags = ["--labels", names, "--target", "beta", "--target", 4, "--top", 2, "--json"]
    status, out, _ = own(photo, *flags, "--method", "HiResCAM", "--output", "new/folder")
    assert status == 0
    records = json.loads(out)
    assert [r["target"]["name"] for r in records] == ["beta", "epsilon"]
    for record in records:
        assert record["photo"] == str(photo)
        assert record["layer"] == "relu3"
        assert record["method"] == "hires_cam"
        assert np.array(record["grid"]).shape == (16, 16)
        blind = bool(np.array(record["grid"]).max() <= 0)
        assert [w.partition(":")[0] for w in record["warnings"]] == ["no-positive-evidence"] * blind
        assert len(record["predictions"]) == 2
        assert set(record["predictions"][0]) == {"index", "wnid", "name", "probability"}
        assert [Path(f).name for f in record["files"]] == [
            f"photo_{record['target']['name']}_heatmap.jpg",
            f"photo_{record['target']['name']}_hirescam.jpg",
            "photo_sheet.jpg",
        ]
        assert all(Path(f).exists() for f in record["files"])


def test_many_photos_and_one_broken(own, tmp_path):
    paths = []
    for i, pixels in enumerate(tiny.photos(11)):
        folder = tmp_path / str(i % 2)
        folder.mkdir(exist_ok=True)
        paths.append(folder / f"photo{i // 2}.png")
        Image.fromarray(pixels).save(paths[-1])
    paths[3].write_bytes(paths[3].read_bytes()[:200])
    status, out, err = own(*paths, "--json", "--format", "png")
    assert status == 1
    records = json.loads(out)
    assert [r["photo"] for r in records] == [str(p) for p in paths]
    assert [i for i, r in enumerate(records) if "error" in r] == [3]
    assert str(paths[3]) in err
    assert "Traceback" not in err
    files = [file for r in records if "files" in r for file in r["files"]]
    assert len(set(files)) == len(files) == 20
    # the broken one left nothing, and each photo has its own map
    assert len(list(Path().glob("*.png"))) == 20
    alone = json.loads(own(paths[9], "--json")[1])[0]["grid"]
    np.testing.assert_allclose(records[9]["grid"], alone, rtol=1e-3, atol=1e-6)


def test_pictures_never_overwrite_photos(own, tmp_path):
    first, second = tmp_path / "a.png", tmp_path / "a_heatmap.png"
    for path, pixels in zip((first, second), tiny.photos(2), strict=True):
        Image.fromarray(pixels).save(path)
    before = second.read_bytes()
    assert own(first, second, "--format", "png")[0] == 0
    assert second.read_bytes() == before


def test_all_top(own, photo):
    _, out, _ = own(photo, "--target", "all-top", "--top", 3, "--json")
    records = json.loads(out)
    assert [r["target"]["index"] for r in records] == [
        p["index"] for p in records[0]["predictions"]
    ]


BAD = {
    "missing photo": (["no.jpg"], {}, "no.jpg"),
    "empty photo": (["bad"], {"bad": b""}, "empty"),
    "text": (["bad.jpg"], {"bad.jpg": b"hello, I am no photo"}, "bad.jpg"),
    "empty folder": (["empty"], {"empty/x.txt": b"x"}, "no photos"),
    "pattern": (["*.tiff"], {}, "matches no photo"),
    "list": (["@no.txt"], {}, "no list"),
    "unknown class": (["photo.png", "--target", "7"], {}, "0 to 4"),
    "unknown layer": (["photo.png", "--layer", "relu"], {}, "relu3"),
    "layer behind the head": (["photo.png", "--layer", "gap"], {}, "no space"),
    "unknown method": (["photo.png", "--method", "magic"], {}, "grad_cam"),
    "unknown colour map": (["photo.png", "--colormap", "jett"], {}, "jet"),
    "missing labels": (["photo.png", "--labels", "no.txt"], {}, "no.txt"),
    "too few labels": (["photo.png", "--labels", "l.txt"], {"l.txt": b"one\ntwo\n"}, "5"),
    "output is a file": (["photo.png", "--output", "file"], {"file": b"x"}, "--output"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_one_clear_line(kind, own, photo, tmp_path):
    arguments, files, text = BAD[kind]
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    before = sorted(tmp_path.iterdir())
    status, _, err = own(*arguments)
    assert status == 1
    assert len(err.strip().splitlines()) == 1
    assert text in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("vgg61", "vgg16"),
        ("no.keras", "no.keras"),
        ("photo.png", "photo.png"),
    ],
)
def test_bad_models(run, photo, model, text):
    status, _, err = run("explain", photo, "--model", model)
    assert status == 1
    assert len(err.strip().splitlines()) == 1
    assert text in err


def test_a_warning_is_printed(run, tmp_path, photo):
    model = tiny.plain("logits")
    kernel, bias = model.get_layer("predictions").get_weights()
    model.get_layer("predictions").set_weights([-np.abs(kernel), bias])
    model.save(tmp_path / "negative.keras")
    flags = ["--model", "negative.keras", "--preprocess", "unit", "--target", 0]
    status, out, _ = run("explain", photo, *flags)
    assert status == 0
    assert "no-positive-evidence" in out


@pytest.mark.framework_free
def test_models_lists_the_presets(run):
    _, out, _ = run("models", "--json")
    records = json.loads(out)
    assert [r["name"] for r in records[:2]] == ["efficientnet_lite0", "vgg16"]
    assert records[0]["weights"] == "bundled"
    assert records[0]["layer"] == "top_activation"
    assert records[1]["layer"] == "block5_conv3"
    assert records[1]["size"] == 224
    status, out, _ = run("models")
    assert status == 0
    assert "vgg16" in out


@pytest.mark.framework_free
@pytest.mark.parametrize("arguments", [["--help"], ["explain", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys; from seewhy.cli import app; sys.argv = ['seewhy', *sys.argv[1:]]\n"
        "try: app.main()\n"
        "finally: print(sorted({'keras', 'numpy', 'PIL', 'matplotlib', 'tensorflow', 'jax', "
        "'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


@pytest.mark.framework_free
def test_python_m_seewhy():
    done = subprocess.run(
        [sys.executable, "-m", "seewhy", "explain", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "120", "PATH": ""},
    )
    assert "seewhy explain cat.jpg" in done.stdout
    for flag in ("--model", "--target", "--top", "--method", "--layer", "--scores", "--size"):
        assert flag in done.stdout
    for flag in ("--fit", "--blend", "--alpha", "--colormap", "--output", "--format", "--labels"):
        assert flag in done.stdout
    for flag in ("--preprocess", "--json", "--weights"):
        assert flag in done.stdout


def test_large_photos_are_read_and_drawn_smaller(own, tmp_path, monkeypatch):
    monkeypatch.setattr("seewhy.images.photo.LEAST_SIDE", 16)
    monkeypatch.setattr("seewhy.render.drawn_size.MOST_DRAWN", 40)
    Image.fromarray(tiny.photos(1)[0]).resize((160, 120)).save(tmp_path / "large.jpg")
    for flags, size in (([], (40, 30)), (["--full-size"], (160, 120))):
        status, out, _ = own("large.jpg", "--format", "png", *flags)
        assert status == 0
        assert ("of its 160 × 120 pixels, 40 × 30 were read" in out) is (not flags)
        with Image.open(tmp_path / "large_gradcam.png") as picture:
            assert picture.size == size
