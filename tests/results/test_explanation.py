from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from PIL import Image

from helpers.explanations import explanation
from seewhy import render
from seewhy.cli.picture_files import Drawing
from seewhy.errors import MapError, OptionError
from seewhy.images.arrays import Array
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.render.arrays.signals import signal_picture
from seewhy.render.arrays.volumes import slice_picture
from seewhy.render.files import Filenames
from seewhy.render.looks import Look
from seewhy.results.class_at_pixel import ClassAtPixel
from seewhy.results.shared_scale import on_one_scale
from seewhy.targets.labels import Label, Labels

pytestmark = pytest.mark.framework_free

NAMES = Labels(tuple(Label(i, f"n{i}", name) for i, name in enumerate("abc")))


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def asked(maps, size, geometry=None, names=NAMES):
    photo = Photo(np.zeros((*size, 3), "uint8"), "image")
    return explanation(maps[0], photo, geometry, ask_all=lambda: maps, labels=names)


# Classes at a point


def test_the_classes_at_a_point_are_those_of_its_cell():
    maps = np.zeros((3, 2, 4), "float32")
    maps[0, 0, 3], maps[1, 1, 0], maps[2] = 5, 7, 1
    # cells of 10 × 10 pixels, of an odd width, so that the centre of one pixel is the cell's
    one = asked(maps, (22, 44))
    assert one.at(38, 5, top=2) == (
        ClassAtPixel(0, "n0", "a", 5.0),
        ClassAtPixel(2, "n2", "c", 1.0),
    )
    assert one.at(5, 16) == (
        ClassAtPixel(1, "n1", "b", 7.0),
        ClassAtPixel(2, "n2", "c", 1.0),
        ClassAtPixel(0, "n0", "a", 0.0),
    )


def test_between_cells_the_value_is_linear():
    maps = np.zeros((2, 1, 2), "float32")
    maps[0, 0] = -4, 4
    # cells of 10 pixels, centres at 5 and 15; the centre of pixel x lies at x + 0.5
    one = asked(maps, (2, 20))
    for x, value in [(0, -4), (5, -3.6), (9, -0.4), (10, 0.4), (14, 3.6), (19, 4)]:
        got = {found.index: found.value for found in one.at(x, 0)}
        assert got == pytest.approx({0: value, 1: 0}, abs=1e-12)


@pytest.mark.parametrize("fit", ["squash", "crop", "letterbox"])
def test_at_takes_what_the_map_has_on_the_photo(fit):
    maps, geometry = random(3, 4, 5), getattr(Geometry, fit)((18, 31), (16, 20))
    one = asked(maps, (18, 31), geometry)
    whole = [geometry.to_photo(grid) for grid in maps]
    for y, x in np.argwhere(geometry.seen):
        got = [found.value for found in one.at(int(x), int(y))]
        expected = sorted((grid[y, x] for grid in whole), reverse=True)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def test_of_equal_classes_the_lower_index_comes_first():
    one = asked(np.full((9, 2, 2), 2.5, "float32"), (4, 4), names=None)
    assert [found.index for found in one.at(1, 1)] == [0, 1, 2, 3, 4]
    assert one.at(1, 1, top=1) == (ClassAtPixel(0, None, "class 0", 2.5),)
    assert len(one.at(1, 1, top=99)) == 9
    two = np.broadcast_to(np.arange(400)[:, None, None] % 2, (400, 2, 2))
    got = [found.index for found in asked(two, (4, 4), names=None).at(1, 1, top=400)]
    assert got == [*range(1, 400, 2), *range(0, 400, 2)]


def test_at_a_step_and_in_a_volume():
    signal = explanation(
        [0.0, 0.0],
        Array(random(6, 2)),
        ask_all=lambda: np.array([[1, 5], [4, 2]], "float32"),
        labels=NAMES,
    )
    assert [found.name for found in signal.at(0)] == ["b", "a"]
    assert [found.name for found in signal.at(5)] == ["a", "b"]
    maps = np.zeros((3, 2, 3, 4), "float32")
    maps[1, 1, 0, 3] = 1
    volume = explanation(maps[0], Array(random(2, 3, 4, 1)), ask_all=lambda: maps, labels=NAMES)
    assert volume.at(3, 0, 1, top=1) == (ClassAtPixel(1, "n1", "b", 1.0),)
    assert volume.at(3, 0, 0, top=1)[0].index == 0


