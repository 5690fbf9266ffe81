"""Does a map foretell scores better where it lies than elsewhere? Closed forms and loops."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.maps.shift_test import CELLS, coarse, halves, shift_test

pytestmark = pytest.mark.framework_free

SIZE = (28, 28)
PARTS = halves(SIZE, 18)


def shares(parts=PARTS):
    """How much of each of 7 × 7 regions the parts hold: (count, 7, 7)."""
    return parts.reshape(len(parts), 7, 4, 7, 4).mean(axis=(2, 4))


def hot(row, col, side=7):
    map = np.zeros((side, side))
    map[row, col] = 1
    return map


def test_parts_are_halves():
    assert (PARTS.sum(axis=(1, 2)) == 14 * 28).all()
    assert len(np.unique(PARTS.reshape(18, -1), axis=0)) == 18
    np.testing.assert_array_equal(halves(SIZE, 5), PARTS[:5])


def test_what_decides_alone_agrees_fully():
    leads = shares()[:, 2, 5] - 0.5
    found = shift_test(hot(2, 5), PARTS, leads)
    assert found.agreement == pytest.approx(1)
    # each place is that of one shift of each of four mirror images
    assert found.p == pytest.approx(1 / 49)
    assert shift_test(hot(2, 5), PARTS, -leads).agreement == pytest.approx(-1)
    assert shift_test(hot(2, 5), PARTS, -leads).p == 1


def test_p_values_of_all_places_are_even():
    leads = np.random.default_rng(3).normal(size=18)
    ps = [shift_test(hot(i, j), PARTS, leads).p for i in range(7) for j in range(7)]
    np.testing.assert_allclose(np.sort(ps), np.arange(1, 50) / 49)


def test_against_loops():
    random = np.random.default_rng(4)
    map, leads = random.random((7, 7)), random.normal(size=18)

    def agreement(grid):
        foretold = [(share * grid / grid.sum()).sum() - share.mean() for share in shares()]
        above = sum(a * b for a, b in zip(foretold, leads, strict=True))
        return above / np.sqrt(sum(a * a for a in foretold) * sum(b * b for b in leads))

    copies = []
    for down in (map, map[::-1]):
        for both in (down, down[:, ::-1]):
            for i, j in np.ndindex(7, 7):
                copy = np.empty((7, 7))
                for row, col in np.ndindex(7, 7):
                    copy[(row + i) % 7, (col + j) % 7] = both[row, col]
                copies.append(agreement(copy))
    found = shift_test(map, PARTS, leads)
    assert found.agreement == pytest.approx(agreement(map))
    assert found.p == pytest.approx(np.mean(np.array(copies) >= agreement(map) - 1e-9))
    away = ((np.arange(7) + 0.5) / 7 - 0.5) / 0.25
    centre = np.exp(-(away[:, None] ** 2 + away**2) / 2)
    assert found.centre == pytest.approx(agreement(centre))


def test_chance_passes_as_often_as_it_says():
    random = np.random.default_rng(5)
    ps = [shift_test(random.random((7, 7)), PARTS, random.normal(size=18)).p for _ in range(200)]
    assert 0.04 < np.mean(np.array(ps) <= 0.1) < 0.17


@pytest.mark.parametrize("map", [np.zeros((7, 7)), np.ones((5, 5)), -hot(1, 1), np.ones((1, 1))])
def test_a_map_that_is_the_same_everywhere_foretells_nothing(map):
    found = shift_test(map, PARTS, shares()[:, 1, 1] - 0.5)
    assert (found.agreement, found.p) == (0, 1)


def test_scores_that_are_all_alike_say_nothing():
    assert shift_test(hot(1, 1), PARTS, np.zeros(18)).p == 1


def test_a_fine_map_counts_by_regions_and_a_small_one_as_it_is():
    fine = np.kron(hot(3, 1), np.ones((8, 8)))
    np.testing.assert_allclose(coarse(fine), hot(3, 1), atol=1e-12)
    assert coarse(np.ones((4, 9))).shape == (4, CELLS)
    np.testing.assert_array_equal(coarse(np.array([[1.0, -2.0]])), [[1, 0]])
    leads = shares()[:, 3, 1] - 0.5
    assert shift_test(fine, PARTS, leads).agreement == pytest.approx(1)
