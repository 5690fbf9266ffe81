"""The flags of the command that ask other questions, other layers and other outputs."""

from __future__ import annotations

import json
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from nets import tiny
from seewhy.cli import app


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
def files(tmp_path_factory):
    """Paths of a photo, of a model and of its labels."""
    folder = tmp_path_factory.mktemp("files")
    Image.fromarray(tiny.photos(1)[0]).save(folder / "photo.png")
    tiny.plain().save(folder / "own.keras")
    (folder / "names.txt").write_text("ant\nbee\ncat\ndog\neel\n")
    return folder


@pytest.fixture
def ask(run, files):
    """The records that `explain --json` prints."""

    def call(*arguments):
        model = ["--model", files / "own.keras", "--labels", files / "names.txt"]
        status, out, err = run(
            "explain", files / "photo.png", *model, "--preprocess", "unit", "--json", *arguments
        )
        assert status == 0, err
        return json.loads(out)

    return call


def test_why_one_class_rather_than_another(ask):
    one, other, both = (
        ask(*flags)[0]
        for flags in (
            ["--why", "cat"],
            ["--target", "dog"],
            ["--why", "cat", "--rather-than", "dog"],
        )
    )
    assert one["target"]["name"] == "cat"
    assert both["target"]["name"] == "cat rather than dog"
    assert [part["name"] for part in both["target"]["classes"]] == ["cat", "dog"]
    difference = one["target"]["score"] - other["target"]["score"]
    assert both["target"]["score"] == pytest.approx(difference, rel=1e-4)
    np.testing.assert_allclose(
        both["grid"], np.subtract(one["grid"], other["grid"]), rtol=1e-3, atol=1e-5
    )
    assert any("cat_rather_than_dog" in name or "gradcam" in name for name in both["files"])


def test_rather_than_alone_asks_for_the_top_class(ask):
    top, margin = ask()[0], ask("--rather-than", "eel")[0]
    assert margin["target"]["name"] == f"{top['target']['name']} rather than eel"


def test_against(ask):
    evidence, against = ask("--target", "cat", "--against", "cat")
    np.testing.assert_allclose(against["grid"], np.negative(evidence["grid"]), rtol=1e-4)
    assert against["target"]["name"] == "against cat"


def test_layers_by_index_and_fused(ask):
    assert ask("--layer", "-1")[0]["layer"] == "relu3"
    fused = ask("--layer", "conv1", "--layer", "relu3", "--fuse", "product")[0]
    assert fused["layer"] == "conv1 + relu3"
    assert fused["options"]["fuse"] == "product"
    assert np.shape(fused["grid"]) == (32, 32)
    assert np.min(fused["grid"]) >= 0


def test_a_common_scale_shows_which_class_is_stronger(ask):
    flags = ["--target", "0", "--target", "1", "--target", "2", "--format", "png"]
    own = ask(*flags, "--output", "own", "--own-scales")
    common = ask(*flags, "--output", "common")
    largest = [np.max(record["grid"]) for record in own]
    strong, weak = int(np.argmax(largest)), int(np.argmin(largest))
    assert largest[weak] < 0.7 * largest[strong]

    def same(k):
        pictures = [np.asarray(Image.open(records[k]["files"][0])) for records in (own, common)]
        return np.array_equal(*pictures)

    assert same(strong)
    assert not same(weak)


def test_diagnostics_in_json(ask):
    diagnostics = ask("--target", "cat")[0]["diagnostics"]
    assert diagnostics["logits_found"] is True
    assert diagnostics["gradient_reaches_layer"] is True
    assert 0 <= diagnostics["clipped"] <= 1


def test_another_output(run, files, tmp_path):
    image = keras.Input((32, 32, 3))
    x = keras.layers.GlobalAveragePooling2D()(tiny.trunk(image))
    outputs = {
        "kind": keras.layers.Dense(3, activation="softmax", name="kind")(x),
        "place": keras.layers.Dense(4, activation="softmax", name="place")(x),
    }
    tiny.fixed(keras.Model(image, outputs)).save(tmp_path / "two.keras")
    flags = ["--model", tmp_path / "two.keras", "--preprocess", "unit", "--json"]
    _, out, _ = run("explain", files / "photo.png", *flags)
    (record,) = json.loads(out)
    assert any(text.startswith("output-chosen") for text in record["warnings"])
    _, out, _ = run("explain", files / "photo.png", *flags, "--model-output", "place", "--top", 4)
    (record,) = json.loads(out)
    assert record["diagnostics"]["output"] == "place"
    assert len(record["predictions"]) == 4
    assert not any(text.startswith("output-chosen") for text in record["warnings"])
    status, _, err = run("explain", files / "photo.png", *flags, "--model-output", "size")
    assert status == 1
    assert "'kind'" in err


def test_the_tree_of_layers(run, files):
    status, out, _ = run("layers", files / "own.keras")
    assert status == 0
    assert "relu3" in out
    assert "default" in out
    _, out, _ = run("layers", files / "own.keras", "--json")
    rows = json.loads(out)
    assert [row["path"] for row in rows if row["default"]] == ["relu3"]
    status, _, err = run("layers", "nothing.keras")
    assert status == 1
    assert "nothing.keras" in err


def test_layers_of_a_preset_need_no_weights(run):
    status, out, _ = run("layers", "vgg16")
    assert status == 0
    assert "block5_conv3" in out


def test_an_unknown_class_to_compare_with(run, files):
    flags = ["--model", files / "own.keras", "--preprocess", "unit", "--rather-than", "cow"]
    status, _, err = run("explain", files / "photo.png", *flags)
    assert status == 1
    assert "no class is called 'cow'" in err
