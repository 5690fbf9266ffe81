"""Rows of stores made again, and the SHA-256 of photos by which another one is told."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import seewhy
from helpers.commands import forbid_backend, run_command
from nets import tiny
from seewhy import datasets
from seewhy.datasets.again.row_record import row_record
from seewhy.datasets.run_options import RunOptions
from seewhy.errors import MapError, OptionError, RecordError
from seewhy.maps.stored_maps import STEP, as_stored
from seewhy.results.records.read_record import read_record
from seewhy.studies.reproduce.reproduction import difference_of

pytestmark = pytest.mark.one_backend


def photo_bytes(random, kind, size=(48, 40)):
    # of few frequencies: a decoder that gives fewer pixels leaves what a network sees of it
    small = Image.fromarray(random.integers(0, 256, (6, 5, 3), dtype="uint8"))
    file = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A model, photos in files, an archive and a table, and their store; not to be changed."""
    folder = tmp_path_factory.mktemp("again")
    random = np.random.default_rng(4)
    (folder / "in").mkdir()
    for k in range(6):
        kind = ("jpeg", "png")[k % 2]
        (folder / "in" / f"{k}.{kind}").write_bytes(photo_bytes(random, kind))
    (folder / "in" / "broken.png").write_bytes(b"none")
    (folder / "in" / "large.jpeg").write_bytes(photo_bytes(random, "jpeg", (640, 480)))
    with tarfile.open(folder / "held.tar", "w") as archive:
        content = photo_bytes(random, "jpeg")
        about = tarfile.TarInfo("inner/7.jpg")
        about.size = len(content)
        archive.addfile(about, io.BytesIO(content))
    table = pa.table({"image": pa.array([photo_bytes(random, "png")]), "id": ["eight"]})
    pq.write_table(table, folder / "held.parquet")
    tiny.plain().save(folder / "own.keras")
    return folder


def explainer_of(folder):
    labels = ["ant", "bee", "cat", "dog", "eel"]
    return seewhy.Explainer(
        str(folder / "own.keras"), preprocess="unit", labels=labels, batch_size=3
    )


@pytest.fixture(scope="module")
def store(origin):
    sources = [origin / "in", origin / "held.tar", origin / "held.parquet"]
    options = RunOptions(targets=["top", 1], shard_size=4)
    datasets.run(explainer_of(origin), sources, origin / "store", options)
    return origin / "store"


@pytest.fixture
def place(origin, store, tmp_path):
    """The same, to be changed: photos lie where they lay."""
    shutil.copytree(store, tmp_path / "store")
    shutil.copy(origin / "own.keras", tmp_path)
    return tmp_path


def test_each_row_has_the_sha256_of_its_photo(origin, store):
    files = {path.name: path.read_bytes() for path in (origin / "in").iterdir()}
    with tarfile.open(origin / "held.tar") as archive:
        files["inner/7.jpg"] = archive.extractfile("inner/7.jpg").read()
    files["eight"] = pq.read_table(origin / "held.parquet")["image"][0].as_py()
    rows = list(datasets.open(store))
    assert len(rows) == 2 * len(files)
    for row in rows:
        told = None if row.error else hashlib.sha256(files[row.id]).hexdigest()
        assert row.photo_sha256 == told, row.id
    assert sum(row.photo_sha256 is None for row in rows) == 2


@pytest.mark.parametrize("exact", [True, False])
def test_on_the_same_machine_each_row_is_the_same(origin, store, tmp_path, exact):
    if not exact:
        store = tmp_path / "reduced"
        shutil.copy(origin / "own.keras", tmp_path)
        sources = [origin / "in", origin / "held.tar"]
        datasets.run(explainer_of(origin), sources, store, RunOptions(exact=False))
        rows = {row.id: row.map for row in datasets.open(store)}
        assert np.abs(rows["large.jpeg"] - _exact_map(origin, "large.jpeg")).max() > 0
    found = datasets.reproduce(store, rows=100)
    assert len(found.explanations) == (18 if exact else 8)
    assert found.verdict in ("identical", "within 1e-4")
    assert found.causes == () or all("number of threads" in cause for cause in found.causes)


def _exact_map(origin, id):
    return datasets.open(origin / "store").where(id=id, question="top")[0].map


def test_rows_are_drawn_with_a_seed_or_named(store):
    def names(**how):
        found = datasets.reproduce(store, **how).explanations
        return [(each.record.photo.name, each.record.question.words) for each in found]

    drawn = names(rows=3, seed=1)
    assert len(drawn) == 3
    assert drawn == names(rows=3, seed=1)
    assert drawn != names(rows=3, seed=2)
    assert {name for name, _ in names(ids=["eight", "inner/7.jpg"])} == {
        "held.parquet!0",
        "7.jpg",
    }
    with pytest.raises(OptionError, match="no photo 'nine' with a map"):
        datasets.reproduce(store, ids=["nine"])
    with pytest.raises(OptionError, match=r"no photo 'broken\.png' with a map"):
        datasets.reproduce(store, ids=["broken.png"])


def test_other_weights_are_the_cause(place):
    model = keras.models.load_model(place / "own.keras")
    weight = model.trainable_weights[0]
    weight.assign(np.asarray(weight) * 1.5)
    model.save(place / "own.keras")
    found = datasets.reproduce(place / "store", rows=2)
    assert found.verdict == "differs"
    assert all("other weights" in each.causes[0] for each in found.explanations)