def test_the_maps_of_all_classes_are_made_once():
    calls = []

    def ask_all():
        calls.append(1)
        return random(3, 4, 4)

    one = explanation(random(4, 4), ask_all=ask_all)
    assert one.at(0, 0) != one.at(3, 3)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ((1,), r"2 coordinates: at\(x, y\)"),
        ((1, 2, 3), r"2 coordinates: at\(x, y\)"),
        ((20, 0), r"= \(20, 0\) lies outside.*\(19, 9\)"),
        ((0, 10), r"outside.*\(19, 9\)"),
        ((-1, 0), "outside"),
        ((4, 0), r"did not see.*\(4, 0\).*letterbox"),
        ((7.5, 0), "whole pixels.*Round"),
    ],
)
def test_points_that_cannot_be_asked(point, text):
    # a crop sees columns 5 to 14
    one = asked(random(3, 2, 2), (10, 20), Geometry.crop((10, 20), (8, 8)))
    with pytest.raises(OptionError, match=text):
        one.at(*point)
    assert one.at(5, 0)
    assert one.at(np.int64(14), np.int64(9))


@pytest.mark.parametrize("top", [0, -1, True, 2.0])
def test_top_counts_from_1_on(top):
    with pytest.raises(OptionError, match="top counts"):
        asked(random(3, 2, 2), (4, 4)).at(0, 0, top=top)


def test_without_the_model_no_other_class_can_be_asked():
    with pytest.raises(OptionError, match="Explain the image again"):
        explanation(random(3, 3)).at(0, 0)


def test_class_maps_with_nan_are_told():
    maps = random(3, 2, 2)
    maps[1, 0, 0] = np.nan
    with pytest.raises(MapError, match="1 of 12"):
        asked(maps, (4, 4)).at(3, 3)


# Copies


def test_a_pickled_explanation_leaves_the_model_behind():
    one = asked(random(3, 4, 4), (8, 8), names=Labels(NAMES.entries, {"x": (0, 1)}))
    heatmap = one.heatmap
    one.at(0, 0)
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(again.map, one.map)
    np.testing.assert_array_equal(again.heatmap, heatmap)
    assert again.as_dict() == one.as_dict()
    assert again.ask_all is None
    with pytest.raises(OptionError, match="not at hand"):
        again.at(0, 0)
    assert one.at(0, 0)  # the original still can


def test_default_labels_do_not_keep_it_from_being_pickled():
    one = asked(random(3, 4, 4), (8, 8))  # their groups are a mappingproxy
    assert pickle.loads(pickle.dumps(one)).title == one.title


def test_a_copy_still_has_the_model():
    one = asked(random(3, 4, 4), (8, 8))
    again = copy.copy(one)
    assert again is not one
    assert again.at(1, 2) == one.at(1, 2)
    assert copy.deepcopy(one).ask_all is None


# Scales


def test_on_one_scale_strengths_compare():
    three = [explanation([[4.0, 2.0]]), explanation([[-9.0, 1.0]]), explanation([[-1.0, -2.0]])]
    scaled = on_one_scale(three)
    assert [one.scale for one in scaled] == [4.0, 4.0, 4.0]
    got = [one.heatmap for one in scaled]
    np.testing.assert_array_equal(got, [[[1, 0.5]], [[0, 0.25]], [[0, 0]]])
    np.testing.assert_array_equal(three[1].heatmap, [[0, 1]])  # untouched
    assert [one.title for one in scaled] == [one.title for one in three]
    assert scaled[0].as_dict()["scale"] == 4.0
    assert three[0].as_dict()["scale"] is None


def test_a_common_scale_ignores_what_is_not_finite():
    scaled = on_one_scale([explanation([[np.nan, np.inf]]), explanation([[3.0, 1.0]])])
    assert [one.scale for one in scaled] == [3.0, 3.0]
    with pytest.raises(MapError):
        scaled[0].overlay()


