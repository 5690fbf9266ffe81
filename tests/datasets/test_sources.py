"""What a run takes as photos, and the choices of a run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from seewhy.datasets.run_options import RunOptions, read_shard
from seewhy.datasets.sources.entry import file_of, path_of
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


@pytest.mark.parametrize(
    "name", [b"\xff.png", b"a%FF \xe9#.png", b"file:\xfe.png", b"\xc3\x28.png"]
)
def test_names_that_are_no_utf8_are_found_again(here, name):
    Path("odd").mkdir()
    Path(os.fsdecode(b"odd/" + name)).write_bytes(b"odd")
    (entry,) = listed("odd")
    for text in (entry.id, entry.source):
        assert text.encode().decode() == text
    assert re.search(r"%[0-9A-F]{2}", entry.id)
    assert entry.source.startswith("file:/")
    assert Path(path_of(entry.source)).read_bytes() == b"odd"
    assert file_of(entry.source) == here / os.fsdecode(b"odd/" + name)


@pytest.mark.parametrize("name", ["a.png", "file:x.png", "100%FF.png", "日本.png"])
def test_other_names_stand_as_they_are(here, name):
    (here / "odd").mkdir()
    (here / "odd" / name).write_bytes(b"")
    (entry,) = listed("odd")
    assert (entry.id, entry.source) == (name, f"{here}/odd/{name}")
    assert path_of(entry.source) == entry.source


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_tables_as_spreadsheets_write_them(here, encoding, mark):
    rows = [("label", "path"), ("bée; a, b", "in/ant/a.png"), ("", "in/bee/b.png")]
    lines = [mark.join(f'"{cell}"' for cell in row) for row in rows]
    Path("t.csv").write_text("\r\n".join(lines), encoding=encoding)
    first, second = listed("t.csv")
    assert (first.label, first.source) == ("bée; a, b", str(here / "in/ant/a.png"))
    assert (second.label, second.id) == (None, "in/bee/b.png")


def test_a_table_of_an_unknown_encoding_tells_the_mend(here):
    for data in ("path\nin/ant/a.png".encode("utf-16-le"), b"\xff\xfep\x00a"[:-1]):
        Path("t.csv").write_bytes(data)
        with pytest.raises(ImageError, match=r"UTF-8|no column of paths"):
            listed("t.csv")


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
