"""Boxes on photos: their labels say which figure is which, and hide nothing of what is inside."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.maps.regions import Box
from seewhy.render.boxes_on_photos import COLOURS, NamedBox, draw_boxes

pytestmark = pytest.mark.framework_free


def photo(height, width):
    return np.random.default_rng(1).integers(0, 120, (height, width, 3), dtype="uint8")


def named(left, top, right, bottom, name="tiger_cat", probability=0.213, score=0.8):
    return NamedBox(name, Box(left, top, right, bottom, score, 1.0), probability)


CASES = {
    "room above": ((400, 600), [named(100, 100, 300, 300)]),
    "no room above": ((400, 600), [named(100, 0, 300, 300)]),
    "the whole photo": ((400, 600), [named(0, 0, 600, 400)]),
    "a small photo": ((32, 32), [named(4, 4, 30, 30)]),
    "two small ones": ((32, 48), [named(0, 0, 20, 32), named(24, 0, 48, 32)]),
    "one in another": ((400, 600), [named(200, 150, 260, 210), named(0, 0, 600, 400, "sea")]),
    "side by side": ((90, 600), [named(0, 0, 300, 90), named(300, 0, 600, 90, "dog")]),
    "many": ((400, 600), [named(60 * k, 5 * k, 60 * k + 50, 300) for k in range(10)]),
    "tall": ((2000, 40), [named(0, 0, 40, 2000, "a name that is very long " * 3)]),
}


@pytest.mark.parametrize("case", CASES)
def test_labels_hide_nothing_that_is_in_a_box(case):
    size, boxes = CASES[case]
    plain = photo(*size)
    picture = draw_boxes(plain, boxes)
    assert picture.width == (size[1] if picture.height == size[0] else max(size[1], 300))
    drawn = np.asarray(picture)[: size[0], : size[1]]
    labelled = picture.size != size[::-1]
    for at, each in enumerate(boxes):
        box = each.box
        inside = np.zeros(size, bool)
        edge = max(2, round(min(size) / 150))
        inside[box.top + edge : box.bottom - edge, box.left + edge : box.right - edge] = True
        for other in boxes:  # lines of others, and numbers in corners
            o = other.box
            if other is not each:
                for row in (slice(o.top, o.top + edge), slice(o.bottom - edge, o.bottom)):
                    inside[row, o.left : o.right] = False
                for col in (slice(o.left, o.left + edge), slice(o.right - edge, o.right)):
                    inside[o.top : o.bottom, col] = False
        hidden = (drawn != plain).any(axis=-1) & inside
        corner = 20 * 20 if labelled and len(boxes) > 1 else 0
        assert hidden.sum() <= corner, (case, at)


def test_a_label_says_which_figure_is_which():
    assert named(0, 0, 9, 9).words == "tiger cat 21 % · 80 % of its heat"
    assert named(0, 0, 9, 9, probability=None).words == "tiger cat · 80 % of its heat"


def test_what_has_no_room_stands_below_in_its_colour():
    plain = photo(64, 96)
    picture = np.asarray(draw_boxes(plain, [named(0, 0, 96, 64), named(10, 10, 90, 60, "dog")]))
    assert picture.shape[0] > 64
    assert picture.shape[1] == 300
    strip = picture[64:]
    for colour in COLOURS[:2]:
        assert (strip == colour).all(axis=-1).sum() > 100
    assert (strip < 60).all(axis=-1).sum() > 100  # letters


def test_a_photo_with_room_keeps_its_size():
    assert draw_boxes(photo(400, 600), [named(100, 100, 300, 300)]).size == (600, 400)
    assert draw_boxes(photo(40, 60), []).size == (60, 40)
