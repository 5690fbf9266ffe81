"""Explanations made again from the files that hold their records."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import run_command
from nets import tiny
from seewhy import targets
from seewhy.errors import RecordError, SeewhyWarning
from seewhy.results.records.read_file import read_records
from seewhy.studies.reproduce.reproduction import difference_of

PREPARED = {"preprocess": "unit"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of one's own, its twin with other weights, and two photos."""
    path = tmp_path_factory.mktemp("reproduce")
    model = tiny.plain()
    model.save(path / "own.keras")
    for weight in model.trainable_weights[:1]:
        weight.assign(np.asarray(weight) * 1.5)
    model.save(path / "other.keras")
    for k, pixels in enumerate(tiny.photos(2)):
        Image.fromarray(pixels).save(path / f"photo{k}.png")
    return path


@pytest.fixture(scope="module")
def explainer(folder):
    return seewhy.Explainer(str(folder / "own.keras"), **PREPARED)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        yield


@pytest.fixture(scope="module")
def made(explainer, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        return explainer.ask([str(folder / "photo0.png")], [2])[0][0]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".json"])
def test_on_the_same_machine_it_is_identical(made, folder, suffix):
    found = seewhy.reproduce(made.save(folder / f"why{suffix}"))
    assert found.verdict == "identical"
    assert found.causes == ()
    (one,) = found.explanations
    np.testing.assert_array_equal(one.explanation.map, made.map)
    assert one.difference == 0


def test_all_choices_are_repeated(explainer, folder):
    photo = str(folder / "photo0.png")
    questions = ["top", 1, targets.margin(0, 3), -targets.probability(4)]
    for choices in (
        {"method": "rise:masks=20:seed=5"},
        {"enhance": ["flips", seewhy.enhance.Noisy(samples=2, deviation=0.05)], "fit": "crop"},
        {"layer": ["relu2", "relu3"], "fuse": "max", "sharpen": 2.0, "scores": "probabilities"},
        {"method": "integrated-gradients", "options": {"steps": 4}},
    ):
        rows = explainer.having(**choices).ask([photo], questions)[0]
        found = seewhy.reproduce(rows.save(folder / "all.json"))
        assert [each.verdict for each in found.explanations] == ["identical"] * 4, choices


def test_other_weights_and_another_photo_are_told(made, folder):
    file = made.save(folder / "why.png")
    weights = seewhy.reproduce(file, model=folder / "other.keras")
    assert weights.verdict == "differs"
    assert weights.explanations[0].difference > 1e-4
    before, now = (
        weights.as_dict()["explanations"][0]["weights_sha256"][name] for name in ("recorded", "now")
    )
    assert before != now
    assert f"other weights: SHA-256 {before[:16]}… in the record, {now[:16]}… now" in str(weights)
    photo = seewhy.reproduce(file, photo=str(folder / "photo1.png"))
    assert photo.verdict == "differs"
    assert any(cause.startswith("other photo: SHA-256") for cause in photo.causes)
    assert not any("weights" in cause for cause in photo.causes)


def test_weights_that_change_in_memory_are_seen(folder):
    model = tiny.plain()
    explainer = seewhy.Explainer(model, **PREPARED)
    photo = str(folder / "photo0.png")
    first = explainer(photo, 1)[0].record.model.weights_sha256
    assert explainer(photo, 2)[0].record.model.weights_sha256 == first
    weight = model.trainable_weights[2]
    weight.assign(np.asarray(weight) + 0.01)
    assert explainer(photo, 1)[0].record.model.weights_sha256 != first


def test_pixels_and_values_are_known_by_their_numbers(explainer, folder):
    pixels = tiny.photos(2)[0]
    file = explainer(pixels, 1)[0].save(folder / "pixels.json")
    assert seewhy.reproduce(file, photo=pixels).verdict == "identical"
    assert seewhy.reproduce(file, photo=str(folder / "photo0.png")).verdict == "identical"
    assert seewhy.reproduce(file, photo=255 - pixels).causes[0].startswith("other photo")
    values = tiny.images(1)[0]
    file = seewhy.Explainer(str(folder / "own.keras"))(values, 1)[0].save(folder / "values.json")
    np.save(folder / "values.npy", values)
    assert seewhy.reproduce(file, photo=str(folder / "values.npy")).verdict == "identical"
    assert seewhy.reproduce(file, photo=values[::-1]).causes[0].startswith("other photo")


def test_what_no_file_can_hold_is_told(folder):
    model, photo = tiny.plain(), str(folder / "photo0.png")
    own = seewhy.Explainer(model, preprocess=lambda pixels: pixels / 255)
    file = own(photo, 1)[0].save(folder / "own.json")
    with pytest.raises(RecordError, match="function of its writer's own for preprocess"):
        seewhy.reproduce(file, model=model)
    assert seewhy.reproduce(file, model=own).verdict == "identical"
    asked = own(photo, targets.custom(lambda outputs: outputs[:, 0]))[0]
    with pytest.raises(RecordError, match="cannot be asked again"):
        seewhy.reproduce(asked.save(folder / "custom.json"), model=own)
    with pytest.raises(RecordError, match="came from no file"):
        seewhy.reproduce(seewhy.Explainer(model, **PREPARED)(photo)[0].save(folder / "y.png"))


