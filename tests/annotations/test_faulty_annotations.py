"""What is wrong with one box or mask is told of that one, and costs no other photo."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from PIL import Image

from seewhy import errors, ground_truth
from seewhy.annotations import coco, masks, yolo
from seewhy.annotations.records import Annotated, Thing
from seewhy.targets.label_files import read_label_rows

pytestmark = pytest.mark.framework_free
GOOD = {"id": 11, "image_id": 1, "category_id": 1, "bbox": [5, 5, 40, 40]}


def read_coco(folder, images=({},), **bad):
    """Annotations of a good photo, and of one with the annotation 22 and the given entries."""
    size = {"height": 96, "width": 128}
    listed = [
        {"id": 1, "file_name": "good.jpg", **size},
        {"id": 2, "file_name": "bad.jpg", **size} | dict(images[0]),
    ]
    record = {"images": listed, "categories": [{"id": 1, "name": "a"}]}
    record["annotations"] = [GOOD, {**GOOD, "id": 22, "image_id": 2, **bad}]
    (folder / "boxes.json").write_text(json.dumps(record))
    return ground_truth.matched(ground_truth.read(folder / "boxes.json"), ["good.jpg", "bad.jpg"])


def outline(*numbers):
    return {"segmentation": [list(numbers)]}


def counts(value, size=(96, 128)):
    return {"segmentation": {"size": list(size), "counts": value}}


@pytest.mark.parametrize(
    "bad",
    [
        {"bbox": [5, 5, -3, 4]},
        {"bbox": [5, 5, 3, -4]},
        {"bbox": [5, 5, 0, 4]},
        {"bbox": [5, 5, float("nan"), 4]},
        {"bbox": [float("inf"), 5, 3, 4]},
        {"bbox": [500, 5, 3, 4]},
        {"bbox": [5, -50, 3, 4]},
        {"bbox": [5, 5, 3]},
        {"bbox": "wide"},
        {"bbox": [5, 5, "a", {}]},
        {"bbox": 7},
        {"bbox": None},
        {"bbox": [5, 5, 10**400, 3]},
        {"category_id": []},
        outline(5, 5, 9, 5, 9, float("inf")),
        outline(5, 5, 9, 5, float("nan"), 9),
        outline(5, 5, 9, 5, 7),
        outline(*range(100_000)),
        {"segmentation": ["ab"]},
        {"segmentation": {"size": [96, 128]}},
        counts([0, 10_000_000_000], (100_000, 100_000)),
        counts([12300, -24, 12]),
        counts([12288.0]),
        counts([10**400]),
        counts("o" * 10_000),
        counts("\u00e9"),
        counts(None),
        counts([[1], [2]]),
        counts([12288], (96,)),
        counts([12288], ("a", "b")),
        {**counts([1, 2], (96, 128)), "bbox": None},
    ],
)
def test_a_faulty_annotation_is_named_and_the_other_photo_stays(tmp_path, bad):
    good, faulty = read_coco(tmp_path, **bad)
    assert good.mask(96, 128).sum() == 1600
    with pytest.raises(errors.OptionError, match=r"annotation 22 of '.*boxes\.json', about 'bad"):
        faulty.mask(96, 128)


@pytest.mark.parametrize("side", [float("nan"), float("inf"), -5, "x", [3]])
def test_a_faulty_size_is_told(tmp_path, side):
    good, faulty = read_coco(tmp_path, ({"height": side},))
    assert good.boxes(96, 128)
    with pytest.raises(errors.OptionError, match=r"'bad\.jpg'"):
        faulty.boxes(96, 128)


@pytest.mark.parametrize(
    "line",
    [
        "0 320 240 50 40",
        "0 0.5 0.5 1.5 0.1",
        "0 0.5 0.5 nan 0.1",
        "0 0.5 0.5 inf 0.1",
        "0 0.5 0.5 -0.1 0.1",
        "0 0.5 0.5 0 0.1",
        "0 10 10 50 10 50 60",
        "0 0.1 0.1 0.5 nan 0.5 0.6",
    ],
)
def test_faulty_lines_of_yolo_are_named(tmp_path, line):
    (tmp_path / "good.txt").write_text("0 .5 .5 .5 .5\n")
    (tmp_path / "bad.txt").write_text(f"0 .5 .5 .5 .5\n\n{line}\n")
    good, bad = ground_truth.matched(ground_truth.read(tmp_path), ["good.jpg", "bad.jpg"])
    assert good.mask(40, 60).any()
    with pytest.raises(errors.OptionError, match=r"line 3 of '.*bad\.txt'"):
        bad.mask(40, 60)


@pytest.mark.parametrize(
    ("suffix", "good", "bad"),
    [
        (".txt", "0 .5 .5 .5 .5\n", "0 1 2 3\n"),
        (".txt", "0 .5 .5 .5 .5\n", "cat 0 0 1 1\n"),
        (".txt", "0 .5 .5 .5 .5\n", "0 .5 .5 .5 .5\n" * 30_000),
        (".xml", "<annotation/>", "<annotation>"),
        (".xml", "<annotation/>", "<annotation>" + "<object>" * 10_000),
        (".xml", "<annotation/>", "<annotation><object/></annotation>"),
    ],
)
def test_a_file_that_cannot_be_read_costs_one_photo(tmp_path, suffix, good, bad):
    (tmp_path / f"good{suffix}").write_text(good)
    (tmp_path / f"bad{suffix}").write_text(bad)
    first, second = ground_truth.matched(ground_truth.read(tmp_path), ["good.jpg", "bad.jpg"])
    first.boxes(40, 60)
    with pytest.raises(errors.OptionError, match="bad"):
        second.boxes(40, 60)


@pytest.mark.parametrize(
    "paint",
    [
        lambda h, w: np.full((h, w), np.nan),
        lambda h, w: np.ones((h, w)),
        lambda h, w: np.ones((w, h), bool),
        lambda h, w: "mask",
        lambda h, w: {}["mask"],
    ],
)
def test_masks_that_are_none_are_told(paint):
    photo = Annotated("a.jpg", None, (Thing("cat", (0, 0, 5, 5), paint),))
    with pytest.raises(errors.OptionError, match=r"box 1, about 'a\.jpg'"):
        photo.mask(20, 30)


def test_masks_of_floats_and_large_ones_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    for side in (120, 200):
        Image.new("1", (side, side), 1).save(tmp_path / f"{side}.png")
        with pytest.raises(errors.OptionError, match=rf"{side}"):
            ground_truth.read(tmp_path / f"{side}.png")
    values = np.ones((8, 8), "float32")
    values[2, 2] = np.nan
    Image.fromarray(values).save(tmp_path / "nan.tiff")
    (tmp_path / "nan.tiff").rename(tmp_path / "nan.png")
    with pytest.raises(errors.OptionError, match="no finite numbers"):
        ground_truth.read(tmp_path / "nan.png")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "[" * 200_000),
        ("a.json", '{"images": [], "categories": ' + "[" * 200_000),
        ("a.json", '{"images": {}}'),
        ("a.json", '{"images": [1]}'),
        ("a.json", '{"images": [{}]}'),
        ("a.json", '{"images": 1e999}'),
        ("a.json", '{"images": [], "annotations": [[]]}'),
        ("a.json", "\udcff"),
    ],
)
def test_files_of_another_structure(tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(errors.OptionError, match=r"a\.json"):
        ground_truth.read(tmp_path / name)


def test_large_files_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(coco, "free_memory", lambda: 10**9)
    cases = [("a.json", 2 * 10**8), ("a.txt", 10**9), ("a.xml", 10**9)]
    began = time.monotonic()
    for name, size in cases:
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
        with pytest.raises(errors.OptionError, match=f"{size:,} bytes"):
            ground_truth.read(tmp_path / name)
    for suffix in ("txt", "csv", "json"):
        with (tmp_path / f"names.{suffix}").open("wb") as file:
            file.truncate(10**9)
        with pytest.raises(errors.LabelsError, match="1,000,000,000 bytes"):
            read_label_rows(tmp_path / f"names.{suffix}")
    assert time.monotonic() - began < 5


def test_class_names_nested_deeper_than_the_stack(tmp_path):
    (tmp_path / "names.json").write_text("[" * 200_000)
    with pytest.raises(errors.LabelsError, match=r"names\.json"):
        read_label_rows(tmp_path / "names.json")


def test_a_polygon_that_reaches_far_out_fills_the_photo():
    far = np.array([[-1e30, -1e30], [1e30, -1e30], [1e30, 1e30], [-1e30, 1e30]])
    assert masks.polygon_mask([far], (8, 8), 8, 8).all()


def test_a_million_lines_are_counted_only(tmp_path):
    (tmp_path / "a.txt").write_text("0 .5 .5 .5 .5\n" * 1_000_000)
    assert (tmp_path / "a.txt").stat().st_size < yolo.LARGEST
    with pytest.raises(errors.OptionError, match="1,000,000 lines"):
        ground_truth.read(tmp_path)
