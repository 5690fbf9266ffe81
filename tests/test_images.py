from __future__ import annotations

import io
import os
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
from PIL import Image, ImageCms

from seewhy import images
from seewhy.errors import ImageError, ImageNotFoundError
from seewhy.images import Photo

pytestmark = pytest.mark.framework_free


def noise(shape=(40, 60, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype="uint8")


def as_file(image, kind="png", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def error_of(source):
    """The one line that a user reads."""
    with pytest.raises(ImageError) as caught:
        images.load(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


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
RED, GREEN, BLUE, WHITE = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]


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


# Colour


def wide_gamut_profile():
    """A matrix profile like Adobe RGB (1998), gamma 2.2, written by hand; ICC.1:2001-04."""

    def xyz(x, y, z):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"wide\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 78 + b"\0",
        b"wtpt": xyz(0.9642, 1, 0.8249),
        b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
        b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
        b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = struct.pack(">I", start + len(body))
    header = size + b"\0\0\0\0" + struct.pack(">I", 0x02100000) + b"mntrRGB XYZ " + b"\0" * 12
    header += b"acsp" + b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


def srgb_profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_a_wide_gamut_profile_moves_colours():
    image = Image.new("RGB", (4, 4), (100, 150, 100))
    photo = images.load(as_file(image, icc_profile=wide_gamut_profile()))
    # through XYZ by hand: linear values ** 2.2, Adobe's primaries, sRGB's inverse and its curve
    linear = np.array([100, 150, 100]) / 255
    columns = [
        [0.60974, 0.31111, 0.01947],
        [0.20528, 0.62567, 0.06087],
        [0.14919, 0.06322, 0.74457],
    ]
    srgb = [[0.43607, 0.22249, 0.01392], [0.38515, 0.71687, 0.09708], [0.14307, 0.06061, 0.71410]]
    light = np.linalg.solve(np.array(srgb).T, np.array(columns).T @ linear**2.2)
    expected = 255 * np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
    assert expected[0] < 85  # far from the 100 in the file
    np.testing.assert_allclose(photo.pixels[0, 0], expected, atol=2)
    assert photo.notes == ()


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "webp"])
def test_an_srgb_profile_changes_nothing(kind):
    image = Image.new("RGB", (16, 16), (10, 120, 230))
    plain = images.load(as_file(image, kind))
    photo = images.load(as_file(image, kind, icc_profile=srgb_profile()))
    np.testing.assert_allclose(photo.pixels.astype(int), plain.pixels, atol=1)
    assert photo.notes == ()


@pytest.mark.parametrize("profile", [b"junk", wide_gamut_profile()[:150]])
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_broken_profile_is_noted_and_left_out(profile, mode):
    colour = (255, 0, 0) if mode == "RGB" else (0, 255, 255, 0)
    file = as_file(Image.new(mode, (16, 16), colour), "tiff", icc_profile=profile)
    photo = images.load(file)
    np.testing.assert_array_equal(photo.pixels, np.broadcast_to(RED, (16, 16, 3)))
    (note,) = photo.notes
    assert "profile" in note


def test_a_grey_photo_may_carry_a_profile_of_colours():
    photo = images.load(as_file(Image.new("L", (4, 4), 100), icc_profile=srgb_profile()))
    np.testing.assert_allclose(photo.pixels.astype(int), 100, atol=1)
    assert photo.notes == ()


def test_damaged_exif_data_does_not_cost_the_photo():
    photo = images.load(as_file(noise(), exif=b"Exif\0\0junkjunk"))
    np.testing.assert_array_equal(photo.pixels, noise())
    (note,) = photo.notes
    assert "EXIF" in note


def test_a_profile_holds_for_the_colours_under_alpha():
    image = Image.new("RGBA", (4, 4), (100, 150, 100, 255))
    opaque = images.load(as_file(image.convert("RGB"), icc_profile=wide_gamut_profile()))
    photo = images.load(as_file(image, icc_profile=wide_gamut_profile()))
    np.testing.assert_array_equal(photo.pixels, opaque.pixels)


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


# What cameras and programs get wrong


