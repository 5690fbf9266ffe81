"""Photos as people name them."""

from __future__ import annotations

import io

import pytest

from seewhy.errors import ImageError, ImageNotFoundError
from seewhy.images.listing import list_photos

pytestmark = pytest.mark.framework_free

FILES = ("a.png", "b.JPG", "notes.txt", "in/c.png", "in/deep/d.webp", "in/.e.png", "x[1].png")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["b.JPG", "a.png"], ["b.JPG", "a.png"]),
        (["in"], ["in/c.png", "in/deep/d.webp"]),
        (["*.png"], ["a.png", "x[1].png"]),
        (["*"], ["a.png", "b.JPG", "in/c.png", "in/deep/d.webp", "x[1].png"]),
        (["**/*.png"], ["a.png", "in/c.png", "x[1].png"]),
        (["in/**"], ["in/c.png", "in/deep/d.webp"]),
        (["*.txt"], ["notes.txt"]),
        (["x[1].png"], ["x[1].png"]),
        (["x[[]1].png"], ["x[1].png"]),
        (["a.png", "./a.png", "in", "in/../a.png", "in/c.png"], None),
        (["missing.png"], ["missing.png"]),
        ([""], [""]),
    ],
)
def test_words_and_the_files_that_they_mean(words, found):
    expected = ["a.png", "in/c.png", "in/deep/d.webp"] if found is None else found
    assert list_photos(words) == expected


def test_a_pattern_from_the_root(here):
    assert list_photos([str(here / "in" / "*.png")]) == [str(here / "in" / "c.png")]


def test_lists_of_files(here, monkeypatch):
    (here / "in" / "list.txt").write_text("\ufeffc.png\r\n\n  ../a.png  \ndeep\n*.png\n")
    beside = ["in/c.png", "in/../a.png", "in/deep/d.webp"]
    assert list_photos(["@in/list.txt"]) == [*beside, "x[1].png"]
    monkeypatch.setattr("sys.stdin", io.StringIO("a.png\nin\n"))
    assert list_photos(["@-"]) == ["a.png", "in/c.png", "in/deep/d.webp"]
    (here / "@a.png").write_bytes(b"x")
    assert list_photos(["@a.png"]) == ["@a.png"]


@pytest.mark.parametrize(
    ("word", "error", "text"),
    [
        ("*.gif", ImageNotFoundError, "matches no photo"),
        ("[z]*", ImageNotFoundError, "matches no photo"),
        ("empty", ImageNotFoundError, "'empty' has no photos"),
        ("@no.txt", ImageNotFoundError, "no list 'no.txt'"),
        ("@blank.txt", ImageNotFoundError, "names no photos"),
        ("@in", ImageError, "cannot be read"),
    ],
)
def test_what_names_no_photo(here, word, error, text):
    (here / "empty").mkdir()
    (here / "blank.txt").write_text("\n \n")
    with pytest.raises(error, match="(?s)" + text.replace(".", r"\.")):
        list_photos([word])
