"""Files that are no regular files, and formats that would start other programs."""

from __future__ import annotations

import os

import pytest
from PIL import Image

from seewhy import errors
from seewhy.annotations.read import read
from seewhy.images.folders import read_in_batches
from seewhy.images.opening import FORMATS
from seewhy.images.photo import load
from seewhy.models.model_files import load_model
from seewhy.render.files import Filenames
from seewhy.targets.labels import read_labels


@pytest.mark.parametrize(
    ("reader", "name", "kind"),
    [
        (load, "pipe.jpg", errors.ImageError),
        (read_labels, "pipe.txt", errors.LabelsError),
        (read, "pipe.json", errors.OptionError),
        (load_model, "pipe.keras", errors.ModelError),
    ],
)
def test_a_pipe_is_refused_not_waited_for(reader, name, kind, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(kind, match="regular file"):
        reader(tmp_path / name)


def test_a_device_is_refused_not_read_for_ever():
    with pytest.raises(errors.ImageError, match="regular file"):
        load("/dev/zero")


def test_a_link_to_itself_stops_no_other_photo(tmp_path):
    loop, good = tmp_path / "loop.jpg", tmp_path / "good.jpg"
    loop.symlink_to(loop)
    Image.new("RGB", (8, 8)).save(good)
    (batch,) = read_in_batches([str(loop), str(good)], 2)
    assert [path for path, _ in batch.photos] == [str(good)]
    assert [path for path, _ in batch.problems] == [str(loop)]
    names = Filenames(tmp_path / "out", [str(loop), str(good)])
    assert names.claim(str(good), [".jpg"]) == [tmp_path / "out" / "good.jpg"]


def test_postscript_starts_no_program(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    gs = tmp_path / "bin" / "gs"
    gs.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    gs.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    Image.new("RGB", (32, 32)).save(tmp_path / "a.eps")
    evil = (tmp_path / "a.eps").rename(tmp_path / "evil.jpg")
    with pytest.raises(errors.ImageError, match="no image in a known format"):
        load(evil)
    assert not (tmp_path / "ran").exists()
    assert not FORMATS & {"EPS", "WMF", "PDF", "PSD"}
