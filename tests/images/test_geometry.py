from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from seewhy import images
from seewhy.errors import MapError, OptionError
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo

pytestmark = pytest.mark.framework_free

SIZES = [(120, 90), (90, 120), (100, 100), (60, 240), (333, 97)]
INPUT = (112, 112)

# What a camera did to the upright photo for each EXIF orientation, in NumPy and by the standard's
# text ("the 0th row is the visual left-hand side" …); 1 to 8.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[:, ::-1],
}


def with_square(size, centre, side):
    """A black photo with a bright square; the centre as fractions of (height, width)."""
    pixels = np.zeros((*size, 3), "uint8")
    top, left = (round(size[i] * centre[i] - side / 2) for i in (0, 1))
    pixels[top : top + side, left : left + side] = 255
    return pixels, (top + side / 2, left + side / 2)


def as_file(pixels, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "png", exif=exif)
    file.seek(0)
    return file


def fake_network(pixels, cells):
    """Brightness averaged over cells: a network whose map is known beforehand."""
    side = pixels.shape[0] // cells
    brightness = pixels[..., 0].astype("float64") / 255
    brightness[brightness < 0.6] = 0  # the margin of a letterbox is grey
    return brightness.reshape(cells, side, cells, side).mean(axis=(1, 3))


def centre_of_mass(heatmap):
    rows, cols = (np.arange(side) + 0.5 for side in heatmap.shape)
    total = heatmap.sum(dtype="float64")
    return (heatmap.sum(1) @ rows) / total, (heatmap.sum(0) @ cols) / total


