"""Evidence-weighted features of runs, beside an independent computation."""

from __future__ import annotations

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

import seewhy
from helpers.commands import run_command
from nets import tiny
from seewhy import datasets
from seewhy.datasets.run_options import RunOptions
from seewhy.errors import MapError, OptionError, StoreError

FEATURES = RunOptions(features=True, shard_size=4)


@pytest.fixture(scope="module")
def model():
    return tiny.plain()


@pytest.fixture(scope="module")
def explainer(model):
    return seewhy.Explainer(model, preprocess="unit", batch_size=3)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for k, pixels in enumerate(tiny.photos(5)):
        Image.fromarray(pixels[:32, :32]).save(folder / f"{k}.png")
    (folder / "2b.png").write_bytes(b"no photo")
    return folder


def by_hand(model, layer, paths, maps):
    """Activations by Keras alone, averaged in float64 loops."""
    head = keras.Model(model.inputs, model.get_layer(layer).output)
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    activations = np.asarray(head.predict(pixels / np.float32(255), verbose=0), "float64")
    found = []
    for activation, map in zip(activations, maps.astype("float64"), strict=True):
        total, weight = np.zeros(activation.shape[-1]), 0.0
        for i, j in np.ndindex(*map.shape):
            if map[i, j] > 0:
                total += map[i, j] * activation[i, j]
                weight += map[i, j]
        found.append(total / weight)
    return np.array(found)


@pytest.mark.parametrize(
    ("changes", "layer"),
    [
        ({}, "relu3"),
        ({"layer": "conv1"}, "conv1"),
        ({"method": "layer_cam", "layer": "conv3"}, "conv3"),
        ({"method": "score_cam"}, "relu3"),
        ({"enhance": "flips"}, "relu3"),
    ],
    ids=str,
)
def test_features_are_the_activations_where_the_evidence_is(
    model, explainer, photos, tmp_path, changes, layer
):
    changed = explainer.having(**changes)
    state = datasets.run(changed, photos, tmp_path, FEATURES)
    assert (state.done, state.unreadable) == (6, 1)
    store = datasets.open(tmp_path)
    units = model.get_layer(layer).output.shape[-1]
    assert store.features.shape == (6, units)
    assert np.isnan(store.features[3]).all()  # the broken photo
    rows = store.where(error=None)
    paths = [row.source for row in rows]
    expected = by_hand(model, layer, paths, changed.maps(paths).maps)
    size = np.abs(expected).max()
    assert size > 0
    np.testing.assert_allclose(rows.features, expected, rtol=3e-4, atol=1e-5 * size)
    # a mean over all cells is another vector
    plain = by_hand(model, layer, paths, np.ones_like(rows.maps))
    assert np.abs(rows.features - plain).max() > 0.01 * size


@pytest.mark.one_backend
def test_each_question_has_its_features_and_others_read_them(explainer, model, photos, tmp_path):
    import duckdb
    import polars

    how = RunOptions(features=True, targets=["1", "2"])
    datasets.run(explainer, photos, tmp_path, how)
    store = datasets.open(tmp_path)
    for question in ("1", "2"):
        rows = store.where(question=question, error=None)
        paths = [row.source for row in rows]
        expected = by_hand(model, "relu3", paths, explainer.maps(paths, int(question)).maps)
        np.testing.assert_allclose(rows.features, expected, rtol=3e-4, atol=1e-6)
    assert np.abs(rows.features - store.where(question="1", error=None).features).max() > 0
    query = f"SELECT features FROM '{tmp_path}/part-*.parquet' WHERE error IS NULL"
    by_duckdb = np.array([row[0] for row in duckdb.sql(query).fetchall()])
    np.testing.assert_array_equal(by_duckdb, store.where(error=None).features)
    frame = polars.read_parquet(tmp_path / "part-*.parquet", columns=["features"]).drop_nulls()
    np.testing.assert_array_equal(frame["features"].to_numpy(), by_duckdb)


@pytest.mark.one_backend
def test_no_evidence_has_no_features(photos, tmp_path):
    def against(activations, gradients):
        return -keras.ops.sum(keras.ops.abs(activations), axis=-1)

    explainer = seewhy.Explainer(tiny.plain(), preprocess="unit", method=against)
    datasets.run(explainer, photos, tmp_path, FEATURES)
    store = datasets.open(tmp_path)
    assert np.isnan(store.features).all()
    assert (store.where(error=None).maps <= 0).all()


@pytest.mark.one_backend
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "saliency"}, "lie on the network's input"),
        ({"layer": ["conv1", "relu3"]}, "2 layers are fused"),
        ({"layer": "input"}, "lie on the network's input"),
    ],
)
def test_maps_that_are_not_of_one_layer_are_refused(explainer, photos, tmp_path, changes, words):
    with pytest.raises(MapError, match=words):
        datasets.run(explainer.having(**changes), photos, tmp_path / "store", FEATURES)
    assert not list(tmp_path.rglob("part-*"))


@pytest.mark.one_backend
def test_a_store_has_features_or_none(explainer, photos, tmp_path):
    datasets.run(explainer, photos, tmp_path / "with", FEATURES)
    datasets.run(explainer, photos, tmp_path / "without", RunOptions(shard_size=4))
    assert json.loads((tmp_path / "with/manifest.json").read_text())["units"] == 6
    for name, how in (("with", RunOptions(shard_size=4)), ("without", FEATURES)):
        with pytest.raises(StoreError, match=r"features (True, now False|False, now True)"):
            datasets.run(explainer, photos, tmp_path / name, how)
    with pytest.raises(OptionError, match="--features"):
        datasets.open(tmp_path / "without").features  # noqa: B018
    # going on gives the same bytes
    part = tmp_path / "with/part-00001.parquet"
    before = part.read_bytes()
    part.unlink()
    assert datasets.run(explainer, photos, tmp_path / "with", FEATURES).done == 2
    assert part.read_bytes() == before
    # a store of before there were features
    shutil.copytree(tmp_path / "without", tmp_path / "old")
    manifest = json.loads((tmp_path / "old/manifest.json").read_text())
    del manifest["features"]
    (tmp_path / "old/manifest.json").write_text(json.dumps(manifest))
    assert datasets.run(explainer, photos, tmp_path / "old", RunOptions(shard_size=4)).done == 0


@pytest.mark.one_backend
def test_the_flag(model, photos, tmp_path, monkeypatch, capsys):
    model.save(tmp_path / "own.keras")
    line = ["run", photos, "--model", tmp_path / "own.keras", "--preprocess", "unit"]
    status, _, _ = run_command(
        monkeypatch, capsys, *line, "--features", "--output", tmp_path / "store"
    )
    assert status == 1  # of the broken photo
    assert datasets.open(tmp_path / "store").features.shape == (6, 6)
