from __future__ import annotations

import numpy as np
import pytest

from seewhy import maps
from seewhy.errors import MapError, OptionError

pytestmark = pytest.mark.framework_free


def test_rectify_keeps_the_positive_part():
    np.testing.assert_array_equal(
        maps.rectify(np.array([[-2.0, 0.0], [3.0, -0.5]])), [[0, 0], [3, 0]]
    )


def test_max_keeps_zero_at_zero_and_range_does_not():
    grid = np.array([[2.0, 4.0], [6.0, 10.0]])
    np.testing.assert_allclose(maps.normalise(grid), [[0.2, 0.4], [0.6, 1]], rtol=1e-15)
    np.testing.assert_allclose(maps.normalise(grid, how="range"), [[0, 0.25], [0.5, 1]], rtol=1e-15)


def test_each_map_of_a_batch_has_its_own_scale():
    batch = np.array([[[1.0, 2.0]], [[30.0, 10.0]], [[0.0, 0.0]]])
    np.testing.assert_allclose(
        maps.normalise(batch), [[[0.5, 1]], [[1, 1 / 3]], [[0, 0]]], rtol=1e-15
    )
    np.testing.assert_array_equal(
        maps.normalise(batch, how="range"), [[[0, 1]], [[1, 0]], [[0, 0]]]
    )


@pytest.mark.parametrize("how", ["max", "range"])
@pytest.mark.parametrize("largest", [1e-45, 1e-40, 1e-12, 1.0, 1e38, 3.4e38])
def test_no_scale_is_too_small_or_too_large(how, largest):
    grid = np.array([[0.0, largest]], "float32")
    np.testing.assert_array_equal(maps.normalise(grid, how=how), [[0, 1]])


def test_the_range_of_float32_does_not_overflow():
    grid = np.array([[-3e38, 0.0, 3e38]], "float32")
    np.testing.assert_allclose(maps.normalise(grid, how="range"), [[0, 0.5, 1]], rtol=1e-7)


@pytest.mark.parametrize("how", ["max", "range"])
def test_a_map_of_zeros_stays_zeros(how):
    np.testing.assert_array_equal(maps.normalise(np.zeros((2, 3)), how=how), np.zeros((2, 3)))


def test_finish_has_no_evidence_where_all_is_negative():
    np.testing.assert_array_equal(maps.finish(np.array([[-1.0, -5.0]])), [[0, 0]])
    np.testing.assert_allclose(maps.finish(np.array([[-9.0, 1.0, 4.0]])), [[0, 0.25, 1]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted(bad):
    grid = np.ones((3, 3), "float32")
    grid[0, :2] = bad
    with pytest.raises(MapError, match="2 of 9 values"):
        maps.normalise(grid)


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_bad_values_do_not_hide_behind_rectify(bad):
    with pytest.raises(MapError, match="1 of 2 values"):
        maps.finish(np.array([[bad, 1.0]]))


def test_the_known_ways_are_listed():
    with pytest.raises(OptionError, match="max, range; got 'mean'"):
        maps.normalise(np.ones((2, 2)), how="mean")


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinite_values_do_not_hide_behind_rectify(bad):
    with pytest.raises(MapError, match="1 of 2 values"):
        maps.finish(np.array([[bad, 1.0]]))


def test_bad_values_of_any_map_of_a_batch_are_found():
    batch = np.ones((3, 2, 2))
    batch[2, 1, 1] = np.nan
    with pytest.raises(MapError, match="1 of 12 values"):
        maps.normalise(batch)


@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 2, 3), (3, 2, 1)])
def test_finish_takes_a_map_of_any_rank_as_one(shape):
    grid = np.array([-8.0, 0.0, 1.0, 2.0, 3.0, 4.0]).reshape(shape)
    expected = np.array([0, 0, 0.25, 0.5, 0.75, 1]).reshape(shape)
    np.testing.assert_array_equal(maps.finish(grid), expected)


def test_on_a_given_scale_more_is_clipped():
    grid = np.array([-2.0, 0.0, 1.0, 4.0, 9.0], "float32")
    np.testing.assert_array_equal(maps.finish(grid, 4.0), [0, 0, 0.25, 1, 1])
    np.testing.assert_array_equal(maps.finish(grid, 18.0), [0, 0, 1 / 18, 4 / 18, 0.5])


@pytest.mark.parametrize("scale", [1e-45, 1.0, 3.4e38])
def test_the_largest_value_as_scale_changes_nothing(scale):
    grid = np.array([[0.0, scale / 2, scale]], "float32")
    np.testing.assert_array_equal(maps.finish(grid, float(grid.max())), maps.finish(grid))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_a_scale_is_positive_and_finite(scale):
    with pytest.raises(OptionError, match="positive finite"):
        maps.finish(np.ones((2, 2)), scale)


def test_a_scale_hides_no_bad_value():
    with pytest.raises(MapError, match="1 of 2 values"):
        maps.finish(np.array([np.inf, 1.0]), 1.0)