@pytest.mark.parametrize("cells", [7, 14])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("fit", images.FITS)
def test_a_bright_square_stays_in_its_place(fit, orientation, size, cells):
    # off the centre, where mirroring or turning moves it, and inside the middle square of a crop
    short = min(size)
    offsets = (-0.15 * short / size[0], 0.1 * short / size[1])
    upright, centre = with_square(size, (0.5 + offsets[0], 0.5 + offsets[1]), short // 4)
    photo = images.load(as_file(STORED[orientation](upright), orientation))
    np.testing.assert_array_equal(photo.pixels, upright)
    pixels, geometry = images.fit(photo, INPUT, fit)
    found = centre_of_mass(geometry.to_photo(fake_network(pixels, cells)))
    for axis in (0, 1):
        # averaging and bilinear enlarging keep the centre but for what falls off at an edge
        cell = INPUT[axis] / cells / geometry.scale[axis]
        assert abs(found[axis] - centre[axis]) < cell / 4


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("size", SIZES)
def test_a_ramp_over_the_cells_gives_the_affine_coordinate(size, fit):
    geometry = getattr(Geometry, fit)(size, (224, 160))
    rows, cols = 7, 5
    centres = np.indices((rows, cols)) + 0.5
    for axis, ramp in enumerate(centres):
        got = np.moveaxis(geometry.to_photo(ramp), axis, 0)
        pixels = np.arange(size[axis]) + 0.5
        expected = (pixels * geometry.scale[axis] + geometry.offset[axis]) * 7 / 224
        if axis:
            expected = expected * 224 * 5 / 160 / 7
        inner = (expected > 0.5) & (expected < (rows, cols)[axis] - 0.5)
        assert inner.any()
        seen = np.moveaxis(geometry.seen, axis, 0)[inner]
        wanted = np.broadcast_to(expected[inner, None], seen.shape)
        np.testing.assert_allclose(got[inner][seen], wanted[seen], rtol=1e-6)


@pytest.mark.parametrize("shape", [(7, 7), (14, 9), (1, 1), (1, 6)])
@pytest.mark.parametrize("size", [(300, 451), (224, 224), (97, 33)])
def test_squash_enlarges_as_opencv_and_pillow_do(shape, size):
    grid = np.random.default_rng(0).normal(size=shape).astype("float32")
    got = Geometry.squash(size, (224, 224)).to_photo(grid)
    by_opencv = cv2.resize(grid, size[::-1], interpolation=cv2.INTER_LINEAR)
    by_pillow = Image.fromarray(grid).resize(size[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_allclose(got, by_opencv, atol=1e-5)
    np.testing.assert_allclose(got, np.asarray(by_pillow), atol=1e-5)


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("value", [1.0, 1 / 3, -0.1])
def test_equal_cells_stay_exactly_equal(fit, value):
    geometry = getattr(Geometry, fit)((477, 333), (224, 224))
    got = geometry.to_photo(np.full((7, 7), value))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, np.where(geometry.seen, np.float32(value), 0))


def test_a_crop_sees_the_middle_only():
    geometry = Geometry.crop((100, 300), (50, 50))
    expected = np.zeros((100, 300), bool)
    expected[:, 100:200] = True
    np.testing.assert_array_equal(geometry.seen, expected)
    assert not geometry.sees_all


@pytest.mark.parametrize("side", range(2, 60))
def test_what_a_crop_sees_is_symmetric(side):
    # with an odd difference of sides, two pixel centres lie on the very edge
    seen = Geometry.crop((side + 1, side), (224, 224)).seen
    np.testing.assert_array_equal(seen, seen[::-1, ::-1])


@pytest.mark.parametrize("fit", ["squash", "letterbox", "identity"])
def test_without_a_crop_all_is_seen(fit):
    sizes = ((2, 5000),) if fit == "identity" else ((2, 5000), (224, 224))
    geometry = getattr(Geometry, fit)(*sizes)
    assert geometry.sees_all
    assert geometry.seen.all()


def test_letterbox_lies_on_whole_pixels_with_the_true_scale_each_way():
    geometry = Geometry.letterbox((301, 640), (224, 224))
    # 301 · 224 / 640 = 105.35 rows become 105, half of the 119 free ones above
    assert geometry.scale == (105 / 301, 224 / 640)
    assert geometry.offset == (59, 0)


def test_no_cell_but_the_margin_of_a_letterbox_is_lost():
    geometry = Geometry.letterbox((100, 200), (200, 200))
    grid = np.zeros((4, 4))
    grid[0] = 9  # rows 0..50 of the input are margin
    grid[1, 2] = 1
    heatmap = geometry.to_photo(grid)
    assert np.unravel_index(heatmap[25:].argmax(), (75, 200))[1] in range(100, 150)
    np.testing.assert_array_equal(heatmap[50:, :50], 0)


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("size", [(2, 5000), (5000, 2), (2, 2), (300, 200)])
@pytest.mark.parametrize("target", [(64, 64), (32, 96)])
def test_any_aspect_ratio_fits(fit, size, target):
    pixels, geometry = images.fit(Photo(np.zeros((*size, 3), "uint8"), "image"), target, fit)
    assert (pixels.shape, pixels.dtype) == ((*target, 3), np.uint8)
    assert pixels.flags.writeable  # torch warns of arrays that are not
    assert (geometry.photo, geometry.input) == (size, target)


def test_crop_takes_a_box_of_fractions_of_pixels():
    # a ramp over 101 columns of which the middle 50 are taken: from 25.5 to 75.5
    ramp = (2 * np.arange(101, dtype="uint8"))[None, :, None].repeat(50, 0).repeat(3, 2)
    pixels, _ = images.fit(Photo(ramp, "image"), (50, 50), "crop")
    np.testing.assert_array_equal(pixels[25, 1:-1, 0], 2 * (np.arange(1, 49) + 25.5))


def test_letterbox_adds_grey_and_nothing_else():
    pixels, _ = images.fit(
        Photo(np.full((50, 100, 3), 200, "uint8"), "image"), (40, 40), "letterbox"
    )
    expected = np.full((40, 40, 3), 127)
    expected[10:30] = 200
    np.testing.assert_array_equal(pixels, expected)


def test_shrinking_averages():
    board = np.indices((200, 200)).sum(0) % 2 * 255
    photo = Photo(board.astype("uint8")[..., None].repeat(3, 2), "image")
    pixels, _ = images.fit(photo, (20, 20))
    np.testing.assert_allclose(pixels.astype(int), 127.5, atol=3)


def test_the_known_fits_are_listed():
    with pytest.raises(OptionError, match="squash, crop, letterbox; got 'stretch'"):
        images.fit(Photo(np.zeros((4, 4, 3), "uint8"), "image"), (8, 8), "stretch")


def input_rows(height, width, fit):
    """Where the centres of a photo's rows lie in a square input, by words and not by Geometry."""
    side = INPUT[0]
    at = np.arange(height) + 0.5
    if fit == "letterbox":
        inner = round(height * side / max(height, width))
        return at * inner / height + (side - inner) // 2
    shown = min(height, width) if fit == "crop" else height
    return (at - (height - shown) / 2) * side / shown


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("size", [*SIZES, (301, 97), (97, 301), (60, 200), (1001, 333)])
@pytest.mark.parametrize("cells", [5, 7, 14])
def test_a_ramp_has_no_shift_by_half_a_pixel(cells, size, fit):
    ramp = (np.arange(cells) + 0.5) * INPUT[0] / cells
    at = input_rows(*size, fit)
    inner = (at >= ramp[0]) & (at <= ramp[-1])
    assert inner.any()
    grid = np.repeat(ramp[:, None], cells, axis=1)
    got = getattr(Geometry, fit)(size, INPUT).to_photo(grid)
    np.testing.assert_allclose(got[inner, size[1] // 2], at[inner], rtol=1e-6)
    turned = getattr(Geometry, fit)(size[::-1], INPUT).to_photo(grid.T)
    np.testing.assert_array_equal(turned, got.T)


def whole_cells(size, fit, cells, first, count):
    """A photo whose bright square fills whole cells, its true centre, and a cell's size."""
    side = {"crop": min(size), "letterbox": max(size)}.get(fit)
    extent = np.array(size if side is None else (side, side), "float64")
    start = (np.array(size) - extent) / 2
    corners = np.array([first, np.add(first, count)])
    edges = np.rint(start + extent * corners / cells).astype(int)
    pixels = np.full((*size, 3), images.MARGIN[0], "uint8")  # as a letterbox's margin
    pixels[edges[0, 0] : edges[1, 0], edges[0, 1] : edges[1, 1]] = 255
    return pixels, edges.mean(axis=0), extent / cells


PLACES = [
    *((fit, 7, (1, 4), (1, 2)) for fit in ("squash", "crop")),
    *((fit, 7, (5, 1), (1, 1)) for fit in ("squash", "crop")),
    # of 14 cells, those that a letterbox of 301 × 97 shows with room around them
    *(("letterbox", 14, first, (1, 1)) for first in [(7, 7), (6, 7), (7, 6)]),
]


@pytest.mark.parametrize(("fit", "cells", "first", "count"), PLACES)
@pytest.mark.parametrize("size", [(301, 97), (97, 301), (480, 640), (1001, 333), (150, 151)])
def test_a_square_of_whole_cells_stays_within_a_pixel(size, fit, cells, first, count):
    upright, centre, cell = whole_cells(size, fit, cells, first, count)
    pixels, geometry = images.fit(images.load(upright), INPUT, fit)
    means = pixels[..., 0].reshape(cells, INPUT[0] // cells, cells, -1).mean(axis=(1, 3))
    found = centre_of_mass(geometry.to_photo(means - images.MARGIN[0]))
    # Edges lie up to half a pixel off those of the cells: the square's centre may move by half a
    # pixel, what the cells hold of it by a quarter. A letterbox rounds its size to whole pixels of
    # the input, and its place to half ones.
    rounded = 0.75 * max(size) / INPUT[0] if fit == "letterbox" else 0
    tolerance = 0.8 + rounded
    assert tolerance < cell.min() / 5
    np.testing.assert_allclose(found, centre, rtol=0, atol=tolerance)


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("size", [(2, 5000), (5000, 2), (2, 2), (3, 4), (223, 225), (999, 1000)])
@pytest.mark.parametrize("target", [(224, 224), (32, 32), (75, 130)])
def test_every_seen_pixel_takes_exactly_one_of_equal_cells(target, size, fit):
    geometry = getattr(Geometry, fit)(size, target)
    for shape in [(1, 1), (7, 7), (14, 3)]:
        got = geometry.to_photo(np.ones(shape, "float32"))
        np.testing.assert_array_equal(got, geometry.seen.astype("float32"))
    assert geometry.seen.any()


@pytest.mark.parametrize(
    ("size", "cols"),
    [
        ((10, 16), (3, 13)),
        ((10, 13), (1, 12)),
        ((10, 11), (0, 11)),
        ((2, 9), (3, 6)),
        ((7, 7), (0, 7)),
    ],
)
@pytest.mark.parametrize("side", [7, 100, 112, 224, 299])
def test_a_crop_sees_the_pixels_whose_centres_it_takes(side, size, cols):
    # an odd difference cuts through the centres of two pixels: both count, not one of them
    seen = np.zeros(size, bool)
    seen[:, slice(*cols)] = True
    for turned in (False, True):
        shape, expected = (size[::-1], seen.T) if turned else (size, seen)
        geometry = Geometry.crop(shape, (side, side))
        np.testing.assert_array_equal(geometry.seen, expected)
        assert geometry.sees_all == expected.all()
        np.testing.assert_array_equal(geometry.to_photo(np.full((7, 7), 3.0)) > 0, expected)


def test_a_crop_to_another_aspect_ratio_sees_what_the_network_got():
    pixels = np.zeros((90, 300, 3), "uint8")
    pixels[:, 60:240] = 255
    fitted, geometry = images.fit(images.load(pixels), (30, 60), "crop")
    np.testing.assert_array_equal(fitted[:, 1:-1], 255)
    # as when the whole photo is shrunk before it is cut, the outermost pixels average over the cut
    assert fitted[:, [0, -1]].min() > 200
    np.testing.assert_array_equal(geometry.seen, pixels[..., 0] > 0)


def test_a_photo_smaller_than_the_grid_takes_the_map_at_its_pixels():
    got = Geometry.squash((2, 2), (224, 224)).to_photo(np.arange(16.0).reshape(4, 4))
    # the centres of the two pixels lie on the borders of the cells 0|1 and 2|3
    np.testing.assert_allclose(got, [[2.5, 4.5], [10.5, 12.5]], rtol=1e-7)


def test_the_identity_moves_nothing():
    grid = np.random.default_rng(2).random((6, 9), dtype="float32")
    np.testing.assert_array_equal(Geometry.identity((6, 9)).to_photo(grid), grid)


# Other numbers of axes


@pytest.mark.parametrize(("steps", "cells"), [(100, 7), (5, 20), (1, 3), (333, 1)])
def test_a_signal_takes_its_map_linearly_between_the_cells(steps, cells):
    grid = np.random.default_rng(0).normal(size=cells)
    got = Geometry.squash((steps,), (64,)).to_photo(grid)
    centres = (np.arange(cells) + 0.5) * steps / cells
    expected = np.interp(np.arange(steps) + 0.5, centres, grid)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def test_a_volume_takes_its_map_axis_by_axis():
    rng = np.random.default_rng(1)
    depth, plane = rng.normal(size=3), rng.normal(size=(4, 5))
    size, input = (8, 30, 21), (16, 32, 32)
    got = Geometry.squash(size, input).to_photo(np.multiply.outer(depth, plane))
    along = Geometry.squash(size[:1], input[:1]).to_photo(depth)
    across = Geometry.squash(size[1:], input[1:]).to_photo(plane)
    np.testing.assert_allclose(got, np.multiply.outer(along, across), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(9,), (9, 4), (9, 4, 6)])
def test_the_identity_moves_nothing_of_any_rank(size):
    grid = np.random.default_rng(2).random(size, dtype="float32")
    geometry = Geometry.identity(size)
    np.testing.assert_array_equal(geometry.to_photo(grid), grid)
    assert geometry.seen.shape == size
    assert geometry.seen.all()
    assert geometry.sees_all


def test_what_a_crop_sees_of_a_volume():
    geometry = Geometry.crop((4, 8, 4), (10, 10, 10))
    expected = np.zeros((4, 8, 4), bool)
    expected[:, 2:6] = True
    np.testing.assert_array_equal(geometry.seen, expected)
    assert not geometry.sees_all
    np.testing.assert_array_equal(geometry.to_photo(np.full((2, 3, 2), 5.0)), expected * 5)
    assert geometry.sees((3, 2, 0))
    assert not geometry.sees((3, 1, 0))


@pytest.mark.parametrize("fit", images.FITS)
@pytest.mark.parametrize("size", [(11,), (40, 25), (5, 9, 6)])
def test_one_pixel_takes_what_the_whole_photo_takes(size, fit):
    geometry = getattr(Geometry, fit)(size, (16, 16, 16)[: len(size)])
    grids = np.random.default_rng(3).normal(size=(6, *(4, 3, 2)[: len(size)])).astype("float32")
    whole = np.stack([geometry.to_photo(grid) for grid in grids], axis=-1)
    for pixel in np.ndindex(size):
        np.testing.assert_allclose(geometry.at_pixel(grids, pixel), whole[pixel], atol=1e-6)
        assert geometry.sees(pixel) == geometry.seen[pixel]


@pytest.mark.parametrize("shape", [(7,), (2, 7, 7)])
def test_a_map_has_the_axes_of_the_photo(shape):
    with pytest.raises(MapError, match=r"\(20, 30\).*keeps the axes"):
        Geometry.identity((20, 30)).to_photo(np.ones(shape))


class TestFromPhoto:
    """Maps over the whole photo, brought to a grid over the network's input."""

    @pytest.mark.parametrize("size", SIZES)
    def test_of_the_same_grid_stays_as_it_is(self, size):
        map = np.random.default_rng(0).random((7, 7))
        of_map = Geometry.squash(size, INPUT).of_size((7, 7))
        np.testing.assert_allclose(of_map.from_photo(map, (7, 7)), map, atol=1e-12)
        np.testing.assert_allclose(of_map.to_photo(map), map, atol=1e-6)

    def test_finer_cells_are_averaged(self):
        map = np.random.default_rng(0).random((12, 20))
        found = Geometry.identity((12, 20)).from_photo(map, (4, 5))
        np.testing.assert_allclose(found, map.reshape(4, 3, 5, 4).mean(axis=(1, 3)), atol=1e-12)

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("fit", [Geometry.squash, Geometry.crop, Geometry.letterbox])
    def test_a_place_on_the_photo_is_found_again(self, size, fit):
        """A spot on the photo lies where the fit puts its middle, whatever the map's size."""
        geometry = fit(size, INPUT)
        heat = np.zeros(size, "float32")
        rows, cols = (slice(int(0.45 * side), int(0.55 * side)) for side in size)
        heat[rows, cols] = 1
        grid = geometry.from_photo(heat, (56, 56))
        middle = [
            (part.start + part.stop) / 2 * scale + offset
            for part, scale, offset in zip(
                (rows, cols), geometry.scale, geometry.offset, strict=True
            )
        ]
        np.testing.assert_allclose(np.array(centre_of_mass(grid)) * 2, middle, atol=1.5)

    def test_what_lies_beside_the_photo_is_nought(self):
        geometry = Geometry.letterbox((50, 100), (100, 100))
        grid = geometry.from_photo(np.ones((50, 100)), (10, 10))
        np.testing.assert_array_equal(grid[:2], 0)
        np.testing.assert_array_equal(grid[-2:], 0)
        np.testing.assert_allclose(grid[3:7], 1, atol=1e-12)

    def test_what_a_crop_leaves_out_does_not_count(self):
        heat = np.zeros((100, 200))
        heat[:, :49] = 1
        geometry = Geometry.crop((100, 200), (100, 100))
        np.testing.assert_array_equal(geometry.from_photo(heat, (5, 5)), 0)

    def test_signals_and_volumes(self):
        signal = Geometry.identity((8,)).from_photo(np.arange(8), (4,))
        np.testing.assert_allclose(signal, [0.5, 2.5, 4.5, 6.5])
        volume = np.random.default_rng(0).random((4, 4, 4))
        found = Geometry.identity((4, 4, 4)).from_photo(volume, (2, 2, 2))
        np.testing.assert_allclose(found, volume.reshape(2, 2, 2, 2, 2, 2).mean(axis=(1, 3, 5)))
        with pytest.raises(MapError, match="as many axes"):
            Geometry.identity((4, 4)).from_photo(volume, (2, 2))
