"""Photos of more than 8 bits: which of their numbers are black and white."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from seewhy import checks, errors, images

pytestmark = pytest.mark.framework_free
SCAN = (np.random.default_rng(0).random((20, 30)) * 4095).astype("uint16")


def as_file(values, format):
    file = io.BytesIO()
    Image.fromarray(values).save(file, format)
    file.seek(0)
    return file


@pytest.mark.parametrize("source", ["PNG", "TIFF", "array", "array with an axis"])
def test_the_range_says_what_is_white(source):
    if source.startswith("array"):
        given = SCAN if source == "array" else SCAN[..., None]
    else:
        given = as_file(SCAN, source)
    photo = images.load(given)
    by_type = images.with_range(photo, "dtype").fine
    np.testing.assert_allclose(by_type[..., 0], SCAN / 65535 * 255, rtol=1e-6)
    twelve_bits = images.with_range(photo, (0, 4095))
    np.testing.assert_allclose(twelve_bits.fine[..., 1], SCAN / 4095 * 255, rtol=1e-6)
    np.testing.assert_array_equal(
        twelve_bits.pixels[..., 2], np.rint(SCAN / 4095 * 255).astype("uint8")
    )
    low, high = int(SCAN.min()), int(SCAN.max())
    by_data = images.with_range(photo, "data").fine
    np.testing.assert_allclose(by_data[..., 0], (SCAN - low) / (high - low) * 255, atol=1e-4)
    as_they_are = images.with_range(photo, (0, 255)).fine
    np.testing.assert_allclose(as_they_are[..., 0], SCAN, rtol=1e-6)


def test_without_a_range_it_is_told():
    photo = images.with_range(images.load(SCAN), None)
    assert [note for note in photo.notes if "high-bit-depth" in note and "(0, 4095)" in note]
    assert not images.with_range(images.load(SCAN), (0, 4095)).notes


def test_eight_bits_stay_as_they_are():
    photo = images.load((SCAN // 16).astype("uint8"))
    assert images.with_range(photo, (0, 100)) is photo


def test_colours_of_16_bits():
    colours = np.stack([SCAN, SCAN // 2, SCAN // 3], axis=-1)
    photo = images.with_range(images.load(colours), (0, 4095))
    np.testing.assert_allclose(photo.fine, colours / 4095 * 255, rtol=1e-6)


def png_of_16_bit_colours():
    import struct
    import zlib

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    rows = b"".join(b"\0" + bytes(4 * 6) for _ in range(4))
    header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + parts)


def test_colours_of_16_bits_in_a_file_are_told_of_and_not_given_a_range():
    photo = images.load(png_of_16_bit_colours())
    assert [note for note in photo.notes if "high-bit-depth" in note]
    with pytest.raises(errors.ImageError, match="uint16 array"):
        images.with_range(photo, "data")


@pytest.mark.parametrize("how", ["squash", "crop", "letterbox"])
def test_nothing_is_rounded_on_the_way_to_the_network(how):
    fitted, _ = images.fit(images.with_range(images.load(SCAN), (0, 4095)), (10, 10), how)
    assert fitted.dtype == np.float32
    assert fitted.shape == (10, 10, 3)
    eight, _ = images.fit(images.load(np.rint(SCAN / 4095 * 255).astype("uint8")), (10, 10), how)
    np.testing.assert_allclose(fitted, eight, atol=1.5)
    assert len(np.unique(fitted)) > len(np.unique(eight))


@pytest.mark.parametrize(
    "range", ["all", (1,), (1, 2, 3), (2, 1), (0, float("nan")), 5, ("a", "b"), (True, 2)]
)
def test_ranges_that_are_none(range):
    with pytest.raises(errors.OptionError, match="range"):
        checks.check_range("range", range)


def test_ranges_on_a_command_line():
    assert checks.read_range("0,4095") == (0, 4095)
    assert checks.read_range("-1024, 3071") == (-1024, 3071)
    assert checks.read_range("data") == "data"
    with pytest.raises(errors.OptionError, match="range"):
        checks.read_range("much")