def grey_profile():
    """A profile of linear grey: a white point and a curve without entries."""
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    entries = {b"wtpt": white, b"kTRC": curve}
    start, table, body = 128 + 4 + 12 * len(entries), struct.pack(">I", len(entries)), b""
    for name, data in entries.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    header = bytearray(wide_gamut_profile()[:128])
    header[:4], header[16:20] = struct.pack(">I", start + len(body)), b"GRAY"
    return bytes(header) + table + body


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_a_linear_grey_profile_makes_grey_photos_brighter(mode):
    image = Image.new("L", (4, 4), 55).convert(mode)
    if mode == "1":
        image = Image.new("1", (4, 4), 1)
    photo = images.load(as_file(image, icc_profile=grey_profile()))
    # sRGB's curve: 1.055 · (55 / 255) ** (1 / 2.4) - 0.055 = 0.502
    expected = 255 if mode == "1" else 128
    np.testing.assert_allclose(photo.pixels.astype(int), expected, atol=2)
    assert photo.notes == ()


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_a_grey_photo_with_a_colour_profile_takes_its_curve(mode):
    image = Image.new("L", (4, 4), 200).convert(mode)
    image = Image.new("1", (4, 4), 1) if mode == "1" else image
    profile = wide_gamut_profile()
    photo = images.load(as_file(image, icc_profile=profile))
    alike = images.load(as_file(image.convert("RGB"), icc_profile=profile))
    np.testing.assert_allclose(photo.pixels.astype(int), alike.pixels, atol=1)
    assert photo.notes == ()


@pytest.mark.parametrize(("mode", "space"), [("CMYK", "rgb"), ("RGB", "grey")])
def test_a_profile_of_another_colour_space_is_noted_and_left_out(mode, space):
    image = Image.new(mode, (16, 16), (0, 255, 255, 0) if mode == "CMYK" else (255, 0, 0))
    profile = srgb_profile() if space == "rgb" else grey_profile()
    photo = images.load(as_file(image, "jpeg", icc_profile=profile))
    np.testing.assert_allclose(photo.pixels.astype(int), np.broadcast_to(RED, (16, 16, 3)), atol=2)
    (note,) = photo.notes
    assert "cannot be used; sRGB was taken" in note


def test_a_turned_photo_keeps_its_profile():
    image, exif = Image.new("RGB", (6, 4), (100, 150, 100)), Image.Exif()
    exif[0x0112] = 6
    plain = images.load(as_file(image, "png", icc_profile=wide_gamut_profile()))
    turned = images.load(as_file(image, "png", icc_profile=wide_gamut_profile(), exif=exif))
    assert (plain.size, turned.size) == ((4, 6), (6, 4))
    np.testing.assert_array_equal(turned.pixels, plain.pixels.swapaxes(0, 1))


def turning_exif():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = 6, "a camera", "2020:01:01 00:00:00"
    exif[0x011A] = 72.0
    exif.get_ifd(0x8769)[0x829A] = 0.01
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_no_damage_to_exif_data_makes_a_photo_unreadable():
    random, whole = np.random.default_rng(0), turning_exif()
    image = Image.new("RGB", (8, 6), "red")
    sizes = set()
    for _ in range(800):
        data = bytearray(whole)
        for at in random.integers(6, len(data), 3):
            data[at] = random.integers(0, 256)
        sizes.add(images.load(as_file(image, "jpeg", exif=bytes(data))).size)
    assert sizes == {(8, 6), (6, 8)}  # (6, 8) where the damage hit the orientation itself


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_unknown_orientation_turns_nothing(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = images.load(as_file(noise(), exif=exif))
    np.testing.assert_array_equal(photo.pixels, noise())
    assert photo.notes == ()


def test_exif_that_cannot_be_read_is_noted(monkeypatch):
    def fail(image):
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    photo = images.load(Image.fromarray(noise()))
    np.testing.assert_array_equal(photo.pixels, noise())
    assert photo.notes == ("orientation: the EXIF data is damaged; the photo was not turned.",)


def test_grey_multiplied_by_its_alpha():
    image = Image.new("LA", (2, 2), (100, 51)).convert("La")
    np.testing.assert_allclose(images.load(image).pixels.astype(int), 224, atol=2)  # 20 + 204


def test_of_the_two_photos_of_an_mpo_the_first_is_taken_without_a_note():
    first, second = (Image.new("RGB", (16, 16), colour) for colour in ("red", "blue"))
    file = as_file(first, "mpo", save_all=True, append_images=[second])
    photo = images.load(file)
    np.testing.assert_allclose(photo.pixels.astype(int), np.broadcast_to(RED, (16, 16, 3)), atol=2)
    assert photo.notes == ()


def test_of_a_tiff_of_many_pages_the_first_is_taken():
    pages = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    photo = images.load(as_file(pages[0], "tiff", save_all=True, append_images=pages[1:]))
    np.testing.assert_array_equal(photo.pixels, np.broadcast_to(RED, (4, 4, 3)))
    assert "2 frames" in photo.notes[0]


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


def test_of_many_channels_the_first_three_are_shown():
    array = np.random.default_rng(0).normal(size=(4, 5, 13))
    got = images.from_preprocessed(array).pixels
    np.testing.assert_array_equal(got, images.from_preprocessed(array[..., :3]).pixels)
