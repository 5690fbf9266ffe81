from __future__ import annotations

import cv2
import matplotlib
import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from seewhy import render
from seewhy.errors import ImageError, MapError, OptionError
from seewhy.images.geometry import Geometry
from seewhy.render.files import Filenames, number_duplicates, slug
from seewhy.render.sheets import labelled_sheet

pytestmark = pytest.mark.framework_free


def photo(size=(90, 130), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype="uint8")


def grid(shape=(7, 7), seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_jet_is_opencvs():
    levels = np.arange(256, dtype="uint8")[:, None]
    expected = cv2.applyColorMap(levels, cv2.COLORMAP_JET)[:, 0, ::-1]
    np.testing.assert_array_equal(render.table("jet"), expected)


@pytest.mark.parametrize("name", ["viridis", "inferno", "turbo", "gray", "matplotlib:jet"])
def test_other_colour_maps_are_matplotlibs(name):
    colours = matplotlib.colormaps[name.removeprefix("matplotlib:")]
    expected = [colours(i, bytes=True)[:3] for i in range(256)]
    np.testing.assert_array_equal(render.table(name), expected)


@pytest.mark.parametrize("name", ["jett", "matplotlib:jett"])
def test_an_unknown_colour_map_names_the_nearest(name):
    with pytest.raises(OptionError, match=rf"{name}'.* jet,"):
        render.colorize(grid(), colormap=name)


@pytest.mark.parametrize("name", ["jet", "viridis"])
def test_nobody_can_spoil_the_shared_table(name):
    with pytest.raises(ValueError, match="read-only"):
        render.table(name)[0] = 0


def tutorial_levels(map, size):
    heatmap = np.maximum(map, 0)
    heatmap /= heatmap.max()
    return np.uint8(255 * cv2.resize(heatmap, size))


def tutorial_colours(levels):
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)


@pytest.mark.parametrize("size", [(130, 90), (33, 224), (7, 7)])
def test_colorize_is_the_tutorials(size):
    got = render.colorize(grid(), size, "jet")
    levels = tutorial_levels(grid(), size).astype(int)
    # 255 · value may fall on either side of a whole number where float32 rounds
    near = [tutorial_colours(np.clip(levels + d, 0, 255).astype("uint8")) for d in (-1, 0, 1)]
    same = [(got == colours).all(axis=-1) for colours in near]
    assert np.any(same, axis=0).all()
    assert same[1].mean() > 0.999


def test_colorize_at_the_grids_own_size():
    got = render.colorize(np.array([[-1.0, 0.0, 2.0, 4.0]]), colormap="jet")
    np.testing.assert_array_equal(got, render.table("jet")[[[0, 0, 127, 255]]])


def test_overlay_is_the_tutorials():
    got = render.overlay(photo(), grid(), "jet", 0.4, "add")
    colours = tutorial_colours(tutorial_levels(grid(), (130, 90)))
    expected = np.clip(np.rint(0.4 * colours.astype("float64") + photo()), 0, 255)
    # one level of the colour map is four of 255 colours, times 0.4
    difference = np.abs(got.astype(int) - expected)
    assert difference.max() <= 2
    assert (difference == 0).mean() > 0.999


@pytest.mark.parametrize(
    ("blend", "alpha", "expected"),
    [
        ("add", 0.4, [255, 110, 90]),
        ("add", 0.0, [200, 110, 50]),
        ("add", 1.0, [255, 110, 150]),
        ("mix", 0.4, [222, 66, 70]),
        ("mix", 0.0, [200, 110, 50]),
        ("mix", 1.0, [255, 0, 100]),
    ],
)
def test_blends_by_hand(blend, alpha, expected):
    pixels, colours = (np.array([[value]], "uint8") for value in ([200, 110, 50], [255, 0, 100]))
    got = render.laid_over(pixels, colours, alpha, blend)
    np.testing.assert_array_equal(got, [[expected]])


def test_overlay_leaves_the_photo_as_it_was():
    pixels = photo()
    render.overlay(pixels, grid())
    np.testing.assert_array_equal(pixels, photo())


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alpha_lies_in_0_to_1(alpha):
    with pytest.raises(OptionError, match=f"0..1; got {alpha}"):
        render.overlay(photo(), grid(), alpha=alpha)


