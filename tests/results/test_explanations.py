"""Several explanations as a sequence, a table, a sheet and a page; one in every format."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from helpers.explanations import explanation
from seewhy.errors import DependencyError, OptionError
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.render.looks import CLEAR
from seewhy.results.explanation_sheet import explanation_sheet
from seewhy.results.explanations import Explanations
from seewhy.results.shared_scale import by_photo, on_one_scale
from seewhy.targets.labels import Label
from seewhy.targets.target import TargetText

pytestmark = pytest.mark.framework_free


def some(count, name="photo.png", **more):
    random = np.random.default_rng(3)
    photo = Photo(random.integers(0, 256, (40, 60, 3), dtype="uint8"), name)
    place = Geometry.squash((40, 60), (32, 32))
    maps = [random.normal(size=(4, 4)) for _ in range(count)]
    return [explanation(map, photo, place, **more) for map in maps]


def test_it_is_a_sequence_of_what_was_asked():
    one, two, three = listed = some(3)
    made = Explanations(listed)
    assert len(made) == 3
    assert made[1] is two
    assert made[-1] is three
    assert list(made) == listed
    assert isinstance(made[1:], Explanations)
    assert made[1:] == [two, three]
    assert made != [two, one, three]
    assert made + [one] == [*listed, one]  # noqa: RUF005  (the very operator)
    assert [one] + made == [one, *listed]  # noqa: RUF005
    assert Explanations() == []
    first, *rest = made
    assert first is one
    assert rest == [two, three]
    with pytest.raises(IndexError):
        made[3]


def test_it_tells_in_a_line_what_is_in_it():
    made = Explanations(some(5, "folder/cat.jpg", probability=0.213))
    assert repr(made).startswith("Explanations(5: cat.jpg: b 21 % (grad_cam at conv); cat.jpg")
    assert repr(made).endswith("and 2 more)")
    assert repr(Explanations()) == "Explanations()"


def test_a_table_has_a_row_for_each():
    warned = some(2, probability=0.25, warnings=("coarse-grid: only 2 cells.", "far: x"))
    frame = Explanations(warned).to_frame()
    assert list(frame.photo) == ["photo.png"] * 2
    row = frame.iloc[0]
    assert (row.target, row["index"], row.probability, row.predicted) == ("b", 1, 0.25, "b")
    assert (row.layer, row.method, row.warnings) == ("conv", "grad_cam", "coarse-grid; far")
    assert list(Explanations().to_frame().columns) == list(frame.columns)


def test_without_pandas_the_mend_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DependencyError, match="pip install pandas"):
        Explanations(some(1)).to_frame()


def test_a_sheet_shows_each_photo_once_and_says_what_its_colours_mean(monkeypatch):
    told = {}

    def sheet(tiles, titles, columns):
        told["titles"], told["columns"] = titles, columns
        return Image.new("RGB", (400, 300), "white")

    monkeypatch.setattr("seewhy.results.explanation_sheet.labelled_sheet", sheet)
    lines = []
    monkeypatch.setattr(
        "seewhy.results.explanation_sheet.legend",
        lambda width, given, look: lines.append(given) or Image.new("RGB", (width, 20)),
    )
    listed = [*some(2, "a/one.png", probability=0.001), *some(1, "two.png", probability=0.9)]
    listed[2] = explanation(-np.ones((4, 4)), listed[2].photo, listed[2].geometry)
    explanation_sheet(by_photo(listed), CLEAR, 3)
    assert told["titles"] == ["one.png", "b 0.1 %", "b 0.1 %", "two.png", "b: no evidence"]
    assert told["columns"] == 3
    assert lines[-1][-1].startswith("One scale for all maps of a photo")
    explanation_sheet([listed[:2]], CLEAR)
    assert "scale of its own" in lines[-1][-1]
    explanation_sheet([on_one_scale(listed[:2])], CLEAR)
    assert lines[-1][-1].startswith("One scale for all maps:")
    with pytest.raises(OptionError, match="no explanation"):
        Explanations().grid()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".svg", ".pdf"])
def test_a_picture_is_saved_in_the_format_of_its_suffix(tmp_path, suffix):
    (one,) = some(1)
    path = one.save(tmp_path / "new" / f"x{suffix}")
    begins = {".png": b"\x89PNG", ".jpg": b"\xff\xd8", ".webp": b"RIFF", ".svg": b"<svg"}
    assert path.read_bytes().startswith(begins.get(suffix, b"%PDF"))
    if suffix in (".png", ".jpg"):  # of noise WebP keeps little
        with Image.open(path) as picture:
            difference = np.abs(np.asarray(picture).astype(int) - np.asarray(one.overlay()))
        assert difference.mean() < 12
    legend = one.save(tmp_path / f"y{suffix}", legend=True, look="tutorial")
    assert legend.stat().st_size != path.stat().st_size


def test_an_svg_holds_the_very_pixels(tmp_path):
    from base64 import b64decode
    from io import BytesIO
    from xml.etree import ElementTree

    (one,) = some(1)
    root = ElementTree.parse(one.save(tmp_path / "x.svg")).getroot()
    assert (root.get("width"), root.get("height")) == ("60", "40")
    address = root[0].get("href")
    with Image.open(BytesIO(b64decode(address.split(",")[1]))) as inside:
        np.testing.assert_array_equal(np.asarray(inside), np.asarray(one.overlay()))


def test_arrays_and_records_are_saved(tmp_path):
    (one,) = some(1, probability=0.5)
    np.testing.assert_array_equal(np.load(one.save(tmp_path / "x.npy")), one.map)
    with np.load(one.save(tmp_path / "x.npz"), allow_pickle=False) as packed:
        np.testing.assert_array_equal(packed["map"], one.map)
        np.testing.assert_array_equal(packed["heatmap"], one.heatmap)
        assert (str(packed["target"]), str(packed["layer"])) == ("b", "conv")
        assert float(packed["probability"]) == 0.5
    assert json.loads(one.save(tmp_path / "x.json").read_text()) == one.as_dict()
    several = Explanations([one, one]).save(tmp_path / "both.json")
    assert len(json.loads(several.read_text())["explanations"]) == 2


@pytest.mark.parametrize("name", ["x.tiff", "x", "x.npzz", "x.csv"])
def test_another_suffix_names_all_that_are_known(tmp_path, name):
    (one,) = some(1)
    with pytest.raises(OptionError, match=r"\.png.*\.svg, \.pdf, \.npy, \.npz, \.json"):
        one.save(tmp_path / name)
    with pytest.raises(OptionError, match=r"\.pdf, \.json"):
        Explanations([one]).save(tmp_path / "x.npy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "probability", "words"),
    [
        ("plastic_bag", 0.00111, "plastic bag 0.1 %"),
        ("tiger  cat", 0.8249, "tiger cat 82 %"),
        ("odd\n_one", None, "odd one"),
    ],
)
def test_targets_are_told_with_their_probability_and_without_underscores(name, probability, words):
    one = explanation(np.ones((2, 2)), probability=probability)
    label = Label(1, None, name) if probability is not None else TargetText(name)
    one = replace(one, target=label, options={"model": "net"})
    assert one.target_words == words
    assert one.caption == (words, "grad_cam · conv · net")
    assert one.title == f"{words} (grad_cam at conv)"
    told = one.as_dict()["target"]
    assert told["name"] == name  # as it is, in records
    assert told["probability"] == probability


def test_a_legend_is_below_the_picture_and_changes_none_of_it():
    (one,) = some(1, probability=0.5)
    plain, with_legend = one.overlay(), np.asarray(one.overlay(legend=True))
    assert with_legend.shape[1] == 300  # wide enough to be read
    left = (300 - 60) // 2
    np.testing.assert_array_equal(with_legend[:40, left : left + 60], np.asarray(plain))
    assert (with_legend[40:] < 90).all(axis=-1).sum() > 100  # words
    assert (np.ptp(with_legend[40:].astype(int), axis=-1) > 60).sum() > 500  # colours


def test_the_mark_of_a_legend_shows_how_far_a_map_reaches_on_a_shared_scale():
    strong, weak = on_one_scale(
        [
            explanation(
                np.full((4, 4), value),
                Photo(np.zeros((40, 400, 3), "uint8"), "a"),
                Geometry.squash((40, 400), (32, 32)),
            )
            for value in (4.0, 1.0)
        ]
    )

    def mark(one):
        strip = np.asarray(one.overlay(legend=True))[40:]
        rows = np.flatnonzero((np.ptp(strip.astype(int), axis=-1) > 60).any(axis=1))
        below = strip[rows.max() + 3 : rows.max() + 6]
        return np.flatnonzero((below < 60).all(axis=-1).any(axis=0)).mean()

    assert mark(weak) < mark(strong) - 100


def test_of_one_photo_maps_of_one_method_share_a_scale():
    strong, weak, other = (
        explanation(np.full((4, 4), value), Photo(np.zeros((9, 9, 3), "uint8"), name))
        for value, name in ((4.0, "a"), (1.0, "a"), (2.0, "b"))
    )
    groups = by_photo([strong, weak, other])
    assert [[each.scale for each in group] for group in groups] == [[4.0, 4.0], [None]]
    by_two = by_photo([strong, replace(weak, method="layer_cam")])
    assert [[each.scale for each in group] for group in by_two] == [[None, None]]
    elsewhere = replace(weak, photo=Photo(np.ones((9, 9, 3), "uint8"), "a"))
    assert len(by_photo([strong, elsewhere])) == 2  # of the same name
