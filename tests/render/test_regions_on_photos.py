"""Rims of masks, by hand, and the greyed region that has one."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.render.regions_on_photos import greyed_region, rim

pytestmark = pytest.mark.framework_free

MASK = ["........", ".#####..", ".#####.#", ".#####..", ".##.##..", "###.####"]
# what touches outside at a side, over the photo's edge, too
RIM = ["........", ".#####..", ".#...#.#", ".#.#.#..", ".##.##..", "###.####"]


def pixels(rows):
    return np.array([[letter == "#" for letter in row] for row in rows])


def test_a_rim_is_what_has_a_neighbour_outside():
    np.testing.assert_array_equal(rim(pixels(MASK)), pixels(RIM))
    everything = np.ones((4, 5), bool)
    inner = np.zeros((4, 5), bool)
    inner[1:3, 1:4] = True
    np.testing.assert_array_equal(rim(everything), ~inner)
    assert not rim(~everything).any()


def test_a_region_is_greyed_inside_its_red_rim():
    photo = np.random.default_rng(4).integers(0, 100, (6, 8, 3), dtype="uint8")
    before = photo.copy()
    picture = greyed_region(photo, pixels(MASK))
    np.testing.assert_array_equal(photo, before)
    np.testing.assert_array_equal(picture[~pixels(MASK)], photo[~pixels(MASK)])
    assert (picture[pixels(RIM)] == (255, 0, 0)).all()
    inside = pixels(MASK) & ~pixels(RIM)
    expected = (0.25 * photo[inside] + 150).astype("uint8")
    np.testing.assert_array_equal(picture[inside], expected)
