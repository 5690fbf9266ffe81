"""Where two models look differently: `seewhy.diff` and the command."""

from __future__ import annotations

import csv
import io
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

NAMES = ["spot", "other"]
SETTINGS = {"labels": NAMES, "preprocess": "unit", "layer": "light", "method": "hires-cam"}


def looking(left: float, right: float, side: int = 16) -> keras.Model:
    """A model whose first class is the light on the left and on the right, so much of each."""
    image = keras.Input((side, side, 3))
    x = layers.Conv2D(1, 1, activation="relu", use_bias=False, name="light")(image)
    made = keras.Model(image, layers.Dense(2, name="halves")(layers.Flatten()(x)))
    made.get_layer("light").set_weights([np.full((1, 1, 3, 1), 1 / 3, "float32")])
    weights = np.zeros((side, side, 2), "float32")
    weights[:, : side // 2, 0], weights[:, side // 2 :, 0] = left, right
    made.get_layer("halves").set_weights([weights.reshape(-1, 2), np.zeros(2, "float32")])
    return made


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """One photo with spots on both sides, and one that is bright on the left only."""
    folder = tmp_path_factory.mktemp("diff")
    both = np.zeros((48, 48, 3), "uint8")
    both[9:21, 6:18] = both[27:39, 30:42] = 255
    Image.fromarray(both).save(folder / "both.png")
    both[:, 24:] = 0
    Image.fromarray(both).save(folder / "one.png")
    return folder


def test_a_model_and_itself(photos):
    model = looking(1, 1)
    found = seewhy.diff(model, model, str(photos), **SETTINGS)
    assert len(found) == 2
    for one in found:
        assert (one.figure, one.distance, one.note) == (0, 0, "No difference.")
        assert not one.map().any()


def test_models_that_look_elsewhere(photos):
    found = seewhy.diff(looking(1, 0.1), looking(0.1, 1), [photos / "both.png"], **SETTINGS)
    one = found.differences[0]
    assert one.figure > 0.8
    # the centres of the spots are 24 pixels to the right and 18 down of each other
    assert one.distance == pytest.approx(30, abs=6)
    difference = one.map()
    assert difference[15, 12] > 0.8
    assert difference[33, 36] < -0.8
    picture = np.asarray(one.picture().convert("RGB")).astype(int)
    # the last tile: red on the left spot, blue on the right one
    assert (picture[..., 0] - picture[..., 2]).max() > 200
    assert (picture[..., 2] - picture[..., 0]).max() > 100


def test_the_most_different_comes_first_whatever_the_sizes(photos):
    small, large = looking(1, 0.2), looking(0.2, 1, side=32)
    found = seewhy.diff(small, large, [photos], **SETTINGS)
    assert [one.photo[-8:] for one in found] == ["both.png", "/one.png"]
    # where only one spot is there to be seen both look at it; grids of other sizes blur it
    assert found.differences[1].figure < 0.1
    rows = list(csv.DictReader(io.StringIO(found.csv())))
    assert [row["photo"] for row in rows] == [one.photo for one in found]
    np.testing.assert_allclose(float(rows[0]["figure"]), found.differences[0].figure, atol=1e-6)


def test_what_the_figure_does_not_tell(photos):
    found = seewhy.diff(looking(1, 1), looking(-1, -1), photos / "one.png", **SETTINGS)
    one = found.differences[0]
    assert one.figure == 1
    assert np.isnan(one.distance)
    assert one.note == "A decides spot, B decides other. Nothing speaks for spot in B."


def test_classes_that_the_other_does_not_have(photos):
    first = seewhy.Explainer(looking(1, 1), **SETTINGS)
    second = seewhy.Explainer(looking(1, 1), **SETTINGS | {"labels": ["cat", "dog"]})
    with pytest.raises(errors.TargetError, match="'spot', which model B does not know"):
        seewhy.diff(first, second, photos / "one.png")


def test_a_quantised_model_says_what_it_can_tell(photos):
    model = looking(1, 0.3)
    quantised = keras.models.clone_model(model)
    quantised.set_weights(model.get_weights())
    quantised.quantize("int8")
    found = seewhy.diff(model, quantised, photos / "both.png", **SETTINGS)
    one = found.differences[0]
    # int8 weights are 0.4 % off at most, and the gradient passes rounding straight through
    assert one.figure < 0.02
    assert one.b.map.any()


def test_the_command(photos, tmp_path, monkeypatch, capsys):
    looking(1, 0.1).save(tmp_path / "a.keras")
    looking(0.1, 1).save(tmp_path / "b.keras")
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    line = ["seewhy", "diff", str(tmp_path / "a.keras"), str(tmp_path / "b.keras"), str(photos)]
    line += [str(tmp_path / "no.jpg"), "--labels", str(tmp_path / "names.txt")]
    line += ["--preprocess", "unit", "--layer", "light", "--method", "hires-cam"]
    line += ["--output", str(tmp_path / "out"), "--pictures", "1"]
    for extra in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", [*line, *extra])
        with pytest.raises(SystemExit) as ended:
            app.main()
        assert ended.value.code == 1
        printed = capsys.readouterr()
        assert "there is no file" in printed.err
    records = json.loads(printed.out)
    assert [one["photo"][-8:] for one in records] == ["both.png", "/one.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "both_diff.jpg",
        "diff.csv",
    ]
    (tmp_path / "out" / "both_diff.jpg").unlink()
    (tmp_path / "out" / "both_diff.jpg" / "in the way").mkdir(parents=True)
    (tmp_path / "out" / "diff.csv").unlink()
    with pytest.raises(SystemExit) as ended:
        app.main()
    printed = capsys.readouterr()
    assert "both.png' cannot be written" in printed.err
    assert len(json.loads(printed.out)) == 2
    assert (tmp_path / "out" / "diff.csv").exists()
