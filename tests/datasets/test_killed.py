"""A run that is killed at any moment goes on, and writes what an undisturbed one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.one_backend

PHOTOS, PART, KILLS = 90, 6, 10
SCRIPT = """
import json, os, pathlib, random, signal, sys, time
import keras
import seewhy
from seewhy import datasets

photos, folder = map(pathlib.Path, sys.argv[1:3])
image = keras.Input((32, 32, 3))
x = keras.layers.Permute((1, 3, 2, 4, 5))(keras.layers.Reshape((8, 4, 8, 4, 3))(image))
x = keras.layers.Dense(6, activation="relu")(keras.layers.Reshape((8, 8, 48))(x))
x = keras.layers.Dense(5, activation="softmax")(keras.layers.GlobalAveragePooling2D()(x))
keras.utils.set_random_seed(0)
model = keras.Model(image, x)
explainer = seewhy.Explainer(model, method="eigen-cam", preprocess="unit", batch_size=4)
how = datasets.RunOptions(shard_size=int(sys.argv[3]), workers=2)


def started(store, pause):
    child = os.fork()
    if child:
        return child
    try:
        datasets.run(explainer, photos, store, how, told=lambda _: time.sleep(pause))
        os._exit(0)
    finally:
        os._exit(1)


def parts(store):
    return {each.name: each.read_bytes() for each in store.glob("part-*.parquet")}


def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


assert ended(started(folder / "whole", 0)) == 0
begun = time.monotonic()
assert ended(started(folder / "paced", 0.02)) == 0
took = time.monotonic() - begun
whole, store, moments = parts(folder / "whole"), folder / "store", random.Random(0)
kills, lost, changed, counts = 0, 0, 0, []
for number in range(int(sys.argv[4])):
    before = {name: (store / name).stat().st_mtime_ns for name in parts(store)}
    child = started(store, 0.02)
    # the first ones while the store is begun, later ones among its parts
    time.sleep(moments.uniform(0, 0.02 if number < 2 else took / 5))
    os.kill(child, signal.SIGKILL)
    kills += ended(child) == -signal.SIGKILL
    now = parts(store)
    counts.append(len(now))
    lost += any(now[name] != whole[name] for name in now)
    changed += any((store / name).stat().st_mtime_ns != time for name, time in before.items())
last = ended(started(store, 0))
same = parts(store) == whole
print(json.dumps([kills, lost, changed, counts, last, same, len(whole)]))
"""


def test_killed_at_ten_moments(tmp_path):
    (tmp_path / "photos").mkdir()
    values = np.random.default_rng(0)
    for k in range(PHOTOS):
        pixels = values.integers(0, 256, (33, 40, 3)).astype("uint8")
        Image.fromarray(pixels).save(tmp_path / f"photos/{k:02}.png")
    # this backend has no threads of its own, so that a process can be forked in place of started
    environment = os.environ | {"KERAS_BACKEND": "numpy", "OPENBLAS_NUM_THREADS": "1"}
    arguments = [str(tmp_path / "photos"), str(tmp_path), str(PART), str(KILLS)]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    kills, lost, changed, counts, last, same, whole = json.loads(done.stdout.splitlines()[-1])
    assert whole == PHOTOS // PART
    assert kills == KILLS
    assert (lost, changed) == (0, 0)
    assert counts == sorted(counts)
    assert 0 < counts[-1] < whole
    assert (last, same) == (0, True)
    names = {path.name for path in Path(tmp_path / "store").iterdir()}
    assert {"plan.parquet", "manifest.json"} <= names
