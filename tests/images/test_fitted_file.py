"""JPEG files read straight to a network's size are what their photos are, fitted."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from seewhy import images
from seewhy.errors import ImageError, ImageNotFoundError
from seewhy.images.fitted_file import read_fitted

pytestmark = pytest.mark.framework_free

CAT = Path(seewhy.__file__).parent / "data" / "chelsea.png"


def saved(path, size=(451, 299), mode="RGB", orientation=None):
    exif = Image.Exif()
    if orientation is not None:
        exif[0x112] = orientation
    Image.open(CAT).convert(mode).resize(size).save(path, quality=90, exif=exif)
    return path


@pytest.mark.parametrize("how", ["squash", "crop", "letterbox"])
@pytest.mark.parametrize("orientation", [None, *range(1, 9)])
def test_the_same_pixels(tmp_path, how, orientation):
    path = saved(tmp_path / "a.jpg", orientation=orientation)
    photo = images.load(path)
    found = read_fitted(path, (64, 96), how, exact=True)
    np.testing.assert_array_equal(found.pixels, images.fit(photo, (64, 96), how)[0])
    assert found.size == photo.size
    assert found.notes == photo.notes


@pytest.mark.parametrize("how", ["squash", "crop", "letterbox"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("size", [(1200, 800), (1203, 805), (450, 300)])
def test_reduced_pixels_are_near(tmp_path, how, orientation, size):
    path = saved(tmp_path / "a.jpg", size, orientation=orientation)
    photo = images.load(path)
    found = read_fitted(path, (64, 96), how, exact=False)
    difference = np.abs(found.pixels.astype(int) - images.fit(photo, (64, 96), how)[0])
    assert difference.max() <= 8
    assert difference.mean() < 0.6
    assert found.size == photo.size


def test_it_is_reduced_where_twice_as_much_is_left(tmp_path, monkeypatch):
    asked = []
    draft = Image.Image.draft

    def watched(self, mode, size):
        asked.append(size)
        return draft(self, mode, size)

    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.draft", watched)
    path = saved(tmp_path / "a.jpg", (800, 400))
    read_fitted(path, (100, 100), "squash", exact=True)
    assert asked == []
    read_fitted(path, (100, 100), "squash", exact=False)
    assert asked == [(200, 200)]


def test_grey_photos_and_files_in_memory(tmp_path):
    path = saved(tmp_path / "a.jpg", mode="L")
    wanted = images.fit(images.load(path), (32, 32))[0]
    for source in (path, str(path), BytesIO(path.read_bytes())):
        found = read_fitted(source, (32, 32), "squash", exact=True)
        np.testing.assert_array_equal(found.pixels, wanted)


def test_what_is_no_plain_jpeg_is_left_to_others(tmp_path):
    Image.open(CAT).convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.new("RGB", (1, 5)).save(tmp_path / "thin.jpg")
    for source in (CAT, tmp_path / "cmyk.jpg", tmp_path / "thin.jpg", Image.open(CAT)):
        assert read_fitted(source, (32, 32), "squash", exact=True) is None


def test_broken_files_are_told_by_their_name(tmp_path):
    whole = saved(tmp_path / "a.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=r"cut\.jpg.*broken or cut short"):
        read_fitted(tmp_path / "cut.jpg", (32, 32), "squash", exact=True)
    with pytest.raises(ImageNotFoundError, match="none"):
        read_fitted(tmp_path / "none.jpg", (32, 32), "squash", exact=True)
