from __future__ import annotations

import numpy as np
import pytest

from seewhy import render
from seewhy.render.arrays.volumes import shown_slices, slice_picture
from seewhy.render.looks import Look
from seewhy.render.sheets import labelled_sheet

pytestmark = pytest.mark.framework_free

# where `sheet` puts the first tile: below the margin and the title
MARGIN, TITLE = 12, 36


def volume(depth=4, rows=10, cols=10):
    """Slice i has the one value i."""
    return np.broadcast_to(np.arange(depth)[:, None, None, None], (depth, rows, cols, 1)) * 1.0


def tiles(picture, columns, rows, side):
    """The tiles of a sheet of squares, in reading order."""
    step_down, step_right = TITLE + side + MARGIN, side + MARGIN
    return [
        picture[MARGIN + TITLE + r * step_down :, MARGIN + c * step_right :][:side, :side]
        for r in range(rows)
        for c in range(columns)
    ]


def test_slices_share_one_stretch():
    picture = slice_picture(volume(), None)
    got = tiles(picture, 4, 1, 300)
    assert picture.shape == (MARGIN + TITLE + 300 + MARGIN, 4 * 312 + MARGIN, 3)
    for tile, shade in zip(got, [0, 85, 170, 255], strict=True):
        np.testing.assert_array_equal(tile, shade)


def test_slices_are_enlarged_in_squares():
    values = np.random.default_rng(0).normal(size=(1, 10, 10, 3))
    (tile,) = tiles(slice_picture(values, None), 1, 1, 300)
    for row in range(10):
        for col in range(10):
            square = tile[row * 30 : row * 30 + 30, col * 30 : col * 30 + 30].reshape(-1, 3)
            assert len(np.unique(square, axis=0)) == 1
    stretched = 255 * (values[0] - values.min()) / np.ptp(values)
    np.testing.assert_allclose(tile[15::30, 15::30], stretched, atol=0.51)


def test_heat_is_on_one_scale_and_smooth():
    heat = np.zeros((2, 10, 10))
    heat[0, :, 5:], heat[1] = 1.0, 0.5
    first, second = tiles(
        slice_picture(np.zeros((2, 10, 10, 1)), heat, Look("jet", 1, "mix", "linear")), 2, 1, 300
    )
    jet = render.table("jet")
    np.testing.assert_array_equal(second, np.broadcast_to(jet[127], second.shape))
    np.testing.assert_array_equal(first[:, 165:], np.broadcast_to(jet[255], (300, 135, 3)))
    np.testing.assert_array_equal(first[:, :135], np.broadcast_to(jet[0], (300, 135, 3)))
    assert len(np.unique(first[0], axis=0)) > 20  # 30 columns between the two


def test_heat_lies_over_the_slice():
    values, heat = volume(2), np.zeros((2, 10, 10))
    heat[1] = 1
    first, second = tiles(slice_picture(values, heat, Look("jet", 0.4, "mix")), 2, 1, 300)
    jet = render.table("jet").astype(float)
    np.testing.assert_allclose(first[5, 5], 0.4 * jet[0], atol=0.51)
    np.testing.assert_allclose(second[5, 5], 0.4 * jet[255] + 0.6 * 255, atol=0.51)


@pytest.mark.parametrize("depth", range(1, 40))
def test_the_hottest_slice_is_among_the_chosen(depth):
    for hottest in range(depth):
        heat = np.full((depth, 2, 2), 0.1)
        heat[hottest, 0, 0] = 1
        got = shown_slices(depth, heat)
        assert hottest in got
        assert len(got) == min(depth, 9)
        assert got == sorted(set(got))
        assert np.diff(got).max(initial=0) <= 2 * np.ceil(depth / 8)


def test_without_heat_slices_are_evenly_spaced():
    assert shown_slices(17, None) == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert shown_slices(17, np.zeros((17, 2, 2))) == shown_slices(17, None)
    assert shown_slices(3, None) == [0, 1, 2]


def test_of_equal_peaks_the_slice_with_more_heat_is_the_hottest():
    heat = np.zeros((90, 3, 3))
    heat[40, 0, 0] = 1
    heat[30, :2] = 1
    heat[50] = 0.9
    assert 30 in shown_slices(90, heat)


@pytest.mark.parametrize("word", ["slice", "frame"])
def test_titles_count_from_one(monkeypatch, word):
    heat = np.zeros((12, 4, 4))
    heat[4] = 1
    made = []
    monkeypatch.setattr(
        "seewhy.render.arrays.volumes.labelled_sheet",
        lambda *given: made.append(given) or labelled_sheet(*given),
    )
    slice_picture(volume(12, 4, 4), heat, word=word)
    ((_, titles),) = made
    assert titles == [f"{word} {i} of 12" for i in (1, 2, 4, 5, 7, 8, 9, 11, 12)]


@pytest.mark.parametrize("channels", [2, 5])
def test_other_channels(channels):
    values = np.random.default_rng(1).normal(size=(3, 6, 6, channels))
    used = values[..., :3] if channels == 5 else values[..., :1]
    np.testing.assert_array_equal(slice_picture(values, None), slice_picture(used, None))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_values_are_black(bad):
    values = volume(2).copy()
    values[1, 0, 0] = bad
    _, second = tiles(slice_picture(values, None), 2, 1, 300)
    np.testing.assert_array_equal(second[:30, :30], 0)
    np.testing.assert_array_equal(second[30:], 255)


@pytest.mark.parametrize("value", [0.0, np.nan, 5.0])
def test_a_constant_volume_is_grey(value):
    (tile,) = tiles(slice_picture(np.full((1, 10, 10, 1), value), None), 1, 1, 300)
    np.testing.assert_array_equal(tile, 127)


def test_large_slices_are_shrunk():
    assert slice_picture(np.zeros((2, 600, 900, 1)), None).shape[:2] == (
        12 + 36 + 480 + 12,
        2 * 732 + 12,
    )
