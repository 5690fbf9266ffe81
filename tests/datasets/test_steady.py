"""The same photos give the same bytes, whatever was explained before them."""

from __future__ import annotations

import keras
import numpy as np
from PIL import Image

from nets import tiny
from seewhy import datasets
from seewhy.explainer.explainer import Explainer


def photos(folder, count):
    random = np.random.default_rng(0)
    folder.mkdir()
    for k in range(count):
        pixels = random.integers(0, 256, (40, 40, 3), "uint8")
        Image.fromarray(pixels).save(folder / f"{k:03}.png")
    (folder / "007.png").write_bytes(b"no photo")
    return folder


def bytes_of(store):
    return {path.name: path.read_bytes() for path in sorted(store.glob("*.parquet"))}


def test_a_run_that_goes_on_writes_the_bytes_of_one_that_was_not_stopped(tmp_path, monkeypatch):
    if keras.backend.backend() == "torch":  # where a pass is recorded on its way
        from seewhy.backend import recorded_torch

        monkeypatch.setattr(recorded_torch, "RECORD_FROM", 3)
    source, model = photos(tmp_path / "in", 44), tiny.plain()
    options = datasets.RunOptions(shard_size=8)
    for store, stops in (("whole", [False]), ("stopped", [True, False])):
        for stop in stops:
            explainer = Explainer(model, preprocess="unit", batch_size=4)
            datasets.run(explainer, source, tmp_path / store, options, stop=lambda stop=stop: stop)
    whole, stopped = bytes_of(tmp_path / "whole"), bytes_of(tmp_path / "stopped")
    assert whole == stopped
    assert len(whole) > 5