def test_another_photo_and_one_that_is_gone_are_told(origin, tmp_path):
    shutil.copytree(origin / "in", tmp_path / "in")
    shutil.copy(origin / "own.keras", tmp_path)
    datasets.run(explainer_of(origin), tmp_path / "in", tmp_path / "store")
    random = np.random.default_rng(9)
    (tmp_path / "in" / "0.jpeg").write_bytes(photo_bytes(random, "jpeg"))
    (tmp_path / "in" / "1.png").unlink()
    found = datasets.reproduce(tmp_path / "store", rows=100)
    told = {each.record.photo.name: each for each in found.explanations}
    assert told["0.jpeg"].verdict == "differs"
    assert "other photo" in told["0.jpeg"].causes[0]
    assert told["1.png"].verdict == "differs"
    assert "cannot be read: there is no file" in told["1.png"].causes[0]
    assert told["2.jpeg"].verdict in ("identical", "within 1e-4")


def _as_of_an_earlier_version(store):
    """Neither the column nor what the manifest tells since then."""
    manifest = json.loads((store / "manifest.json").read_text())
    del manifest["record"], manifest["photo_sha256"]
    (store / "manifest.json").write_text(json.dumps(manifest))
    for part in store.glob("part-*.parquet"):
        table = pq.read_table(part).drop_columns("photo_sha256")
        pq.write_table(table, part, write_page_checksum=True)


def test_stores_of_earlier_versions_open_go_on_and_are_made_again(origin, place):
    store = place / "store"
    before = datasets.open(store).maps
    _as_of_an_earlier_version(store)
    (store / "part-00001.parquet").unlink()
    sources = [origin / "in", origin / "held.tar", origin / "held.parquet"]
    options = RunOptions(targets=["top", 1], shard_size=4)
    assert datasets.run(explainer_of(origin), sources, store, options).whole
    opened = datasets.open(store)
    np.testing.assert_array_equal(opened.maps, before)
    assert {row.photo_sha256 for row in opened} == {None}
    assert opened.to_frame()["photo_sha256"].isna().all()
    assert {tuple(pq.read_schema(part).names) for part in store.glob("part-*")} == {
        tuple(name for name in pq.read_schema(part).names) for part in store.glob("part-00000*")
    }
    top = opened.where(question="top", error=None)
    found = datasets.reproduce(top, place / "own.keras", rows=100)
    assert found.verdict in ("identical", "within 1e-4")
    assert all("photo not known" in each.causes[0] for each in found.explanations)
    # how another question is asked again, it does not tell
    with pytest.raises(RecordError, match="cannot be asked again"):
        datasets.reproduce(opened.where(question="1", error=None), place / "own.keras")


def test_the_record_of_a_row_is_whole_and_without_folders(origin, store):
    row = datasets.open(store).where(question="top", error=None)[0]
    record = row_record(row)
    assert record.model.file == "own.keras"
    assert record.method.paper.startswith("Selvaraju")
    assert record.photo.sha256 == row.photo_sha256
    assert record.map_step == STEP
    assert str(origin) not in json.dumps(record.as_dict())
    again = read_record(json.loads(json.dumps(row.explanation().record.as_dict())))
    assert again.map_sha256 == record.map_sha256
    assert (again.map_step, again.model, again.question.asked) == (
        *(STEP, record.model, record.question.asked),
    )
    broken = next(row for row in datasets.open(store) if row.error)
    with pytest.raises(MapError, match="could not be read"):
        row_record(broken)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layers", 3),
        ("model", {"name": "x", "file": "../secret.keras"}),
        ("options", {"fit": {"a": object}}),
        ("method", {"name": "rise", "options": {"masks": 1e9}}),
        ("questions", [{"question": "top"}]),
        ("questions", [{"question": "top", "target": None, "asked": {"kind": "evil"}}]),
    ],
)
def test_manifests_from_outside_are_not_believed(place, name, value):
    path = place / "store" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["record"][name] = json.loads(json.dumps(value, default=str))
    path.write_text(json.dumps(manifest))
    store = datasets.open(place / "store").where(question="top", error=None)
    try:  # what is damaged is taken as of an earlier version, or refused
        found = datasets.reproduce(store, place / "own.keras", rows=1)
    except RecordError:
        return
    assert found.verdict in ("identical", "within 1e-4")


def test_what_rounding_takes_is_no_difference():
    random = np.random.default_rng(1)
    for _ in range(20):
        map = random.normal(size=(9, 9)).astype("float32") * np.float32(
            10.0 ** random.integers(-9, 9)
        )
        kept = as_stored(map)
        assert difference_of(kept, map, STEP) < 1e-6
        assert difference_of(kept, map) > 1e-6
        moved = map + np.float32(0.01 * np.ptp(map))
        assert 0.009 < difference_of(kept, moved, STEP) < 0.0101


def test_the_command(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    status, out, _ = run_command(monkeypatch, capsys, "reproduce", "store", "--rows", 2)
    assert status == 0
    assert out.count("(grad_cam at relu3)") == 2
    status, out, _ = run_command(monkeypatch, capsys, "reproduce", "store", "--id", "eight", "-q")
    assert (status, out.strip()) in [(0, "identical"), (0, "within 1e-4")]
    forbid_backend(monkeypatch)
    Path("some.json").write_text("{}")
    for line, words in (
        (("store", "--photo", "a.jpg"), "--photo goes with a picture"),
        (("store", "--id", "nine"), "no photo 'nine'"),
        (("some.json", "--rows", "2"), "go with a store"),
        ((".",), "is a folder and no store"),
    ):
        status, _, err = run_command(monkeypatch, capsys, "reproduce", *line)
        assert status == 1
        assert words in err
