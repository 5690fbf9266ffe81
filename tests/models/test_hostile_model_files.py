"""Files of models that would take more than memory holds, or that are broken on purpose."""

from __future__ import annotations

import json
import struct
import time
import zipfile

import numpy as np
import pytest

from seewhy.errors import ModelError, TargetError, WeightsError
from seewhy.explainer.options import index_or_text
from seewhy.models import file_limits, presets
from seewhy.targets.labels import numbered_labels

pytestmark = pytest.mark.one_backend


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    import keras

    L = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            L.Conv2D(4, 3, name="conv"),
            L.UpSampling2D(1, name="up"),
            L.ZeroPadding2D(0, name="pad"),
            L.GlobalAveragePooling2D(),
            L.Dense(3, name="dense", kernel_initializer="orthogonal"),
        ]
    )
    path = tmp_path_factory.mktemp("plain") / "plain.keras"
    model.save(path)
    return path


def repacked(plain, path, members=(), how=zipfile.ZIP_DEFLATED):
    """The archive with other contents of some members."""
    changed = dict(members)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", how) as new:
        for name in old.namelist():
            if changed.get(name, b"") is not None:
                new.writestr(name, changed.get(name, old.read(name)))
    return path


def with_config(plain, path, layer, **changes):
    with zipfile.ZipFile(plain) as old:
        config = json.loads(old.read("config.json"))
    for each in config["config"]["layers"]:
        if each["config"]["name"] == layer or each["class_name"] == layer:
            each["config"].update(changes)
    config.pop("build_config", None)
    return repacked(plain, path, {"config.json": json.dumps(config)})


@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        ("dense", {"units": 10**11}),
        ("dense", {"units": 10**20}),
        ("dense", {"units": 10**9, "kernel_initializer": "zeros", "bias_initializer": "ones"}),
        ("conv", {"filters": 10**10}),
        ("conv", {"kernel_size": [10**5, 10**5], "padding": "same"}),
        ("InputLayer", {"batch_shape": [None, 200_000, 200_000, 3]}),
        ("InputLayer", {"batch_shape": [None, 10**15, 10**15, 3]}),
        ("up", {"size": [10**4, 10**4]}),
        ("pad", {"padding": [[10**5, 10**5], [10**5, 10**5]]}),
    ],
)
def test_shapes_that_ask_for_more_than_memory_are_refused(plain, tmp_path, layer, changes):
    path = with_config(plain, tmp_path / "large.keras", layer, **changes)
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        presets.load(path)
    assert "large.keras" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 20


def altered(path, at, value):
    """The archive with other numbers in its directory."""
    data = bytearray(path.read_bytes())
    start = data.find(b"PK\x01\x02")
    while start >= 0:
        struct.pack_into("<I" if at == 24 else "<H", data, start + at, value)
        start = data.find(b"PK\x01\x02", start + 4)
    path.write_bytes(data)


@pytest.mark.parametrize("way", ["encrypted", "unknown method", "lies", "cut", "wrong method"])
def test_archives_that_cannot_be_unpacked(plain, tmp_path, way):
    path = repacked(plain, tmp_path / "bad.keras")
    if way == "encrypted":
        altered(path, 8, 1)
    elif way == "unknown method":
        altered(path, 10, 99)
    elif way == "wrong method":
        altered(path, 10, zipfile.ZIP_LZMA)
    elif way == "lies":
        altered(path, 24, 40)
    else:
        data = path.read_bytes()
        path.write_bytes(data[:100] + bytes(300) + data[400:])
    with pytest.raises(ModelError, match=r"bad\.keras") as caught:
        presets.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "members",
    [
        {"config.json": b"[" * 200_000},
        {"config.json": b'{"a":' * 200_000},
        {"config.json": b" " * (file_limits.LARGEST_TEXT + 1)},
        {"metadata.json": b" " * (file_limits.LARGEST_TEXT + 1)},
        {"config.json": b"\xff"},
        {"config.json": b"[]"},
        {"config.json": b"{}"},
        {"config.json": None},
        {"model.weights.h5": b"none"},
        {"model.weights.h5": None},
    ],
)
def test_members_that_are_none(plain, tmp_path, members):
    path = repacked(plain, tmp_path / "bad.keras", members)
    with pytest.raises(ModelError, match=r"bad\.keras") as caught:
        presets.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_what_unpacks_to_too_much_is_refused(plain, tmp_path, suffix, monkeypatch):
    import h5py

    path = tmp_path / f"bomb{suffix}"
    if suffix == ".keras":
        repacked(plain, path, {"model.weights.h5": bytes(30_000_000)})
    else:
        with h5py.File(path, "w") as file:
            file.create_dataset("a", (10**10,), "float64", chunks=(10**6,))
    monkeypatch.setattr(file_limits, "ALLOWED", 10_000_000)
    with pytest.raises(ModelError, match="unpacks to"):
        presets.load(path)
    whole = tmp_path / f"bomb{'.weights.h5' if suffix == '.h5' else suffix}"
    path.rename(whole)
    with pytest.raises(WeightsError, match="unpacks to"):
        presets.load("efficientnet-lite0", whole)


def test_networks_that_were_never_trained_are_loaded(tmp_path):
    import keras

    model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(5000)])
    model.set_weights([np.zeros((1000, 5000)), np.zeros(5000)])
    model.save(tmp_path / "zeros.keras")
    path = repacked(tmp_path / "zeros.keras", tmp_path / "small.keras")
    assert path.stat().st_size < 2e5
    assert presets.load(path)[0].count_params() == 5_005_000


@pytest.mark.parametrize("digits", [19, 400, 5000])
def test_numbers_of_many_digits_are_no_class(digits):
    text = "1" * digits
    asked = index_or_text(text)
    with pytest.raises(TargetError) as caught:
        numbered_labels(3).find(asked)
    assert len(str(caught.value)) < 500
