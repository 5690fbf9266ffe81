"""Figures of maps, and maps in float16."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from seewhy.datasets.map_figures import map_figures
from seewhy.explainer.columns.read_photos import ALIVE, read_ahead
from seewhy.maps.stored_maps import scaled

pytestmark = pytest.mark.framework_free


def figures(rows):
    return {name: float(each[0]) for name, each in map_figures(np.array([rows], "f4")).items()}


def test_figures_by_hand():
    found = figures([[0, 0, 0, 0], [0, 3, 0, -2], [0, 0, 1, 0], [0, 0, 0, 4]])
    assert (found["hottest_row"], found["hottest_col"]) == (3, 3)
    assert found["positive_share"] == pytest.approx(8 / 10)
    assert found["border_share"] == pytest.approx(4 / 8)
    assert found["center_row"] == pytest.approx((3 * 1.5 + 2.5 + 4 * 3.5) / 8 / 4)
    assert found["center_col"] == pytest.approx((3 * 1.5 + 2.5 + 4 * 3.5) / 8 / 4)
    shares = np.array([3, 1, 4]) / 8
    assert found["entropy"] == pytest.approx(-(shares * np.log(shares)).sum() / np.log(16))


def test_maps_without_evidence_have_no_place():
    zero, negative = figures(np.zeros((3, 3))), figures(-np.ones((3, 3)))
    bad = figures([[np.nan, 1], [1, 1]])
    for found in (zero, negative, bad):
        assert np.isnan([found[name] for name in ("border_share", "center_row", "entropy")]).all()
    assert zero["positive_share"] == negative["positive_share"] == 0
    assert np.isnan(bad["positive_share"])


def test_one_cell_and_an_even_map_are_the_ends_of_entropy():
    one = np.zeros((5, 5))
    one[2, 2] = 7
    assert figures(one)["entropy"] == 0
    assert figures(one)["border_share"] == 0
    assert figures(np.ones((5, 5)))["entropy"] == pytest.approx(1)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_scaled_maps_never_overflow(size):
    maps = (np.random.default_rng(0).normal(size=(9, 7, 7)) * size).astype("float32")
    scale, shares = scaled(maps)
    assert shares.dtype == np.float16
    assert np.abs(shares).max() == 1
    again = shares.astype("f4") * scale[:, None, None]
    np.testing.assert_allclose(again / size, maps / size, atol=6e-4 * np.abs(maps / size).max())


def test_scaled_maps_of_zeros_and_of_no_numbers():
    maps = np.zeros((2, 2, 2), "f4")
    maps[1] = [[np.nan, 2], [-np.inf, 1]]
    scale, shares = scaled(maps)
    np.testing.assert_array_equal(scale, [0, 2])
    np.testing.assert_array_equal(shares[0], 0)
    np.testing.assert_array_equal(shares[1], [[np.nan, 1], [-np.inf, 0.5]])


def test_few_batches_are_in_memory_and_stay_in_order():
    lock, alive, most = threading.Lock(), 0, 0

    def read(entry):
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        time.sleep(0.001)
        return entry

    batches = [(k, range(4 * k, 4 * k + 4)) for k in range(30)]
    seen = []
    for mark, photos in read_ahead(batches, read, 8):
        time.sleep(0.002)
        seen.append((mark, photos))
        with lock:
            alive -= len(photos)
    assert seen == [(mark, list(photos)) for mark, photos in batches]
    assert 4 < most <= ALIVE * 4


def test_leaving_early_leaves_no_threads():
    before = threading.active_count()
    reading = read_ahead([(k, [k]) for k in range(1000)], lambda entry: entry, 4)
    next(reading)
    reading.close()
    assert threading.active_count() == before