def test_without_positive_values_there_is_no_common_scale():
    assert [one.scale for one in on_one_scale([explanation([[-1.0, 0.0]])] * 2)] == [None, None]
    assert on_one_scale([]) == []


def test_a_scale_shows_in_the_picture():
    full, half = (explanation([[2.0, 0.0]], scale=scale) for scale in (None, 4.0))
    jet = render.table("jet")
    np.testing.assert_array_equal(np.asarray(full.colorize("jet")), jet[[[255, 0]]])
    np.testing.assert_array_equal(np.asarray(half.colorize("jet")), jet[[[127, 0]]])


# Pictures by rank


def test_a_signal_is_drawn_as_a_curve():
    array = Array(random(40, 2))
    one = explanation(random(5), array)
    expected = signal_picture(array.values, one.heatmap, Look("viridis", 0.5, "mix"))
    np.testing.assert_array_equal(
        np.asarray(one.overlay(colormap="viridis", alpha=0.5, blend="mix")), expected
    )
    hottest = render.table("viridis")[int(255 * one.heatmap.max())]
    assert (np.asarray(one.colorize("viridis", look="tutorial")) == hottest).all(
        axis=-1
    ).mean() > 0.01


def test_a_volume_is_drawn_as_slices():
    array = Array(random(5, 12, 10, 1))
    one = explanation(random(3, 4, 4), array)
    expected = slice_picture(array.values, one.heatmap, Look("viridis", 0.5, "mix", "linear"))
    np.testing.assert_array_equal(
        np.asarray(one.overlay(colormap="viridis", alpha=0.5, blend="mix")), expected
    )
    colours = slice_picture(
        np.zeros((5, 12, 10, 1)), one.heatmap, Look("jet", 1.0, "mix", "linear")
    )
    np.testing.assert_array_equal(np.asarray(one.colorize("jet")), colours)


@pytest.mark.parametrize("shape", [(6,), (3, 4, 4)])
def test_conveniences_of_arrays(shape, tmp_path):
    one = explanation(random(*shape), Array(random(*(2 * n for n in shape), 1)))
    saved = np.asarray(Image.open(one.save(tmp_path / "one.png")))
    np.testing.assert_array_equal(saved, np.asarray(one.overlay()))
    assert one._repr_png_().startswith(b"\x89PNG")
    assert "data:image/png" in one._repr_html_()
    assert pickle.loads(pickle.dumps(one)).photo.name == "array"


@pytest.mark.parametrize("shape", [(6,), (2, 3), (3, 2, 2)])
def test_the_grid_of_any_rank_is_json(shape):
    map = random(*shape)
    map[(0,) * len(shape)] = np.nan
    photo = Array(np.zeros((*shape, 1), "float32"))
    figures = {"gap": np.float32(0.5), "parts": np.array([1.0, np.inf]), "steps": (1, 2)}
    told = explanation(map, photo, diagnostics=figures).as_dict()
    again = json.loads(json.dumps(told, allow_nan=False))
    np.testing.assert_array_equal(np.array(again["grid"], "float32"), map)
    assert again["diagnostics"] == {"gap": 0.5, "parts": [1.0, None], "steps": [1, 2]}


@pytest.mark.parametrize("shape", [(6,), (3, 4, 4)])
def test_a_sheet_begins_with_the_array_without_heat(shape, tmp_path):
    array = Array(random(*shape, 1), "ecg.npy")
    several = [explanation(random(*shape, seed=seed), array) for seed in (1, 2)]
    files = Drawing(output=tmp_path, format="png").write(
        "ecg.npy", several, Filenames(tmp_path, [])
    )
    sheet = np.asarray(Image.open(files[0][-1]))
    legend_at = sheet.shape[0] - 80  # whose colour bar stands below the first one
    first = sheet[:legend_at, : sheet.shape[1] // 3].astype(int)
    assert (np.ptp(first, axis=-1) <= 2).all()  # grey; the others are not
    assert (np.ptp(sheet[:legend_at, sheet.shape[1] // 3 :].astype(int), axis=-1) > 50).mean() > 0.1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ecg_b-2_gradcam.png",
        "ecg_b-2_heatmap.png",
        "ecg_b_gradcam.png",
        "ecg_b_heatmap.png",
        "ecg_sheet.png",
    ]
