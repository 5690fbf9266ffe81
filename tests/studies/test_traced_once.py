"""A study of one photo traces its model once and reads the photo once."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import seewhy
from nets import tiny
from seewhy import backend
from seewhy.images import photo

SETTINGS = {"preprocess": "unit", "labels": ["a", "b", "c", "d", "e"]}


@pytest.fixture
def counted(monkeypatch):
    """How often a model was run abstractly to find its layers, and a photo decoded."""
    counts = {"traces": 0, "photos": 0}
    module = backend.load()

    def count(name, function):
        def counting(*args, **kwargs):
            counts[name] += 1
            return function(*args, **kwargs)

        return counting

    monkeypatch.setattr(module, "run_abstractly", count("traces", module.run_abstractly))
    monkeypatch.setattr(photo, "_from_path", count("photos", photo._from_path))
    return counts


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(tiny.photos(1)[0]).save(path)
    return str(path)


def test_compare(counted, file):
    methods = ["grad-cam", "hires-cam", "layer-cam"]
    found = seewhy.compare(
        tiny.plain(), file, methods=methods, layers=["conv1", "relu3"], **SETTINGS
    )
    assert len(list(found)) == 6
    assert counted == {"traces": 1, "photos": 1}


def test_debug_with_its_checks(counted, file):
    found = seewhy.debug(tiny.plain(), file, "b", **SETTINGS)
    assert found.trust is not None
    assert counted == {"traces": 1, "photos": 1}


def test_a_stream_is_read_once(counted, file):
    with Path(file).open("rb") as stream:
        found = seewhy.compare(tiny.plain(), stream, methods=["grad-cam", "hires-cam"], **SETTINGS)
    assert len(list(found)) == 2


def test_another_size_or_output_is_traced_anew(counted):
    explainer = seewhy.Explainer(tiny.plain(), **SETTINGS)
    explainer.having(layer="conv1").having(method="hires-cam", top=2)
    assert counted["traces"] == 1
    image = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))
    two = keras.Model(image, {"a": layers.Dense(2)(x), "b": layers.Dense(3)(x)})
    explainer = seewhy.Explainer(tiny.fixed(two), output="a")
    assert counted["traces"] == 2
    assert len(explainer.having(output="b").labels) == 3
    assert counted["traces"] == 3


def test_a_trace_that_is_reused_gives_the_same_maps():
    model, images = tiny.plain(), tiny.images(1)
    pipeline = seewhy.Explainer(model, layer="conv2").pipeline
    copy = keras.models.clone_model(model)
    copy.set_weights([2 * weight for weight in model.get_weights()])
    reused = pipeline.for_copy(copy)
    fresh = seewhy.Explainer(copy, layer="conv2").pipeline
    target = [fresh.targets([1])]
    ours, theirs = (p.outcomes([images], target)[0] for p in (reused, fresh))
    np.testing.assert_allclose(ours.maps, theirs.maps, atol=1e-6 * np.abs(theirs.maps).max())
    own = pipeline.outcomes([images], target)[0]
    assert np.abs(own.maps - ours.maps).max() > 0.1 * np.abs(own.maps).max()
