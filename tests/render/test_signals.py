from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from seewhy import render
from seewhy.render.arrays.signals import signal_picture
from seewhy.render.looks import Look

pytestmark = pytest.mark.framework_free


def wave(steps=100, channels=1):
    at = np.arange(steps)[:, None]
    return np.sin(at / 7 + np.arange(channels)).astype("float32")


def tint(level, alpha=0.4, colormap="jet"):
    """A colour of the map on white, as a share alpha."""
    return np.rint(np.float32(alpha) * render.table(colormap)[level] + np.float32(1 - alpha) * 255)


def where(picture, colour):
    return (np.abs(picture.astype(int) - colour) <= 1).all(axis=-1)


def inner(picture):
    """Left, right, top and bottom of the coloured panel."""
    rows, cols = np.nonzero((picture < 250).any(axis=-1))
    coloured = where(picture, tint(0)) | where(picture, tint(255))
    rows, cols = np.nonzero(coloured)
    return cols.min(), cols.max(), rows.min(), rows.max()


@pytest.mark.parametrize("steps", [10, 100, 5000])
def test_the_background_is_hot_where_the_map_is(steps):
    heat = np.zeros(steps)
    heat[steps * 6 // 10 : steps * 7 // 10] = 1
    picture = signal_picture(wave(steps), heat)
    assert picture.dtype == np.uint8
    left, right, *_ = inner(picture)
    hot = np.nonzero(where(picture, tint(255)).any(axis=0))[0]
    fractions = (np.array([hot.min(), hot.max() + 1]) - left) / (right + 1 - left)
    np.testing.assert_allclose(fractions, [0.6, 0.7], atol=0.005)


def test_one_hot_step_of_many_is_seen():
    for at in (0, 31_234, 99_999):
        heat = np.zeros(100_000)
        heat[at] = 1
        picture = signal_picture(wave(100_000), heat)
        left, right, *_ = inner(picture)
        hot = np.nonzero(where(picture, tint(255)).any(axis=0))[0]
        assert len(hot) in (1, 2)
        assert (hot.mean() - left) / (right - left) == pytest.approx(at / 100_000, abs=0.005)


def test_one_peak_of_many_steps_is_seen():
    quiet, loud = np.zeros((100_000, 1)), np.zeros((100_000, 1))
    quiet[0] = loud[0] = loud[70_001] = 9  # the first keeps the axis as it is
    difference = (signal_picture(quiet, None) != signal_picture(loud, None)).any(axis=-1)
    rows, cols = np.nonzero(difference)
    assert np.ptp(rows) > 100
    assert np.ptp(cols) < 10


def test_the_line_follows_the_signal():
    ramp = np.linspace(0, 1, 50)[:, None]
    picture = signal_picture(ramp, np.zeros(50))
    left, right, top, bottom = inner(picture)
    panel = picture[top : bottom + 1, left : right + 1]
    dark = (panel < 60).all(axis=-1)
    rows, cols = np.nonzero(dark[4:-4, 4:-4])
    slope, start = np.polyfit(cols, -rows, 1)
    height, width = panel.shape[:2]
    # from 0.08 / 1.16 below to 0.08 / 1.16 under the top, along 49 of 50 steps
    assert slope == pytest.approx(height / 1.16 / (width * 49 / 50), rel=0.02)
    assert np.abs(-rows - (slope * cols + start)).max() < 4


def test_each_channel_has_a_panel_of_its_own_scale():
    small = wave(80, 2)
    large = small * np.array([1, 1e6], "float32")
    ours, theirs = signal_picture(small, None), signal_picture(large, None)
    assert ours.shape == theirs.shape
    # only the numbers along the second panel's axis, and the room that they take, differ
    lines = [(picture < 60).all(axis=-1)[:, 300:900].sum() for picture in (ours, theirs)]
    assert lines[0] == pytest.approx(lines[1], rel=0.05)
    assert signal_picture(wave(80, 3), None).shape[0] > ours.shape[0]


def test_channels_left_out_are_told():
    six, seven, many = (signal_picture(wave(50, channels), None) for channels in (6, 7, 8))
    assert six.shape == seven.shape == many.shape
    # the title makes room above the first panel, and says how many there are
    top = [
        np.nonzero((picture < 100).all(-1)[:, 400:600].any(axis=1))[0][0]
        for picture in (six, seven)
    ]
    box = [
        np.nonzero((picture < 100).all(-1)[:, 500:].mean(axis=1) > 0.9)[0][0]
        for picture in (six, seven)
    ]
    assert box[0] - top[0] == 0
    assert box[1] - top[1] > 8
    assert (seven[: box[1]] != many[: box[1]]).any()


def test_without_a_map_the_background_is_white():
    picture = signal_picture(wave(), None).astype(int)
    assert (np.ptp(picture, axis=-1) <= 2).all()
    assert (picture == 255).all(axis=-1).mean() > 0.8


@pytest.mark.parametrize("colormap", ["jet", "viridis"])
@pytest.mark.parametrize("alpha", [0.2, 1.0])
@pytest.mark.parametrize("blend", ["add", "mix"])
def test_the_colours_are_the_maps_on_white(colormap, alpha, blend):
    picture = signal_picture(wave(4), np.array([0, 0, 1, 1.0]), Look(colormap, alpha, blend))
    for level in (0, 255):
        assert where(picture, tint(level, alpha, colormap)).mean() > 0.2


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -3.0, 1e-30, 3e38, -3e38])
def test_nothing_crashes_on_a_constant(value):
    values = np.full((30, 2), value, "float32")
    values[:, 1] = wave(30)[:, 0]
    picture = signal_picture(values, np.linspace(0, 1, 30))
    assert where(picture, tint(0)).any()
    assert (picture < 60).all(axis=-1).any()


@pytest.mark.parametrize("steps", [9, 100, 3000])
def test_nan_leaves_a_gap_in_the_line(steps):
    values = np.ones((steps, 1))
    values[steps // 3 : 2 * steps // 3] = np.nan
    picture = signal_picture(values, np.zeros(steps))
    left, right, top, bottom = inner(picture)
    line = (picture[(top + bottom) // 2, left : right + 1] < 90).all(axis=-1)
    third = len(line) // 3
    assert line[third // 5 : -third // 5].mean() > 0.3
    assert not line[third + third // 5 : 2 * third - third // 5].any()


@pytest.mark.parametrize("steps", [1, 2])
def test_the_shortest_signals(steps):
    picture = signal_picture(np.ones((steps, 1)), np.ones(steps))
    assert where(picture, tint(255)).mean() > 0.5
    assert (picture[:, 100:-50] < 60).all(axis=-1).any()


def test_nothing_global_changes():
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context():
        white = signal_picture(wave(), np.zeros(100))
        matplotlib.style.use("dark_background")
        dark = signal_picture(wave(), np.zeros(100))
    assert dict(matplotlib.rcParams) == before
    # a user's dark style does not make the numbers white on white
    ink = [(picture[:, :40] < 100).all(axis=-1).mean() for picture in (white, dark)]
    assert ink[1] == pytest.approx(ink[0], rel=0.1)
    assert ink[0] > 0.005


def test_a_step_between_two_nan_is_seen():
    values = np.full((300, 1), np.nan)
    values[0], values[299] = 0, 1  # so that the axis is the same
    without = signal_picture(values, None)
    values[150] = 0.5
    changed = np.argwhere((signal_picture(values, None) != without).any(axis=-1))
    assert 4 < len(changed) < 150
    assert np.ptp(changed, axis=0).max() < 12