def test_a_missing_photo_or_model_is_told(made, tmp_path, folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = made.save(tmp_path / "x.png")
    with pytest.raises(RecordError, match=r"photo 'photo0.png' is neither .*--photo"):
        seewhy.reproduce(file)
    with pytest.raises(RecordError, match=r"model 'own.keras' is neither .*--model"):
        seewhy.reproduce(file, photo=folder / "photo0.png")


def test_a_model_that_cannot_be_asked_so_differs(made, folder):
    found = seewhy.reproduce(
        made.save(folder / "x.png"), model=tiny.flat(), photo=tiny.photos(1)[0]
    )
    assert found.verdict == "differs"
    assert found.causes


def changed(made, folder, *path, to):
    plain = {"record": json.loads(json.dumps(made.record.as_dict()))}
    at = plain["record"]
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = to
    file = folder / "changed.json"
    file.write_text(json.dumps(plain))
    return file


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("options", "size"), 1_000_000),
        (("options", "sizes"), [[1_000_000, 10]]),
        (("options", "enhance"), ["noise:samples=1000000000"]),
        (("options", "enhance"), ["__import__('os')"]),
        (("options", "fit"), "\x1b[31m"),
        (("options", "other"), 1),
        (("method", "name"), "rise:masks=1000000000"),
        (("method", "name"), "no_method"),
        (("method", "options"), {"masks": 10**9}),
        (("question", "asked"), {"kind": "class", "index": -1}),
        (("question", "asked"), {"kind": "no"}),
        (("model", "preset"), "no_preset"),
        (("layers"), "relu3"),
    ],
)
def test_hostile_choices_are_refused(made, folder, path, value):
    path = (path,) if isinstance(path, str) else path
    with pytest.raises(RecordError) as told:
        seewhy.reproduce(changed(made, folder, *path, to=value))
    assert len(str(told.value)) < 1000


def test_the_difference_is_a_fraction_of_the_recorded_range():
    before = np.array([[-1.0, 3.0]], "float32")
    assert difference_of(before, before) == 0
    assert difference_of(before, before + np.float32(1)) == pytest.approx(0.25)
    assert difference_of(before, np.zeros((1, 3), "float32")) is None
    assert difference_of(np.full((2, 2), np.nan, "f4"), np.full((2, 2), np.nan, "f4")) == 0
    assert difference_of(before, np.array([[np.nan, 3]], "float32")) is None


@pytest.mark.one_backend
def test_the_command(made, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    status, out, _ = run_command(
        monkeypatch,
        capsys,
        "explain",
        "photo0.png",
        "--model",
        "own.keras",
        "--preprocess",
        "unit",
        *("--target", "2,top", "--json", "--format", "png"),
    )
    assert status == 0
    records = json.loads(out)
    files = sorted({file for record in records for file in record["files"]})
    assert [len(read_records(file)) for file in files] == [1, 1, 1, 1, 2]
    status, out, _ = run_command(monkeypatch, capsys, "reproduce", files[0])
    assert (status, out.split()[0]) == (0, "identical")
    assert "photo0.png" in out
    line = ("reproduce", files[0], "--model", "other.keras", "--json")
    status, out, _ = run_command(monkeypatch, capsys, *line)
    assert (status, json.loads(out)["verdict"]) == (1, "differs")
    status, out, err = run_command(monkeypatch, capsys, "reproduce", "photo1.png")
    assert status == 1
    assert "no record" in err
    status, out, _ = run_command(
        monkeypatch,
        capsys,
        "explain",
        "photo1.png",
        "--model",
        "own.keras",
        "--preprocess",
        "unit",
        *("--json", "--no-record"),
    )
    (bare,) = json.loads(out)
    assert "record" not in bare
    for file in bare["files"]:
        with pytest.raises(RecordError, match="no record"):
            read_records(file)


@pytest.mark.one_backend
def test_what_a_record_says_reaches_no_terminal_as_it_is(made, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    file = changed(made, folder, "question", "words", to="\x1b[31mred\u202e\n")
    status, out, err = run_command(monkeypatch, capsys, "reproduce", file)
    assert status == 0
    assert not {"\x1b", "\u202e"} & set(out + err)
    assert out.count("\n") == 1
    file = changed(made, folder, "model", "preset", to="\x1b[31mred")
    status, out, err = run_command(monkeypatch, capsys, "reproduce", file)
    assert status == 1
    assert "\x1b" not in out + err
