"""Files are written whole or not at all, under names that file systems take."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from seewhy.render.files import Filenames, write


@pytest.mark.parametrize("way", ["short", "flush", "sync", "rename"])
@pytest.mark.framework_free
def test_a_disk_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch, way):
    path = write(tmp_path / "a.txt", "before")

    def fails(*_):
        raise OSError(28, "No space left on device")

    if way == "short":
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    else:
        name = {"flush": "open", "sync": "fsync", "rename": "replace"}[way]
        monkeypatch.setattr(Path if way != "sync" else os, name, fails)
    try:
        with pytest.raises(OSError):  # noqa: PT011  (its text is the system's)
            write(path, "after" * 10000)
    finally:
        monkeypatch.undo()
        if way == "short":
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.framework_free
@pytest.mark.parametrize(
    "name", ["n" * 300, "é" * 200, "x" + "猫" * 100, os.fsdecode(b"\xff" * 251), "a" * 251]
)
def test_names_of_files_are_short_enough_and_their_own(tmp_path, name):
    names = Filenames(tmp_path, [])
    stems = [f"{name}1", f"{name}2", f"{name}1"]
    paths = [path for stem in stems for path in names.claim(stem + ".jpg", ["_a.png", "_b.png"])]
    assert len(set(paths)) == 6
    for path in paths:
        assert write(path, "x").read_text() == "x"
        assert path.name.endswith(("_a.png", "_b.png"))
    again = Filenames(tmp_path / "other", []).claim(stems[1] + ".jpg", ["_a.png", "_b.png"])
    assert [path.name for path in again] == [path.name for path in paths[2:4]]


def test_names_of_earlier_runs_are_left_to_their_photos(tmp_path):
    there = {"cat_a.png": "", "dog_a.png": str(tmp_path / "dog.jpg"), "cat_new_a.png": ""}
    owners = {tmp_path / name: owner for name, owner in there.items()}
    names = Filenames(tmp_path, [], owners=owners, mark="new")
    photos = ["cat.jpg", "in/cat.jpg", tmp_path / "dog.jpg", tmp_path / "in" / "dog.jpg", "eel.jpg"]
    claimed = [names.claim(str(photo), ["_a.png"])[0].name for photo in photos]
    assert claimed == [
        "cat_new-2_a.png",
        "cat_new-3_a.png",
        "dog_a.png",
        "dog-2_a.png",
        "eel_a.png",
    ]


def test_many_photos_of_one_name_take_few_looks_each(tmp_path, monkeypatch):
    looked = []
    real = os.path.realpath
    monkeypatch.setattr("os.path.realpath", lambda path: looked.append(path) or real(path))
    names = Filenames(tmp_path, [])
    claimed = [names.claim(f"{k}/scan.png", ["_a.png"])[0] for k in range(200)]
    assert len(set(claimed)) == 200
    assert len(looked) < 5 * 200
