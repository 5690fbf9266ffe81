"""Photos of every kind are read as people see them."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from helpers.photos import BLUE, GREEN, RED, WHITE, as_file, error_of, noise
from seewhy import images
from seewhy.errors import ImageError, OptionError
from seewhy.images.photo import Photo

pytestmark = pytest.mark.framework_free


# What is accepted


def test_every_kind_of_source_gives_the_same_photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(as_file(noise()).read())
    with path.open("rb") as file, Image.open(path) as image:
        sources = {
            str(path): [str(path), path, file, image],
            "image": [as_file(noise()), Image.fromarray(noise()), noise()],
        }
        for name, given in sources.items():
            for source in given:
                photo = images.load(source)
                np.testing.assert_array_equal(photo.pixels, noise())
                assert (photo.name, photo.notes, photo.size) == (name, (), (40, 60))


def test_a_photo_is_returned_as_it_is():
    photo = Photo(noise(), "mine", ("a: b",))
    assert images.load(photo) is photo


def test_a_file_whose_name_is_a_number_has_none(tmp_path):
    (tmp_path / "photo.png").write_bytes(as_file(noise()).read())
    with os.fdopen(os.open(tmp_path / "photo.png", os.O_RDONLY), "rb") as file:
        assert images.load(file).name == "image"


@pytest.mark.parametrize("channels", [None, 1])
def test_grey_arrays(channels):
    array = noise((4, 5) if channels is None else (4, 5, channels))
    expected = np.repeat(array.reshape(4, 5, 1), 3, axis=2)
    np.testing.assert_array_equal(images.load(array).pixels, expected)


def test_a_view_of_an_array_is_read_as_it_looks():
    np.testing.assert_array_equal(images.load(noise()[::-1, ::2]).pixels, noise()[::-1, ::2])


# Modes: two pixels by two, so that each expected value can be counted out by hand

WIDE = np.array([[0, 25700], [65535, 1000]], "uint16")
HALF_RED = np.array(
    [[[255, 0, 0, 0], [255, 0, 0, 255]], [[255, 0, 0, 128], [0, 0, 0, 51]]], "uint8"
)
PALETTE = Image.fromarray(np.array([[0, 1], [2, 1]], "uint8"))
PALETTE.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])


def greys(*values):
    return [[value] * 3 for value in values]


MODES = {
    "1 bit": (Image.fromarray(np.array([[True, False], [False, True]])), greys(255, 0, 0, 255)),
    "grey": (Image.fromarray(np.array([[1, 2], [3, 4]], "uint8")), greys(1, 2, 3, 4)),
    "16 bit png": (Image.open(as_file(WIDE)), greys(0, 100, 255, 4)),
    "16 bit tiff": (Image.open(as_file(WIDE, "tiff")), greys(0, 100, 255, 4)),
    "16 bit in 32": (Image.fromarray(WIDE.astype("int32")), greys(0, 100, 255, 4)),
    "big-endian": (
        Image.frombytes("I;16B", (2, 2), WIDE.astype(">u2").tobytes()),
        greys(0, 100, 255, 4),
    ),
    "alpha": (Image.fromarray(HALF_RED), [WHITE, RED, [255, 127, 127], [204] * 3]),
    "grey and alpha": (Image.fromarray(HALF_RED).convert("LA"), greys(255, 76, 165, 204)),
    "palette": (PALETTE, [RED, GREEN, BLUE, GREEN]),
    "clear colour": (Image.open(as_file(PALETTE, transparency=1)), [RED, WHITE, BLUE, WHITE]),
    "clear palette": (
        Image.open(as_file(PALETTE, transparency=bytes([51, 255, 0]))),
        [[255, 204, 204], GREEN, WHITE, GREEN],
    ),
    "CMYK": (Image.new("CMYK", (2, 2), (0, 255, 255, 0)), [RED] * 4),
    "CMYK jpeg": (
        Image.open(as_file(Image.new("CMYK", (2, 2), (0, 255, 255, 0)), "jpeg")),
        [RED] * 4,
    ),
}


@pytest.mark.parametrize("mode", MODES)
def test_modes(mode):
    image, expected = MODES[mode]
    got = images.load(image).pixels
    assert got.dtype == np.uint8
    np.testing.assert_allclose(got.reshape(4, 3), np.array(expected), atol=1)


@pytest.mark.parametrize("values", [[[-1, 2], [3, 4]], [[1, 2], [3, 70000]]])
def test_32_bit_integers_have_no_known_scale(tmp_path, values):
    path = tmp_path / "depth.tiff"
    Image.fromarray(np.array(values, "int32")).save(path)
    assert "depth.tiff' cannot be shown: its values are 32-bit" in error_of(path)


def test_float_images_have_no_known_scale(tmp_path):
    path = tmp_path / "depth.tiff"
    Image.fromarray(np.ones((3, 3), "float32")).save(path)
    assert "depth.tiff' cannot be shown: its values are float" in error_of(path)


# Animations


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    photo = images.load(as_file(frames[0], kind, save_all=True, append_images=frames[1:]))
    np.testing.assert_allclose(photo.pixels.astype(int), np.broadcast_to(RED, (4, 4, 3)), atol=2)
    (note,) = photo.notes
    assert "3 frames" in note


def test_a_still_gif_has_no_note():
    assert images.load(as_file(Image.new("RGB", (4, 4)), "gif")).notes == ()


# Preprocessed arrays


def test_a_preprocessed_array_is_stretched():
    array = np.array([[[-1.0, 0, 1], [0, 0, 0]], [[1, 1, 1], [-1, -1, -1]]], "float32")
    photo = images.from_preprocessed(array)
    expected = [[[0, 128, 255], [128] * 3], [[255] * 3, [0] * 3]]
    np.testing.assert_allclose(photo.pixels.astype(int), expected, atol=1)
    assert photo.pixels.dtype == np.uint8
    assert photo.notes == ()


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_channels_of_a_preprocessed_array(channels):
    array = np.random.default_rng(0).uniform(size=(4, 5, channels)).astype("float32")
    shown = array[..., :3] if channels >= 3 else array[..., :1].repeat(3, axis=-1)
    expected = 255 * (shown - shown.min()) / np.ptp(shown)
    got = images.from_preprocessed(array).pixels
    np.testing.assert_allclose(got, expected, atol=0.51)


@pytest.mark.parametrize("value", [0.0, -7.0, 1e30])
def test_a_constant_array_is_mid_grey(value):
    got = images.from_preprocessed(np.full((3, 3, 3), value, "float32")).pixels
    np.testing.assert_array_equal(got, 127)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_range_of_preprocessed_values_does_not_overflow(dtype):
    largest = 1e300 if dtype == "float64" else float(np.finfo(dtype).max)
    array = np.array([[[-largest], [0]], [[largest], [0]]], dtype)
    got = images.from_preprocessed(array).pixels[..., 0]
    np.testing.assert_allclose(got, [[0, 127.5], [255, 127.5]], atol=0.51)


def test_bad_values_of_a_preprocessed_array_are_counted():
    array = np.zeros((4, 4, 3))
    array[0, 0] = [np.nan, np.inf, -np.inf]
    with pytest.raises(ImageError, match="3 of 48 values"):
        images.from_preprocessed(array)


def test_of_many_channels_the_first_three_are_shown():
    array = np.random.default_rng(0).normal(size=(4, 5, 13))
    got = images.from_preprocessed(array).pixels
    np.testing.assert_array_equal(got, images.from_preprocessed(array[..., :3]).pixels)


def test_bands_pick_the_channels_that_are_shown():
    array = np.random.default_rng(0).normal(size=(4, 5, 13))
    photo = images.from_preprocessed(array, bands=(7, 2, 7))
    np.testing.assert_array_equal(
        photo.pixels, images.from_preprocessed(array[..., [7, 2, 7]]).pixels
    )
    assert photo.notes == ()
    shown = array[..., [7, 2, 7]]
    expected = 255 * (shown - shown.min()) / np.ptp(shown)
    np.testing.assert_allclose(photo.pixels, expected, atol=0.51)


@pytest.mark.parametrize(
    ("channels", "note"),
    [
        (1, ()),
        (2, ("shown: channel 0 of 2 as grey; choose others with bands=…",)),
        (3, ()),
        (4, ("shown: channels 0, 1, 2 of 4; choose others with bands=…",)),
        (13, ("shown: channels 0, 1, 2 of 13; choose others with bands=…",)),
    ],
)
def test_a_note_names_the_channels_that_were_taken(channels, note):
    assert images.from_preprocessed(np.zeros((4, 5, channels))).notes == note


@pytest.mark.parametrize(
    "bands", [(0, 1), (0, 1, 2, 3), (0, 1, 5), (-1, 0, 1), (0, 1, 1.0), (0, 1, True), 3, "012", ()]
)
def test_bands_are_three_channels(bands):
    with pytest.raises(OptionError, match=r"0 to 4.*got .*bands=\(0, 1, 2\)"):
        images.from_preprocessed(np.zeros((4, 5, 5)), bands)


def test_bands_may_be_numpy_integers():
    array = np.random.default_rng(0).normal(size=(4, 5, 4))
    got = images.from_preprocessed(array, np.array([3, 1, 0])).pixels
    np.testing.assert_array_equal(got, images.from_preprocessed(array, [3, 1, 0]).pixels)
