"""Records of concepts, of pages and of benchmarks, and damaged files of arrays."""

from __future__ import annotations

import dataclasses
import io
import json
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import run_command
from nets import tiny
from seewhy import datasets
from seewhy.errors import RecordError, SeewhyWarning
from seewhy.images.digests import digest
from seewhy.render.embedded import embedded_text
from seewhy.render.embedded.limits import LONGEST
from seewhy.results.records.concepts_record import concepts_text
from seewhy.results.records.read_file import read_records

pytestmark = pytest.mark.one_backend


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("others")
    tiny.plain().save(path / "own.keras")
    (path / "in").mkdir()
    for k, pixels in enumerate(tiny.photos(3)):
        Image.fromarray(pixels).save(path / "in" / f"<photo{k}>.png")
    return path


@pytest.fixture(scope="module")
def explainer(folder):
    return seewhy.Explainer(str(folder / "own.keras"), preprocess="unit")


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        yield


def photos(folder):
    return [str(path) for path in sorted((folder / "in").iterdir())]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".svg", ".pdf"])
def test_concepts_tell_what_they_were_made_of(explainer, folder, tmp_path, suffix):
    found = explainer.concepts(photos(folder), count=2, seed=5)
    path = found.save(tmp_path / f"x{suffix}")
    record = json.loads(embedded_text(path.read_bytes()))["record"]
    assert record["kind"] == "concepts"
    assert record["photos_left_out"] == 0
    assert (record["count"], record["seed"]) == (2, 5)
    assert record["model"]["file"] == "own.keras"
    assert (
        record["model"]["weights_sha256"]
        == explainer(photos(folder)[0], "top")[0].record.model.weights_sha256
    )
    assert [each["name"] for each in record["photos"]] == [f"<photo{k}>.png" for k in range(3)]
    assert record["maps_sha256"] == digest(found.maps)
    assert record["options"]["preprocess"] == "unit"
    assert str(folder) not in json.dumps(record)
    assert embedded_text(found.save(path, record=False).read_bytes()) is None
    with pytest.raises(RecordError, match="is of concepts, which are not compared"):
        read_records(found.save(path))
    assert "record" not in found.as_dict(record=False)
    assert found.as_dict()["record"]["seed"] == 5


def test_concepts_without_their_explainer_tell_no_weights(explainer, folder):
    found = explainer.concepts(photos(folder), count=2)
    again = dataclasses.replace(found, ask_origin=None)
    assert again.record["maps_sha256"] == found.record["maps_sha256"]
    assert again.record["model"]["name"] == found.record["model"]["name"]
    assert "weights_sha256" not in again.record["model"]


def test_records_of_very_many_photos_are_short(explainer, folder):
    record = explainer.concepts(photos(folder), count=2).record
    text = concepts_text({**record, "photos": record["photos"] * 5000})
    told = json.loads(text)["record"]
    assert len(text) <= LONGEST
    assert len(told["photos"]) > 500
    assert len(told["photos"]) + told["photos_left_out"] == 15_000


def test_the_command_concepts_writes_none_if_asked(folder, tmp_path, monkeypatch, capsys):
    line = ["concepts", folder / "in", "--model", folder / "own.keras", "--preprocess", "unit"]
    line += ["--count", 2, "--output", tmp_path / "x.png", "--json"]
    status, out, _ = run_command(monkeypatch, capsys, *line)
    assert status == 0
    assert json.loads(out)["record"]["kind"] == "concepts"
    assert embedded_text((tmp_path / "x.png").read_bytes()) is not None
    status, out, _ = run_command(monkeypatch, capsys, *line, "--no-record")
    assert "record" not in json.loads(out)
    assert embedded_text((tmp_path / "x.png").read_bytes()) is None


def test_the_page_of_debug_can_be_made_again(explainer, folder, tmp_path):
    found = seewhy.debug(explainer, photos(folder)[0], 2, trust=False)
    page = found.save(tmp_path / "why.html")
    assert page.read_text().count("<photo0>") == 0
    records = read_records(page)
    assert [each.map_sha256 for each in records] == [
        each.record.map_sha256 for each in (found.predicted, found.true, found.difference)
    ]
    again = seewhy.reproduce(page, explainer, folder / "in")
    assert again.verdict in ("identical", "within 1e-4")
    with pytest.raises(RecordError, match="no record"):
        read_records(found.save(tmp_path / "bare.html", record=False))


def test_the_gallery_tells_its_store(explainer, folder, tmp_path):
    datasets.run(explainer, folder / "in", tmp_path / "store")
    done = datasets.open(tmp_path / "store").gallery(tmp_path / "pages")
    record = json.loads(embedded_text(done.page.read_bytes()))["record"]
    manifest = datasets.open(tmp_path / "store").manifest
    assert record["model"] == manifest["record"]["model"]
    assert record["plan"] == manifest["plan"]
    with pytest.raises(RecordError, match="give the store"):
        read_records(done.page)


def test_a_benchmark_tells_its_models(folder, tmp_path):
    choices = {"methods": ["grad-cam"], "metrics": ["deletion"], "preprocess": "unit"}
    table = seewhy.benchmark(str(folder / "own.keras"), photos(folder)[:2], **choices)
    paths = {path.name: path for path in table.save(tmp_path)}
    record = json.loads(embedded_text(paths["benchmark.html"].read_bytes()))["record"]
    assert record == json.loads(paths["benchmark.json"].read_text())["record"] == table.record
    (model,) = record["models"]
    assert model["model"]["file"] == "own.keras"
    assert len(model["model"]["weights_sha256"]) == 64
    assert record["seed"] == 0
    assert str(folder) not in json.dumps(record)
    for name in ("benchmark.html", "benchmark.json"):
        with pytest.raises(RecordError, match="of a benchmark, which is not compared"):
            read_records(paths[name])


def _npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.npy", b"\0" * 200_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (_npz(map=np.zeros(3)), "holds no record"),
        (_npz(record=np.zeros(3)), "record is no text"),
        (_npz(record=np.array("no JSON")), "it is no JSON"),
        (_npz(map=np.zeros(300))[:-30], "arrays cannot be read"),
        (_bomb(), "record is too long"),
    ],
    ids=["none", "numbers", "text", "cut", "bomb"],
)
def test_arrays_from_outside_are_not_believed(tmp_path, content, told):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(RecordError, match=told):
        read_records(tmp_path / "x.npz")


def test_pickled_objects_in_arrays_are_never_loaded(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    file = io.BytesIO()
    np.savez(file, record=np.array(Evil(), object))
    (tmp_path / "x.npz").write_bytes(file.getvalue())
    (tmp_path / "made").unlink(missing_ok=True)
    with pytest.raises(RecordError, match="arrays cannot be read"):
        read_records(tmp_path / "x.npz")
    assert not (tmp_path / "made").exists()
