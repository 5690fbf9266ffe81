"""What a run takes as photos, and the choices of a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seewhy.datasets.run_options import RunOptions, read_shard
from seewhy.datasets.sources.list_entries import list_entries
from seewhy.errors import ImageError, ImageNotFoundError, OptionError

pytestmark = pytest.mark.framework_free


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place in ("in/ant/a.png", "in/bee/b.png", "in/bee/deep/c.jpg", "in/notes.md"):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_bytes(b"")
    return tmp_path


def listed(*sources, **how):
    return list(list_entries(sources, **how))


def test_of_a_folder_ids_are_the_paths_in_it(here):
    entries = listed("in")
    assert [entry.id for entry in entries] == ["ant/a.png", "bee/b.png", "bee/deep/c.jpg"]
    assert [entry.source for entry in entries] == [str(here / "in" / e.id) for e in entries]
    assert {entry.label for entry in entries} == {None}


def test_folders_name_true_classes(here):
    entries = listed("in", labels_from_folder=True)
    assert [entry.label for entry in entries] == ["ant", "bee", "deep"]


@pytest.mark.parametrize("source", ["in/**/*.png", "@list.txt", "list.txt"])
def test_patterns_and_lists(here, source):
    Path("list.txt").write_text("in/ant/a.png\nin/bee/b.png\n")
    assert [entry.id for entry in listed(source)] == ["in/ant/a.png", "in/bee/b.png"]


def test_a_list_names_files_beside_it(here):
    Path("in/list.txt").write_text("ant/a.png\n")
    (entry,) = listed("in/list.txt")
    assert entry.source == str(here / "in/ant/a.png")


@pytest.mark.parametrize(("name", "comma"), [("in/t.csv", ","), ("in/t.tsv", "\t")])
def test_a_table_has_paths_labels_and_ids(here, name, comma):
    rows = [("Label", "path", "id"), ("bee", "ant/a.png", "7"), ("", "gone.png", ""), ("", "", "")]
    Path(name).write_text("\ufeff" + "".join(comma.join(row) + "\n" for row in rows))
    first, second = listed(name)
    assert (first.id, first.source, first.label) == ("7", str(here / "in/ant/a.png"), "bee")
    assert (second.id, second.source, second.label) == ("gone.png", str(here / "gone.png"), None)


@pytest.mark.parametrize(
    ("text", "words"), [("name,class\na,b\n", "no column of paths"), ("path\n", "names no photos")]
)
def test_a_table_without_photos_is_refused(here, text, words):
    Path("t.csv").write_text(text)
    with pytest.raises(ImageError, match=words):
        listed("t.csv")


@pytest.mark.parametrize("source", ["nowhere", "nowhere.csv", "@nowhere.txt", "no/*.png"])
def test_what_is_not_there_is_told_at_once(here, source):
    with pytest.raises(ImageNotFoundError, match=r"no .*no"):
        listed(source)


def test_names_that_are_no_utf8_are_kept_as_text(here):
    Path(os.fsdecode(b"in/ant/\xff.png")).write_bytes(b"")
    assert [entry.id for entry in listed("in/ant")] == ["a.png", "\\udcff.png"]


def test_shards_are_written_as_fractions():
    assert read_shard("3/16") == (3, 16)
    assert read_shard(None) == (1, 1)
    for text in ("3", "a/b", "3/", "/2"):
        with pytest.raises(OptionError, match="3/16"):
            read_shard(text)
    for shard in ((0, 2), (3, 2)):
        with pytest.raises(OptionError, match="1/n"):
            RunOptions(shard=shard)


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"workers": 0}, {"shard_size": -1}, {"shard_size": 2.5}]
)
def test_counts_are_whole_numbers_from_1_on(wrong):
    with pytest.raises(OptionError):
        RunOptions(**wrong)
