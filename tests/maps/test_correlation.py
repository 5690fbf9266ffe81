"""Pearson's correlation of two maps: by definition, of constant ones, and of broken ones."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.maps.correlation import correlation, correlations

pytestmark = pytest.mark.framework_free
RANDOM = np.random.default_rng(5)
FIRST = RANDOM.normal(size=(6, 9))
SECOND = FIRST + RANDOM.normal(size=FIRST.shape)


def slow_correlation(first, second):
    """Pearson 1895: the covariance over both deviations, pixel by pixel."""
    means = [sum(values.ravel()) / values.size for values in (first, second)]
    pairs = [(x - means[0], y - means[1]) for x, y in zip(first.flat, second.flat, strict=True)]
    lengths = [sum(pair[k] ** 2 for pair in pairs) ** 0.5 for k in (0, 1)]
    return sum(x * y for x, y in pairs) / (lengths[0] * lengths[1])


@pytest.mark.parametrize("scale", [1, 1e-200, 1e200])
def test_it_is_that_of_the_definition_at_every_scale(scale):
    slow = slow_correlation(FIRST, SECOND)
    assert 0.3 < slow < 0.95
    assert correlation(FIRST * scale, SECOND) == pytest.approx(slow, abs=1e-12)
    assert correlation(-FIRST * scale, SECOND) == pytest.approx(-slow, abs=1e-12)


def test_constant_maps_give_what_was_chosen_for_them():
    same = np.full(FIRST.shape, 0.1)
    assert correlation(FIRST, same) == correlation(same, FIRST) == 0
    assert correlation(FIRST, same, constant=1.0) == 1
    assert np.isnan(correlations(FIRST[None].reshape(1, -1), same.reshape(1, -1))).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_broken_maps_are_not_taken_for_constant_ones(value):
    broken = FIRST.copy()
    broken[2, 3] = value
    assert np.isnan(correlation(broken, SECOND))
    assert np.isnan(correlation(SECOND, broken))
    assert np.isnan(correlation(broken, np.ones_like(broken)))