def test_the_known_blends_are_listed():
    with pytest.raises(OptionError, match="add, mix; got 'multiply'"):
        render.overlay(photo(), grid(), blend="multiply")


@pytest.mark.parametrize(
    "pixels", [photo() / 255, photo()[..., 0], photo()[..., :2], photo()[None]]
)
def test_pixels_are_uint8_and_rgb(pixels):
    with pytest.raises(ImageError, match="uint8"):
        render.overlay(pixels, grid())


@pytest.mark.parametrize("map", [np.ones(7), np.ones((1, 7, 7)), np.ones((0, 7))])
def test_a_map_is_a_grid(map):
    with pytest.raises(OptionError, match=r"grid \(rows, cols\); got"):
        render.colorize(map)


def test_a_map_with_nan_has_no_picture():
    with pytest.raises(MapError, match="1 of 2"):
        render.overlay(photo(), np.array([[np.nan, 1.0]]))


@pytest.mark.parametrize("colormap", ["jet", "viridis", "gray"])
def test_the_unseen_part_cannot_be_taken_for_cold(colormap):
    seen = np.zeros((90, 130), bool)
    seen[:, 20:110] = True
    picture = render.overlay(photo(), np.zeros((7, 7)), colormap)
    marked = render.mark_unseen(picture, seen)
    np.testing.assert_array_equal(marked[seen], picture[seen])
    unseen = marked[~seen].astype(int)
    assert (np.ptp(unseen, axis=-1) == 0).all()  # grey
    hatch = unseen[:, 0] == 170
    assert 0.1 < hatch.mean() < 0.3
    assert unseen[~hatch].max() <= 142  # dimmed
    # diagonals: the same along a step of (1, -1)
    on = ~seen & (marked[..., 0] == 170)
    np.testing.assert_array_equal(on[1:, :19], on[:-1, 1:20])


@pytest.mark.parametrize("kind", ["jpg", "jpeg", "png", "webp", "JPG"])
@pytest.mark.parametrize("as_array", [True, False])
def test_save(tmp_path, kind, as_array):
    picture = cv2.GaussianBlur(photo(), (0, 0), 5)
    path = tmp_path / "new" / "folder" / f"picture.{kind}"
    saved = render.save(picture if as_array else Image.fromarray(picture), path)
    assert saved == path
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with Image.open(path) as image:
        assert image.format == {"jpg": "JPEG", "jpeg": "JPEG"}.get(kind.lower(), kind.upper())
        worst = np.abs(np.asarray(image).astype(int) - picture).max()
    assert worst <= (0 if kind == "png" else 12)


def test_jpegs_keep_their_details(tmp_path):
    render.save(photo(), tmp_path / "picture.jpg")
    got = np.asarray(Image.open(tmp_path / "picture.jpg")).astype(int)
    assert np.abs(got - photo()).mean() < 4  # 15 at Pillow's own quality of 75


def test_jpegs_keep_all_of_their_colours(tmp_path):
    # red and blue columns in turn, which subsampling would mix to purple
    picture = np.zeros((32, 32, 3), "uint8")
    picture[:, ::2, 0] = picture[:, 1::2, 2] = 255
    render.save(picture, tmp_path / "picture.jpg")
    got = np.asarray(Image.open(tmp_path / "picture.jpg")).astype(int)
    assert np.abs(got - picture).mean() < 10


