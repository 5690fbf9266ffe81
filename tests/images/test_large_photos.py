"""Photos of many pixels are decoded and drawn smaller, and those of usual size as they are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from helpers.explanations import explanation
from seewhy import images
from seewhy.errors import ImageError
from seewhy.images import photo as photo_module
from seewhy.images.arrays import Array
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.render import drawn_size

pytestmark = pytest.mark.framework_free


def scene(size):
    """A photo with things of many sizes, (width, height)."""
    coarse = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype="uint8")
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    scene((2400, 1800)).save(path, quality=95, exif=exif)
    return path


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(photo_module, "LEAST_SIDE", 256)
    monkeypatch.setattr(drawn_size, "MOST_DRAWN", 600)


@pytest.mark.parametrize(("most", "times"), [(600, 4), (1000, 2), (1201, 1), (2400, 1), (None, 1)])
def test_a_jpeg_is_decoded_smaller_and_the_network_sees_the_same(large, most, times):
    whole, read = images.load(large), images.load(large, most=most)
    assert whole.size == (2400, 1800)  # upright
    assert read.size == (2400 // times, 1800 // times)
    assert [note.split(":")[0] for note in read.notes] == (["smaller"] if times > 1 else [])
    if times == 1:
        np.testing.assert_array_equal(read.pixels, whole.pixels)
    for how in ("squash", "crop", "letterbox"):
        ours, theirs = (images.fit(each, (224, 224), how)[0].astype(int) for each in (read, whole))
        assert abs(ours - theirs).mean() < 0.5
        assert abs(ours - theirs).max() <= 6


def test_a_panorama_keeps_its_rows(tmp_path):
    scene((4000, 300)).save(tmp_path / "wide.jpg")
    assert images.load(tmp_path / "wide.jpg", most=600).size == (300, 4000)
    scene((4000, 600)).save(tmp_path / "wide.jpg")
    assert images.load(tmp_path / "wide.jpg", most=600).size == (300, 2000)


def test_other_formats_are_read_whole(tmp_path):
    scene((1300, 700)).save(tmp_path / "a.png")
    assert images.load(tmp_path / "a.png", most=600).size == (700, 1300)


def test_the_limit_of_pixels_is_that_of_what_is_unpacked(large, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2_000_000)
    with pytest.raises(ImageError, match="4,320,000 pixels"):
        images.load(large)
    assert images.load(large, most=600).size == (600, 450)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    with pytest.raises(ImageError, match="4,320,000 pixels"):
        images.load(large, most=600)


@pytest.mark.parametrize("how", ["squash", "crop", "letterbox"])
def test_a_photo_that_is_drawn_smaller_has_the_same_map(how):
    photo = Photo(np.asarray(scene((1200, 900))), "a.jpg")
    geometry = getattr(Geometry, how)(photo.size, (224, 224))
    drawn, other = drawn_size.smaller(photo, geometry)
    assert not drawn_size.is_drawn_whole(photo)
    assert drawn_size.is_drawn_whole(drawn)
    assert drawn.size == other.photo == (450, 600)
    grid = np.random.default_rng(0).random((7, 7))
    whole, small = geometry.to_photo(grid), other.to_photo(grid)
    inside = geometry.seen.reshape(450, 2, 600, 2).all(axis=(1, 3))
    means = whole.reshape(450, 2, 600, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(small[inside], means[inside], atol=4e-3)


def test_arrays_are_drawn_as_they_are():
    assert drawn_size.is_drawn_whole(Array(np.zeros((5000, 2))))


@pytest.mark.parametrize("upsampling", ["linear", "guided"])
def test_pictures_of_an_explanation_are_smaller_and_its_boxes_are_not(tmp_path, upsampling):
    photo = Photo(np.asarray(scene((1200, 900))), "a.jpg")
    map = np.zeros((7, 7))
    map[2, 3] = 1
    geometry = Geometry.squash(photo.size, (224, 224))
    found = explanation(map, photo, geometry, upsampling=upsampling)
    assert found.overlay().size == found.colorize().size == (600, 450)
    assert found.overlay(full_size=True).size == found.colorize(full_size=True).size == (1200, 900)
    for full_size, size in ((False, (600, 450)), (True, (1200, 900))):
        path = found.save(tmp_path / "a.png", full_size=full_size)
        with Image.open(path) as picture:
            assert picture.size == size
    assert found.heatmap.shape == (900, 1200)
    assert max(box.right for box in found.boxes()) > 600
