"""Colour profiles and EXIF data are honoured, damaged ones do no harm."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from helpers.photos import RED, as_file, noise
from seewhy import images

pytestmark = pytest.mark.framework_free


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