def test_a_failed_save_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    render.save(photo(), path)
    before = path.read_bytes()

    def half(image, file, *args, **kwargs):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(OSError, match="disk full"):
        render.save(photo(seed=3), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_as_long_as_the_file_system_takes(tmp_path):
    path = tmp_path / ("a" * 251 + ".png")
    assert render.save(photo(), path).exists()


@pytest.mark.parametrize("name", ["picture.tiff", "picture", "picture.jpgg"])
def test_the_known_endings_are_listed(tmp_path, name):
    with pytest.raises(OptionError, match=rf"{name}.*\.jpg, \.jpeg, \.png, \.webp"):
        render.save(photo(), tmp_path / "new" / name)
    assert not (tmp_path / "new").exists()


def dark_columns(image, rows):
    return (np.asarray(image)[rows].min(axis=(0, 2)) < 200).nonzero()[0]


def test_a_sheet_has_even_rows():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0), (0, 200, 200)]
    pictures = [np.full((320, 480, 3), colour, "uint8") for colour in colours]
    canvas = np.asarray(labelled_sheet(pictures, list("abcde"))).reshape(-1, 3)
    width = labelled_sheet(pictures, list("abcde")).width
    at = [np.argwhere((canvas == colour).all(axis=-1))[:, 0] for colour in colours]
    assert [len(places) for places in at] == [320 * 480] * 5
    tops, lefts = (
        [f(place) for place in at] for f in (lambda p: p.min() // width, lambda p: p.min() % width)
    )
    assert len(set(tops[:3])) == len(set(tops[3:])) == 1
    assert tops[3] >= tops[0] + 320
    assert lefts == [*sorted(set(lefts)), *lefts[:2]]
    assert lefts[1] >= lefts[0] + 480


def test_pictures_of_a_sheet_share_one_height_of_at_most_480():
    pictures = [np.zeros((h, 300, 3), "uint8") for h in (600, 1200)]
    canvas = np.asarray(labelled_sheet(pictures, ["", ""]))
    dark = (canvas < 128).all(axis=-1)
    assert dark.sum(axis=0).max() == 480
    assert dark.sum(axis=1).max() == 240 + 120


@pytest.mark.parametrize("title", ["a name that is far too long for its picture " * 5, "W" * 999])
def test_titles_never_overlap(title):
    pictures = [np.full((100, 160, 3), 255, "uint8")] * 3
    canvas = labelled_sheet(pictures, [title, "", title])
    dark = dark_columns(canvas, slice(0, 40))
    first, third = (dark[dark < canvas.width / 3], dark[dark > 2 * canvas.width / 3])
    assert len(first)
    assert len(third)
    assert len(first) + len(third) == len(dark)


@pytest.mark.parametrize("title", ["", "日本語の猫", "قطة", "🙂", "two\nlines", "\0"])
def test_any_text_can_be_a_title(title):
    canvas = labelled_sheet([np.zeros((50, 60, 3), "uint8")] * 2, [title] * 2)
    assert (np.asarray(canvas) == 0).all(axis=-1).sum() >= 2 * 50 * 60


def test_opencvs_jet_is_not_matplotlibs():
    assert np.abs(render.table("jet").astype(int) - render.table("matplotlib:jet")).max() > 4


def test_a_map_without_evidence_is_cold_all_over():
    got = render.colorize(np.array([[-1.0, 0.0]]), (9, 5), "jet")
    np.testing.assert_array_equal(got, np.broadcast_to(render.table("jet")[0], (5, 9, 3)))


def test_of_a_crop_just_the_cut_off_part_is_marked():
    pixels = photo((40, 101))
    geometry = Geometry.crop((40, 101), (32, 32))
    marked = render.mark_unseen(pixels, geometry.seen)
    changed = (marked != pixels).any(axis=-1)
    # of 101 columns, 30.5 on either side are cut off
    assert not changed[:, 30:71].any()
    assert changed[:, :30].mean() > 0.95  # a grey pixel may look as it did
    assert changed[:, 71:].mean() > 0.95
    np.testing.assert_array_equal(geometry.to_photo(np.ones((7, 7)))[:, :30], 0)
    np.testing.assert_array_equal(pixels, photo((40, 101)))


def test_saved_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    saved = render.save(photo(), tmp_path / "picture.jpg")
    assert saved.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_jpegs_have_quality_95_and_whole_colours(tmp_path):
    render.save(photo(), tmp_path / "picture.jpg")
    Image.fromarray(photo()).save(tmp_path / "by_hand.jpg", quality=95, subsampling="4:4:4")
    with Image.open(tmp_path / "picture.jpg") as got, Image.open(tmp_path / "by_hand.jpg") as hand:
        assert got.quantization == hand.quantization
        assert JpegImagePlugin.get_sampling(got) == 0


@pytest.mark.parametrize("existing", [True, False])
def test_no_encoder_error_leaves_a_file(tmp_path, existing):
    path = tmp_path / "picture.webp"
    if existing:
        path.write_bytes(b"old")
    with pytest.raises(ValueError, match="16383"):  # a real one: WebP is that wide at most
        render.save(np.zeros((2, 16384, 3), "uint8"), path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == (
        [("picture.webp", b"old")] if existing else []
    )


def test_a_panorama_makes_no_endless_sheet():
    # at full height, 300 × 750 000 pixels: no JPEG takes that
    canvas = labelled_sheet(
        [np.zeros((2, 5000, 3), "uint8"), np.zeros((300, 300, 3), "uint8")], ["", ""]
    )
    assert canvas.width == 12 + 1440 + 12 + 300 + 12


@pytest.mark.parametrize("size", [(8, 8), (32, 48), (200, 20), (20, 200), (299, 301)])
def test_cells_of_small_photos_are_at_least_300_pixels(size):
    canvas = labelled_sheet([np.zeros((*size, 3), "uint8")] * 2, ["a", "b"])
    dark = (np.asarray(canvas) < 60).all(axis=-1)
    assert canvas.width >= 2 * 300
    assert canvas.height >= 300
    assert max(dark[48:].sum(axis=0).max(), dark[48:].sum(axis=1).max() / 2) >= 300


def test_long_titles_are_wrapped_not_cut():
    def ink(words):
        canvas = labelled_sheet([np.full((300, 300, 3), 255, "uint8")], [words])
        return canvas.height, (np.asarray(canvas) < 128).all(axis=-1).sum()

    words = "Egyptian cat rather than tiger cat, at a layer of a long name"
    (low, _), (high, letters) = ink("cat"), ink(words)
    assert high > low
    parts = sum(ink(word)[1] for word in words.split())
    assert abs(letters - parts) < 0.1 * parts  # nothing is left out


def test_titles_are_one_line_in_many_scripts():
    def title(text):
        blank = np.full((60, 300, 3), 255, "uint8")
        return np.asarray(labelled_sheet([blank], [text]))[:48]

    np.testing.assert_array_equal(title("two\nlines"), title("two lines"))
    unknown = title("\ue000" * 3)  # boxes
    for text in ("кот", "γάτ"):
        assert (title(text) != unknown).any()
        assert (title(text) != title("".join(reversed(text)))).any()


def test_no_picture_overwrites_a_photo_or_another_picture(tmp_path):
    photos = [str(tmp_path / name) for name in ("a/cat.jpg", "b/cat.png", "cat-2_map.jpg")]
    names = Filenames(tmp_path, photos)
    claimed = [names.claim(photo, ["_map.jpg", "_over.jpg"]) for photo in photos[:2]]
    # cat-2_map.jpg is a photo, so that 2 is passed over for both pictures
    assert [[path.name for path in paths] for paths in claimed] == [
        ["cat_map.jpg", "cat_over.jpg"],
        ["cat-3_map.jpg", "cat-3_over.jpg"],
    ]


def test_names_differ_in_more_than_their_case(tmp_path):
    names = Filenames(tmp_path, ["cat.jpg", "Cat.jpg"])
    assert names.claim("cat.jpg", [".png"]) == [tmp_path / "cat.png"]
    assert names.claim("Cat.jpg", [".png"]) == [tmp_path / "Cat-2.png"]


def test_a_photo_under_another_path_is_still_not_overwritten(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    names = Filenames(tmp_path / "link", [str(tmp_path / "cat.png")])
    assert names.claim("cat.png", [".png"]) == [tmp_path / "link" / "cat-2.png"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tabby cat", "tabby_cat"),
        ("a/b", "a_b"),
        ("../../etc", "etc"),
        ("..", "target"),
        ("", "target"),
        ("名前", "名前"),
        ("jack-o'-lantern", "jack-o_-lantern"),
        ('a\0b\n<:>"|?*\\c', "a_b_c"),
    ],
)
def test_a_slug_is_one_part_of_a_file_name(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a-2", "a-3"]),
        (["a", "a", "a-2"], ["a", "a-2", "a-2-2"]),
        (["a-2", "a", "a"], ["a-2", "a", "a-3"]),
        (["crane", "Crane"], ["crane", "Crane-2"]),
    ],
)
def test_distinct_names(names, expected):
    assert number_duplicates(names) == expected
