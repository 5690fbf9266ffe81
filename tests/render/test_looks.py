"""The default look is readable on photos from black to white; the tutorial's is what it was."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from helpers.explanations import explanation
from seewhy import render
from seewhy.errors import OptionError
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.render.legends import percent
from seewhy.render.looks import CLEAR, TUTORIAL, Look, choose_look
from seewhy.render.pictures import with_cells

pytestmark = pytest.mark.framework_free


def spot(cells=7):
    """One hot cell in the middle and nothing around it."""
    grid = np.zeros((cells, cells), "float32")
    grid[cells // 2, cells // 2] = 2.0
    return grid


def plain(value, side=140):
    return np.full((side, side, 3), value, "uint8")


def apart(a, b):
    """How far two colours lie apart, the largest difference of a channel."""
    return np.abs(a.astype(int) - b.astype(int)).max(axis=-1)


@pytest.mark.parametrize("value", [0, 40, 90, 128, 180, 225, 255])
def test_heat_is_seen_on_dark_and_bright_photos_and_cold_places_stay_photo(value):
    picture = render.overlay(plain(value), spot())
    np.testing.assert_array_equal(picture[:40], plain(value)[:40])
    assert apart(picture[70, 70], plain(value)[0, 0]) > 40
    # added jet: half of these are lost, and all cold places are tinted
    steps = render.overlay(plain(value), np.linspace(0, 1, 30)[None])
    levels = [steps[70, round(x * 139)].astype(int) for x in (0.3, 0.5, 0.7, 0.98)]
    for one, other in pairwise(levels):
        assert np.abs(one - other).max() > 25


def test_added_jet_fails_where_the_clear_look_does_not():
    jet = render.overlay(plain(255), spot(), look="tutorial")
    assert apart(jet[70, 70], plain(255)[0, 0]) == 0
    assert apart(render.overlay(plain(0), spot(), look="tutorial")[0, 0], plain(0)[0, 0]) > 40


def test_the_look_without_a_word_is_clear_and_any_explicit_argument_is_the_tutorials():
    pixels, grid = plain(120), np.random.default_rng(0).random((7, 7))
    same = np.testing.assert_array_equal
    same(render.overlay(pixels, grid), render.overlay(pixels, grid, look="clear"))
    tutorial = render.overlay(pixels, grid, look="tutorial")
    for said in ({"colormap": "jet"}, {"alpha": 0.4}, {"blend": "add"}):
        same(render.overlay(pixels, grid, **said), tutorial)
    same(render.colorize(grid, (50, 40)), render.colorize(grid, (50, 40), look="clear"))
    jet = render.colorize(grid, (50, 40), "jet")
    same(render.colorize(grid, (50, 40), look="tutorial"), jet)
    assert (render.overlay(pixels, grid) != tutorial).any()


def test_the_same_of_an_explanation():
    one = explanation(spot(), Photo(plain(90), "a"), Geometry.squash((140, 140), (224, 224)))
    tutorial = render.overlay(plain(90), spot(), "jet", 0.4, "add")
    same = np.testing.assert_array_equal
    same(np.asarray(one.overlay(look="tutorial")), tutorial)
    same(np.asarray(one.overlay(colormap="jet", alpha=0.4, blend="add")), tutorial)
    same(np.asarray(one.overlay()), render.overlay(plain(90), spot()))
    same(np.asarray(one.colorize(look="tutorial")), render.colorize(spot(), (140, 140), "jet"))
    cividis = np.asarray(one.overlay(colormap="cividis"))
    same(cividis[:40], plain(90)[:40])  # still clear


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, CLEAR),
        ({"look": "clear", "colormap": "jet"}, Look("jet")),
        ({"colormap": "cividis"}, Look("cividis")),
        ({"alpha": 0.3}, Look(alpha=0.3)),
        ({"blend": "mix"}, Look("jet", 0.4, "mix", "linear")),
        ({"look": "tutorial"}, TUTORIAL),
        ({"look": "tutorial", "colormap": "viridis"}, Look("viridis", 0.4, "add", "linear")),
        ({"look": Look("gray"), "cells": True}, Look("gray", cells=True)),
    ],
)
def test_what_is_said_stands_in_place_of_the_looks_own(said, expected):
    assert choose_look(**said) == expected


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"look": "tutorail"}, "clear, tutorial"),
        ({"look": 3}, "clear, tutorial"),
        ({"colormap": "turbp"}, "turbo"),
        ({"alpha": 1.5}, "0..1"),
        ({"blend": "plus"}, "heat, add, mix"),
    ],
)
def test_a_wrong_look_names_the_right_ones(said, words):
    with pytest.raises(OptionError, match=words):
        choose_look(**said)


@pytest.mark.parametrize("geometry", ["squash", "crop", "letterbox"])
@pytest.mark.parametrize("shape", [(7, 7), (1, 5), (2, 3), (20, 30)])
def test_monotone_enlargement_exceeds_no_cell_and_meets_their_centres(geometry, shape):
    grid = np.random.default_rng(5).normal(size=shape)
    place = getattr(Geometry, geometry)((150, 210), (150, 150))
    drawn, linear = place.to_photo(grid, "monotone"), place.to_photo(grid)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn == 0, linear == 0)  # the same is unseen
    inside = place.seen
    assert drawn[inside].min() >= np.float32(grid.min())
    assert drawn[inside].max() <= np.float32(grid.max())
    whole = Geometry.squash((shape[0] * 9, shape[1] * 9), (90, 90)).to_photo(grid, "monotone")
    np.testing.assert_allclose(whole[4::9, 4::9], grid, atol=1e-6)


def test_monotone_enlargement_has_no_edges_where_linear_pieces_meet():
    place = Geometry.squash((1, 700), (1, 700))
    row = spot()[3:4] / 2
    drawn, linear = (place.to_photo(row, how)[0] for how in ("monotone", "linear"))
    assert np.abs(np.diff(linear, 2)).max() > 6 * np.abs(np.diff(drawn, 2)).max()


@pytest.mark.parametrize("value", [0, 255])
def test_cells_are_drawn_faintly_where_the_grid_has_them(value):
    geometry = Geometry.squash((140, 140), (224, 224))
    picture = with_cells(plain(value), geometry, (7, 7))
    changed = (picture != plain(value)).any(axis=-1)
    rows = np.flatnonzero(changed.all(axis=1))
    np.testing.assert_allclose(rows, [0, 20, 40, 60, 80, 100, 120, 139], atol=1)
    assert 20 < apart(picture[40, 50], plain(value)[0, 0]) < 120
    np.testing.assert_array_equal(with_cells(plain(value), geometry, (100, 100)), plain(value))


def test_cells_follow_the_fit():
    geometry = Geometry.crop((140, 280), (224, 224))
    changed = (with_cells(plain(0, 140).repeat(2, 1), geometry, (7, 7)) != 0).any(axis=-1)
    cols = np.flatnonzero(changed.all(axis=0))
    assert cols.min() >= 69
    assert cols.max() <= 211


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (1e-9, "< 0.1 %"),
        (0.001, "0.1 %"),
        (0.0712, "7.1 %"),
        (0.0999, "10 %"),
        (0.8249, "82 %"),
        (0.9963, "99.6 %"),
        (0.99999, "> 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_shares_in_words(share, words):
    assert percent(share) == words
