"""What is no whole photo is refused in one line with the mend."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import threading
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.photos import as_file, error_of, noise
from seewhy import images
from seewhy.errors import ImageNotFoundError

pytestmark = pytest.mark.framework_free


# What is refused


@pytest.mark.parametrize("given", [str, Path])
def test_a_missing_file(tmp_path, given):
    path = tmp_path / "no.jpg"
    assert error_of(given(path)) == f"there is no file {str(path)!r}: check the path."
    with pytest.raises(ImageNotFoundError):
        images.load(given(path))
    with pytest.raises(FileNotFoundError):
        images.load(given(path))


def test_bad_paths_name_the_photo_and_the_mend(tmp_path):
    (tmp_path / "text.jpg").write_text("hello, I am no photo")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "cut.jpg").write_bytes(as_file(noise(), "jpeg").read()[:-200])
    expected = {
        tmp_path: (tmp_path.name, "folder: give the photos in it", "*.jpg"),
        tmp_path / "text.jpg": ("text.jpg", "known format: give a JPEG"),
        tmp_path / "empty.jpg": ("empty.jpg", "empty", "give a whole file"),
        tmp_path / "cut.jpg": ("cut.jpg", "cut short", "give a whole file"),
        tmp_path / "text.jpg" / "a": ("text.jpg/a", "check the path"),
        "https://example.org/cat.jpg": ("https://example.org/cat.jpg", "download the photo first"),
        "": ("empty", "give the path"),
        "a\0b": (r"a\x00b", "check the path"),
        "two\nlines.jpg": (r"two\nlines.jpg", "check the path"),
        "a" * 300: ("aaa", "check the path"),
    }
    for source, texts in expected.items():
        error = error_of(source)
        assert [text for text in texts if text not in error] == []


def test_no_permission(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):  # not by chmod, which does not stop root
        raise PermissionError(13, "Permission denied", "mine.jpg")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("io.open", refuse)
    assert "mine.jpg' cannot be opened (Permission denied)" in error_of(tmp_path / "mine.jpg")


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_part_of_a_file_is_no_photo(kind, part):
    data = as_file(noise(), kind).read()
    assert "give a" in error_of(io.BytesIO(data[: int(part * len(data))]))


def test_a_file_opened_as_text(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(as_file(noise(), "jpeg").read())
    with path.open(encoding="utf-8") as file:  # its decoder fails before Pillow sees anything
        assert "photo.jpg' cannot be read" in error_of(file)
    with path.open(encoding="latin-1") as file:
        assert "binary mode, 'rb'" in error_of(file)


def test_a_file_that_was_read_to_its_end():
    file = as_file(noise())
    file.read()
    assert "0 bytes to read" in error_of(file)


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (np.ones((4, 4, 3), "bool"), ("uint8; got bool", "0..255")),
        (np.ones((4, 4, 3), "int64"), ("uint8; got int64", "0..255")),
        (np.ones((4, 4, 3), "float32"), ("uint8; got float32", "already preprocessed")),
        (noise((4,)), ("(height, width)", "got (4,)")),
        (noise((1, 4, 4, 3)), ("got (1, 4, 4, 3)", "holds one photo")),
        (noise((3, 8, 9)), ("got (3, 8, 9)", "Channels come last")),
        (noise((4, 4, 2)), ("got (4, 4, 2)",)),
        (noise((4, 4, 5)), ("got (4, 4, 5)",)),
        (noise((0, 4, 3)), ("0 × 4 pixels", "at least 2 × 2")),
        (noise((4, 1, 3)), ("4 × 1 pixels", "at least 2 × 2")),
        (noise((1, 4)), ("1 × 4 pixels", "at least 2 × 2")),
    ],
)
def test_bad_arrays(array, texts):
    error = error_of(array)
    assert [text for text in texts if text not in error] == []


@pytest.mark.parametrize("source", [None, 3, [[1, 2], [3, 4]], b"data"])
def test_other_things_are_no_image(source):
    assert f"got {type(source).__name__}" in error_of(source)


def test_a_file_of_one_row(tmp_path):
    path = tmp_path / "line.png"
    path.write_bytes(as_file(noise((1, 9, 3))).read())
    assert "line.png' has 1 × 9 pixels" in error_of(path)


def huge_png(width, height):
    """A PNG whose header promises more than its few bytes hold."""
    data = as_file(Image.new("1", (8, 8))).read()
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


@pytest.mark.parametrize("side", [10_000, 20_000, 1_000_000])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(huge_png(side, side))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        error = error_of(path)
        assert warnings.filters == filters
    assert told == []
    for text in ("bomb.png", f"{side**2:,} pixels", "89,478,485", "shrink it", "MAX_IMAGE_PIXELS"):
        assert text in error


def test_the_limit_of_pixels_is_pillows(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40 * 60 - 1)
    assert "2,400 pixels, more than the limit of 2,399" in error_of(as_file(noise()))
    for limit in (40 * 60, None):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert images.load(as_file(noise())).size == (40, 60)


def test_rare_formats_are_found_by_a_fresh_process(tmp_path):
    (tmp_path / "photo.tga").write_bytes(as_file(noise(), "tga").read())
    code = "import sys; from seewhy import images; print(images.load(sys.argv[1]).size)"
    command = [sys.executable, "-c", code, str(tmp_path / "photo.tga")]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "(40, 60)\n"


def test_formats_are_found_from_many_threads():
    kinds = ["png", "jpeg", "webp", "tiff", "bmp", "gif", "ppm", "tga"] * 4
    files = [as_file(noise(), kind) for kind in kinds]
    sizes = []
    threads = [
        threading.Thread(target=lambda file=file: sizes.append(images.load(file).size))
        for file in files
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [(40, 60)] * len(kinds)


def test_another_kind_of_file_renamed_is_no_photo(tmp_path):
    path = tmp_path / "photos.jpg"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert "photos.jpg' is no image in a known format: give a JPEG" in error_of(path)


def test_closed_files_and_images(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(as_file(noise()).read())
    with path.open("rb") as file, Image.open(path) as image:
        pass
    assert "photo.png' cannot be read" in error_of(file)
    assert "photo.png" in error_of(image)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (1, 5), (5, 1)])
def test_images_without_two_pixels_each_way(size):
    assert f"has {size[1]} × {size[0]} pixels" in error_of(Image.new("RGB", size))
