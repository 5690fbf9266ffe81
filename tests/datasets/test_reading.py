"""Stores read back, with seewhy and without."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import seewhy
from nets import tiny
from seewhy import datasets
from seewhy.datasets.part_table import WRITING
from seewhy.errors import ImageError, MapError, OptionError, StoreError

pytestmark = pytest.mark.one_backend

PAGE = Path(__file__).parents[2] / "docs" / "store.md"


@pytest.fixture(scope="module")
def explainer():
    labels = ["ant", "bee", "cat", "dog", "eel"]
    return seewhy.Explainer(tiny.plain(), preprocess="unit", labels=labels)


@pytest.fixture(scope="module")
def store(explainer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("read")
    random = np.random.default_rng(3)
    for k in range(12):
        place = folder / ("photos/ant", "photos/bee", "photos/cat")[k % 3] / f"{k:02}.png"
        place.parent.mkdir(exist_ok=True, parents=True)
        dark = random.integers(1, 256)
        Image.fromarray(random.integers(0, dark, (50, 64, 3)).astype("uint8")).save(place)
    (folder / "photos/cat/z.png").write_bytes(b"no photo")
    how = datasets.RunOptions(shard_size=5, labels_from_folder=True)
    datasets.run(explainer, folder / "photos", folder / "store", how)
    return folder / "store"


def test_rows_by_place(store):
    opened = datasets.open(store)
    rows = list(opened)
    assert len(opened) == len(rows) == 13
    assert [opened[k].id for k in range(13)] == [row.id for row in rows]
    assert opened[-1].id == rows[-1].id == "cat/z.png"
    assert [row.id for row in opened[3:9]] == [row.id for row in rows[3:9]]
    assert [row.id for row in opened[::4]] == [row.id for row in rows[::4]]
    np.testing.assert_array_equal(opened[3:9].maps, opened.maps[3:9])
    for place in (13, -14):
        with pytest.raises(IndexError):
            opened[place]
    assert "13 rows, grad_cam at relu3" in repr(opened)


def test_where(store):
    opened = datasets.open(store)
    rows = list(opened)
    ants = opened.where(label="ant")
    assert [row.id for row in ants] == [row.id for row in rows if row.label == "ant"]
    assert [row.id for row in ants[1:3]] == [row.id for row in rows if row.label == "ant"][1:3]
    assert len(ants.maps) == len(ants) == 4
    right = opened.where(right=True)
    assert [row.id for row in right] == [row.id for row in rows if row.right]
    loud = opened.where(lambda row: row.map is not None and row.map.max() > 0.01, label="bee")
    expected = [row.id for row in rows if row.label == "bee" and row.map.max() > 0.01]
    assert [row.id for row in loud] == expected
    codes = {code for row in rows for code in row.warnings or ()}
    for code in codes:
        hit = opened.where(warnings=code)
        assert [row.id for row in hit] == [r.id for r in rows if code in (r.warnings or ())]
    assert len(opened.where(label="none")) == 0
    assert opened.where(label="none").maps.shape == (0, 16, 16)
    assert list(opened.where(label="none").to_frame()) == list(opened.to_frame())
    with pytest.raises(OptionError, match="no field 'lable'"):
        opened.where(lable="ant")


def test_a_data_frame(store):
    frame = datasets.open(store).to_frame(maps=True)
    assert len(frame) == 13
    assert frame["error"].notna().sum() == 1
    assert frame["label"].tolist()[:2] == ["ant", "ant"]
    assert frame["map"][0].shape == (256,)
    assert "map" not in datasets.open(store).to_frame()


def test_an_explanation_is_drawn_again(explainer, store):
    row = datasets.open(store)[2]
    (one,) = explainer([row.source])
    again = row.explanation()
    assert again.title == one.title
    assert again.geometry == one.geometry
    assert [vars(p)["name"] for p in again.predictions] == [p.name for p in one.predictions]
    gap = np.abs(np.asarray(again.overlay()).astype(int) - np.asarray(one.overlay()))
    assert gap.max() <= 4
    assert row.explanation(Image.open(row.source)).as_dict()["target"]["name"] == row.target
    with pytest.raises(OptionError, match="model"):
        again.at(1, 1)
    with pytest.raises(ImageError, match="64 × 50"):
        row.explanation(np.zeros((9, 9, 3), "uint8"))
    with pytest.raises(MapError, match="no map"):
        datasets.open(store)[-1].explanation()


def test_reading_needs_no_keras(store):
    script = (
        "import sys; from seewhy import datasets; store = datasets.open(sys.argv[1]);"
        "store[0].explanation().overlay(); assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(store)], check=True)


def test_what_is_no_store_is_told(tmp_path):
    with pytest.raises(StoreError, match=r"no manifest\.json"):
        datasets.open(tmp_path)
    (tmp_path / "manifest.json").write_text('{"schema": 99}')
    with pytest.raises(StoreError, match="schema 99"):
        datasets.open(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(StoreError, match="no manifest of a store"):
        datasets.open(tmp_path)
    (tmp_path / "manifest.json").write_text('{"schema": 1}')
    with pytest.raises(StoreError, match="does not tell model, layer"):
        datasets.open(tmp_path)


@pytest.mark.parametrize("name", ["model", "layer", "method", "options", "grid", "classes"])
@pytest.mark.parametrize("damage", ["lost", "other"])
def test_a_manifest_that_is_damaged_is_told(store, tmp_path, name, damage):
    shutil.copytree(store, tmp_path / "store")
    path = tmp_path / "store/manifest.json"
    manifest = json.loads(path.read_text())
    del manifest[name]
    if damage == "other":
        manifest[name] = 3
    path.write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match=f"does not tell {name}"):
        datasets.open(tmp_path / "store")


def test_rows_by_masks_and_lists_of_places(store):
    opened = datasets.open(store)
    ids = np.array([row.id for row in opened])
    mask = np.array([row.label == "ant" for row in opened])
    for taken in (mask, mask.tolist(), np.flatnonzero(mask), np.flatnonzero(mask).tolist()):
        assert [row.id for row in opened[taken]] == ids[mask].tolist()
    assert opened[mask].maps.shape == (4, 16, 16)
    assert [row.id for row in opened[[0, -2, -1]]] == ids[[0, -2, -1]].tolist()
    assert len(opened[[]]) == len(opened[~mask & mask]) == 0
    within = opened.where(label="ant")[np.array([False, True, True, False])]
    assert [row.id for row in within] == ids[mask][1:3].tolist()
    assert opened[np.int64(2)].id == ids[2]
    for wrong in (mask[:-1], [0, 13], [-14], [3, 1], [2, 2], slice(None, None, -1)):
        with pytest.raises(IndexError, match=r"13 rows|places that rise"):
            opened[wrong]
    for wrong in ("a", 1.5, [0.5], None, True, np.zeros((2, 2), int), {1: 2}):
        with pytest.raises(TypeError, match="a slice, a mask"):
            opened[wrong]


def test_the_queries_of_the_page_run(store, monkeypatch):
    monkeypatch.chdir(store.parent)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert sum("duckdb" in block for block in blocks) == 3
    assert sum("polars" in block for block in blocks) == 3
    names: dict = {}
    for block in blocks:
        exec(compile(block, "docs/store.md", "exec"), names)
    rows = [row for row in datasets.open(store) if row.error is None]
    wrong = sorted(row.id for row in rows if row.right is False)
    assert sorted(each[0] for each in names["wrong"].fetchall()) == wrong
    assert sorted(names["wrong_again"]["id"]) == wrong
    shares = dict(names["shares"].fetchall())
    for label, share in shares.items():
        own = [row.border_share for row in rows if row.label == label and row.border_share]
        assert share == pytest.approx(np.mean(own), rel=1e-3)
    assert dict(names["shares_again"].iter_rows()) == pytest.approx(shares, rel=1e-3)
    row = next(row for row in rows if row.id == names["first"][0])
    np.testing.assert_allclose(names["grid"], row.map, rtol=1e-6)
    mean = np.mean([row.map / row.scale for row in rows], axis=0)
    np.testing.assert_allclose(names["mean"], mean, atol=2e-3)
    for name in pq.read_schema(store / "part-00000.parquet").names:
        assert f"`{name}`" in PAGE.read_text(), name


def test_a_photo_takes_few_bytes(tmp_path):
    """A 7 × 7 map of a network with a thousand classes: at most 110 bytes without the path
    and the SHA-256 of the photo, which takes 38."""
    import keras

    image = keras.Input((56, 56, 3))
    x = keras.layers.Conv2D(12, 8, strides=8, activation="relu")(image)
    x = keras.layers.Conv2D(12, 3, padding="same", activation="relu")(x)
    x = keras.layers.Dense(1000, activation="softmax")(keras.layers.GlobalAveragePooling2D()(x))
    model = tiny.fixed(keras.Model(image, x))
    explainer = seewhy.Explainer(model, preprocess="unit", batch_size=64)
    random = np.random.default_rng(0)
    for k in range(512):
        coarse = Image.fromarray(random.integers(0, 256, (6, 6, 3)).astype("uint8"))
        size = tuple(random.integers(56, 90, 2).tolist())
        coarse.resize(size).save(tmp_path / f"{k:04}.bmp")
    datasets.run(explainer, tmp_path, tmp_path / "store")
    path = tmp_path / "store/part-00000.parquet"
    group = pq.read_metadata(path).row_group(0)
    columns = [group.column(k) for k in range(group.num_columns)]
    size = {each.path_in_schema: each.total_compressed_size for each in columns}
    assert size["photo_sha256"] / 512 <= 38
    whole = path.stat().st_size - sum(size[name] for name in ("id", "source", "photo_sha256"))
    footer = path.stat().st_size - sum(each.total_compressed_size for each in columns)
    assert datasets.open(tmp_path / "store").maps.shape == (512, 7, 7)
    # a part has twice as many photos, which share what stands at its end
    assert (whole - footer) / 512 + footer / 1024 <= 110
    assert WRITING["compression"] == "zstd"
