"""Methods, layers and targets side by side, from Python and from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from nets import tiny
from seewhy import errors
from seewhy.cli import app
from seewhy.explainer.explainer import Explainer

pytestmark = pytest.mark.one_backend

LABELS = ["ant", "bee", "cat", "dog", "eel"]


@pytest.fixture(scope="module")
def model():
    return tiny.plain()


def compare(model, **options):
    image = tiny.images(1)[0]
    return seewhy.compare(model, image, **{"labels": LABELS, **options})


def test_a_row_for_each_target_and_layer_and_a_column_for_each_method(model):
    found = compare(
        model,
        methods=["grad_cam", "hires_cam", "ablation_cam"],
        layers=["conv1", None],
        targets=["bee", "cat"],
    )
    told = [(cell.target, cell.layer, cell.method) for cell in found.cells]
    rows = [("bee", "conv1"), ("bee", "relu3"), ("cat", "conv1"), ("cat", "relu3")]
    methods = ["grad_cam", "hires_cam", "ablation_cam"]
    assert told == [(*row, method) for row in rows for method in methods]
    assert found.columns == 3


def test_the_maps_are_those_of_single_explanations(model):
    found = compare(model, methods=["hires_cam", "ablation_cam"], targets=["dog"])
    for one, method in zip(found, ("hires_cam", "ablation_cam"), strict=True):
        alone = Explainer(model, method=method)(tiny.images(1), 3)[0]
        np.testing.assert_allclose(one.map, alone.map, rtol=1e-5)


def test_options_and_own_formulas(model):
    def mine(activations):
        from keras import ops

        return ops.mean(activations, axis=-1)

    found = compare(
        model, methods=[("integrated_gradients", {"steps": 2}), mine, "ablation_cam"], top=2
    )
    assert [cell.method for cell in found.cells] == ["integrated_gradients", "mine", "ablation_cam"]
    assert found.cells[0].explanation.options["method"]["steps"] == 2


def test_a_method_that_cannot_explain_leaves_its_reason(model):
    methods = ["grad_cam", "attention_rollout"]
    found = compare(model, methods=methods, layers=["relu3", "no such layer"])
    good, *bad = found.cells
    assert good.explanation is not None
    assert "attention" in bad[0].problem
    assert all("no such layer" in cell.problem for cell in bad[1:2])
    picture = np.asarray(found.sheet())
    assert picture.shape[2] == 3
    assert found.as_dicts()[1]["error"] == bad[0].problem


def test_nothing_could_be_explained(model):
    with pytest.raises(errors.OptionError, match="attention"):
        compare(model, methods=["attention_rollout"]).sheet()


@pytest.mark.parametrize("wrong", [{"methods": []}, {"layers": "conv1"}, {"targets": []}])
def test_lists_that_are_none(model, wrong):
    with pytest.raises(errors.OptionError, match="is a list"):
        compare(model, **wrong)


def test_a_question_that_cannot_be_asked_is_an_error(model):
    with pytest.raises(errors.TargetError, match="'zebra'"):
        compare(model, targets=["zebra"])


def test_pictures_in_rows(model):
    found = compare(model, methods=["grad_cam", "hires_cam"], targets=["ant", "cat", "eel"])
    width, height = found.sheet().size
    one = compare(model, methods=["grad_cam", "hires_cam"], targets=["ant"]).sheet().size
    assert width == one[0]
    assert height > 2.5 * one[1]


def test_another_choice_of_one_explainer_loads_nothing(model):
    first = Explainer(model, labels=LABELS)
    other = first.having(method="hires-cam", layer="conv1", top=1)
    assert (other.method, other.layer, other.top) == ("hires_cam", "conv1", 1)
    assert other.labels == first.labels
    assert (first.method, first.layer) == ("grad_cam", "relu3")
    with pytest.raises(errors.OptionError, match="'size' cannot be changed"):
        first.having(size=64)


def test_a_method_at_the_input_says_that_the_layer_plays_no_part(model):
    explanation = Explainer(model, method="gradient_input", layer="conv1")(tiny.images(1), 2)[0]
    assert explanation.layer == "input"
    assert any(text.startswith("layer-ignored") for text in explanation.warnings)
    # few pixels outshine all others: they do not set the scale
    positive = np.maximum(explanation.map, 0)
    assert explanation.scale == pytest.approx(np.percentile(positive, 99))
    assert 0.005 < (explanation.heatmap == 1).mean() < 0.02


def test_the_command(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    tiny.plain().save("own.keras")
    Image.fromarray(tiny.photos(1)[0]).save("photo.png")
    (tmp_path / "names.txt").write_text("\n".join(LABELS))

    def call(*arguments):
        given = ["--model", "own.keras", "--labels", "names.txt", "--preprocess", "unit"]
        monkeypatch.setattr(sys, "argv", ["seewhy", "compare", "photo.png", *given, *arguments])
        with pytest.raises(SystemExit) as stopped:
            app.main()
        return stopped.value.code, *capsys.readouterr()

    wishes = ["--methods", "grad-cam, ablation-cam,attention-rollout", "--targets", "cat,1"]
    code, out, err = call(*wishes, "--layers", "conv1,-1")
    assert (code or 0, out.strip()) == (0, "photo_compared.jpg")
    assert "attention" in err
    Path("photo_compared.jpg").unlink()
    code, _, err = call("--methods", "grad-cam,gradcan")
    assert code == 1
    assert "grad_cam" in err
    with Image.open("photo_compared.jpg") as picture:
        assert picture.width > 4 * 48
    code, out, _ = call(*wishes, "--json", "--sheet", "mine.png")
    records = json.loads(out)
    assert [one["target"]["name"] for one in records if one["layer"] == "relu3"] == ["cat"] * 2 + [
        "bee"
    ] * 2
    assert records[0]["files"] == ["mine.png"]
    code, _, _ = call("--sheet", "photo.png/x.png")
    assert "photo.png" in code
    code, _, _ = call("--targets", "zebra")
    assert "zebra" in code
