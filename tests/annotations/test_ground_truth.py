"""Boxes and masks from COCO, VOC and YOLO files, against pycocotools and by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as peer
from pycocotools.coco import COCO

from seewhy import errors, ground_truth
from seewhy.annotations.masks import polygon_mask, run_length_mask


def blob(seed: int, height: int = 40, width: int = 60) -> np.ndarray:
    """A ragged mask with holes."""
    noise = np.random.default_rng(seed).random((height, width))
    rows, cols = np.mgrid[:height, :width]
    return (((rows - 18) / 12) ** 2 + ((cols - 33) / 20) ** 2 < 1) & (noise > 0.1)


@pytest.mark.parametrize("seed", range(5))
def test_run_lengths_are_those_of_pycocotools(seed):
    mask = blob(seed)
    packed = peer.encode(np.asfortranarray(mask.astype("uint8")))
    text = {"size": packed["size"], "counts": packed["counts"].decode()}
    for record in (packed, text):
        np.testing.assert_array_equal(run_length_mask(record, 40, 60), mask)
    plain = {"size": [2, 3], "counts": [1, 2, 3]}
    np.testing.assert_array_equal(run_length_mask(plain, 2, 3), [[0, 1, 0], [1, 0, 0]])


def test_run_lengths_that_do_not_fill_the_mask():
    with pytest.raises(errors.OptionError, match="sum to 6; got 5"):
        run_length_mask({"size": [2, 3], "counts": [1, 4]}, 2, 3)


def test_polygons_are_those_of_pycocotools_but_for_the_rim():
    points = np.array([[5.3, 4.1], [52.7, 9.4], [44.2, 35.8], [20.5, 30.1], [8.8, 37.9]])
    own = polygon_mask([points], (40, 60), 40, 60)
    theirs = peer.decode(peer.frPyObjects([points.ravel().tolist()], 40, 60)[0]).astype(bool)
    both, either = (own & theirs).sum(), (own | theirs).sum()
    # their outline is drawn at five times the size and rounded; ours asks each pixel's centre
    assert both / either > 0.97
    (x, y), (after_x, after_y) = points.T, np.roll(points, -1, axis=0).T
    area = abs((x * after_y - after_x * y).sum()) / 2  # the shoelace formula
    np.testing.assert_allclose(own.sum(), area, rtol=0.005)


def test_half_a_square_by_hand():
    points = np.array([[0, 0], [4, 0], [0, 4.0]])
    # centres on the slope itself may fall on either side
    found = polygon_mask([points], (4, 4), 4, 4)
    inside = np.add.outer(np.arange(4), np.arange(4))
    assert found[inside < 3].all()
    assert not found[inside > 3].any()


@pytest.fixture
def coco(tmp_path):
    packed = peer.encode(np.asfortranarray(blob(0).astype("uint8")))
    record = {
        "images": [
            {"id": 7, "file_name": "val/cat.one.jpg", "width": 60, "height": 40},
            {"id": 9, "file_name": "empty.jpg", "width": 60, "height": 40},
        ],
        "categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 5, 20, 8]},
            {
                "id": 2,
                "image_id": 7,
                "category_id": 5,
                "bbox": [40, 20, 10, 10],
                "segmentation": [[40, 20, 50, 20, 50, 30, 40, 30]],
            },
            {
                "id": 3,
                "image_id": 7,
                "category_id": 5,
                "iscrowd": 1,
                "bbox": peer.toBbox(packed).tolist(),
                "segmentation": {"size": [40, 60], "counts": packed["counts"].decode()},
            },
        ],
    }
    file = tmp_path / "instances.json"
    file.write_text(json.dumps(record))
    return file


def test_coco(coco, capsys):
    found = ground_truth.read(coco)
    cat = ground_truth.matched(found, ["somewhere/val/cat.one.png"])[0]
    assert cat.labels == ("cat", "dog")
    assert cat.of("cat").boxes(40, 60) == [(10, 5, 30, 13)]
    theirs = COCO(str(coco))
    for label, number in (("cat", 3), ("dog", 5)):
        masks = []
        for one in theirs.loadAnns(theirs.getAnnIds(catIds=[number])):
            if "segmentation" not in one:
                masks.append(np.pad(np.ones((8, 20), bool), ((5, 27), (10, 30))))
            else:
                masks.append(theirs.annToMask(one).astype(bool))
        np.testing.assert_array_equal(cat.of(label).mask(40, 60), np.any(masks, axis=0))
    # at twice the size, and of an image without things
    assert cat.of("cat").boxes(80, 120) == [(20, 10, 60, 26)]
    large = cat.of("dog").mask(80, 120)
    np.testing.assert_array_equal(large[1::2, 1::2], cat.of("dog").mask(40, 60))
    assert not ground_truth.matched(found, ["empty.jpg"])[0].things


VOC = """<annotation><filename>a</filename>
<size><width>{width}</width><height>40</height><depth>3</depth></size>
<object><name>dog</name><bndbox><xmin>11</xmin><ymin>6</ymin><xmax>30</xmax><ymax>13</ymax></bndbox>
<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>
</object></annotation>"""


def test_voc_counts_from_one_and_includes_the_last(tmp_path):
    (tmp_path / "a.xml").write_text(VOC.format(width=60))
    one = ground_truth.matched(ground_truth.read(tmp_path), ["photos/a.jpg"])[0]
    assert one.labels == ("dog",)
    assert one.boxes(40, 60) == [(10, 5, 30, 13)]
    assert one.mask(40, 60).sum() == 20 * 8
    # a tool that does not know the size writes 0
    (tmp_path / "a.xml").write_text(VOC.format(width=0))
    assert ground_truth.read(tmp_path).photos[0].boxes(40, 60) == [(10, 5, 30, 13)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "cat\ndog\n"),
        ("data.yaml", "path: x\nnames: ['cat', \"dog\"]  # two\nnc: 2\n"),
        ("data.yaml", "names:\n  0: cat\n  1: dog\n\nnc: 2\n"),
        ("data.yaml", "names:\n- cat\n- dog\ntrain: x\n"),
        ("data.yaml", "names: {0: cat, 1: dog}\n"),
    ],
)
def test_yolo(tmp_path, name, text):
    labels = tmp_path / "labels"
    labels.mkdir()
    (tmp_path / name).write_text(text)
    (labels / "a.txt").write_text("0 0.5 0.25 0.5 0.1 0.9\n1 0 0 1 0 1 0.5 0 0.5\n")
    (labels / "b.txt").write_text("")
    a, b = ground_truth.matched(ground_truth.read(labels), ["a.jpg", "b.jpg"])
    assert a.labels == ("cat", "dog")
    np.testing.assert_allclose(a.of("cat").boxes(40, 60), [(15, 8, 45, 12)])
    expected = np.zeros((40, 60), bool)
    expected[:20] = True
    np.testing.assert_array_equal(a.of("dog").mask(40, 60), expected)
    assert not b.things


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: ['cat, big', dog]\n", ("cat, big", "dog")),
        ("names: [cat,\n  'dog: small',\n  \"third: #1\"]\n", ("cat", "dog: small", "third: #1")),
        ("names:\n  - no\n  - 1e3\n  - 007\n", ("no", "1e3", "007")),
        ("names: {'2': c, '0': a, 1: b}\n", ("a", "b", "c")),
        ("names: &all [a, b]\nnc: 2\nmore: *all\n", ("a", "b")),
        ("names: # of all\n  - cat # small\n  - dog\n    big\n", ("cat", "dog big")),
        ("\ufeffnames: {00: a, '01': b}\npath: x\npath: y\n", ("a", "b")),
        ("", ("0", "1")),
        ("names:\n", ("0", "1")),
        ("nc: 2\n", ("0", "1")),
    ],
)
def test_class_names_of_yolo_are_those_of_the_yaml(tmp_path, text, names):
    (tmp_path / "data.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "a.txt").write_text("".join(f"{k} 0.5 0.5 0.1 0.1\n" for k in range(len(names))))
    (photo,) = ground_truth.read(tmp_path).photos
    assert photo.labels == names


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("names: [cat, dog\n", "no YAML"),
        ("names: cat\n", "list of names"),
        ("names: [[cat], dog]\n", "list of names"),
        ("names: {first: cat}\n", "numbers from 0 on"),
        ("names: [!!python/object/apply:os.getcwd [], dog]\n", "list of names"),
        ("- cat\n- dog\n", "list of names"),
        ("cat dog\n", "list of names"),
        ("names:\n  -\n  - dog\n", "list of names"),
        ("names: {0: '', 1: dog}\n", "list of names"),
        ("names: {0: cat, 0: dog}\n", "Keep one name a number"),
        ("names: {0: cat, '00': dog}\n", "Keep one name a number"),
        ("names: [cat, dog]\nnames: [dog, cat]\n", "Keep one name a number"),
        ("names: [cat]\nnames:\n", "list of names"),
        ("names: [cat]\n---\nnames: [dog]\n", "no YAML"),
        ("names: [caf\xe9]\n", "no YAML"),
    ],
)
def test_class_names_that_are_none_are_told(tmp_path, text, told):
    (tmp_path / "data.yaml").write_bytes(text.encode("latin-1"))
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(errors.OptionError, match=told) as raised:
        ground_truth.read(tmp_path)
    assert "data.yaml" in str(raised.value)


def test_class_names_are_read_once_a_folder(tmp_path, monkeypatch):
    import yaml

    texts = []

    class Counted(yaml.BaseLoader):
        def __init__(self, stream):
            texts.append(stream)
            super().__init__(stream)

    monkeypatch.setattr(yaml, "BaseLoader", Counted)
    for folder, name in (("a", "cat"), ("b", "dog")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "data.yaml").write_text(f"names: [{name}]\n")
        for k in range(3):
            (tmp_path / folder / f"{k}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    photos = ground_truth.read(tmp_path).photos
    assert [photo.labels for photo in photos] == [("cat",)] * 3 + [("dog",)] * 3
    assert len(texts) == 2


def test_masks_as_pictures(tmp_path):
    values = np.zeros((4, 6), "uint8")
    values[1:3, 2:5] = 7
    values[0, 0] = 255
    picture = Image.fromarray(values, "P")
    picture.putpalette([0, 0, 0] * 256)
    picture.save(tmp_path / "a.png")
    one = ground_truth.matched(ground_truth.read(tmp_path), ["a.jpg"])[0]
    assert one.boxes(4, 6) == [(2, 1, 5, 3)]
    np.testing.assert_array_equal(one.mask(4, 6), values == 7)
    np.testing.assert_array_equal(one.mask(8, 12)[::2, ::2], values == 7)


def test_the_photo_has_to_be_the_one_that_was_annotated(tmp_path):
    (tmp_path / "a.xml").write_text(VOC.format(width=60))
    one = ground_truth.read(tmp_path).photos[0]
    with pytest.raises(
        errors.OptionError, match=r"60 × 40 pixels, and the photo has 40 × 60.*EXIF"
    ):
        one.boxes(60, 40)
    with pytest.raises(errors.OptionError, match="different pictures"):
        one.mask(40, 40)


def test_photos_are_found_by_as_many_folders_as_it_takes(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.txt").write_text("0 .5 .5 1 1\n" * (1 + (folder == "b")))
    found = ground_truth.read(tmp_path)
    rows = ground_truth.matched(found, ["photos/a/1.jpg", "b\\1.jpg"])
    assert [len(row.things) for row in rows] == [1, 2]
    with pytest.raises(errors.OptionError, match=r"several entries that fit '1.jpg'"):
        ground_truth.matched(found, ["1.jpg"])
    with pytest.raises(errors.OptionError, match=r"nothing about '2.jpg', '3.jpg', '4.jpg' and 1"):
        ground_truth.matched(found, [f"{k}.jpg" for k in range(2, 6)])


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.json", "{", "cannot be read as COCO"),
        ("a.json", "[]", "no list of 'images'"),
        ("a.json", '{"images": [], "annotations": [{"id": 1, "image_id": 4}]}', "does not list"),
        ("a.xml", "<annotation>", "cannot be read as Pascal VOC"),
        ("a.xml", "<annotation><object/></annotation>", "no <bndbox>"),
        ("a.txt", "0 1 2 3\n", "has 3 numbers behind the class"),
        ("a.txt", "cat 1 2 3 4\n", "cannot be read as YOLO"),
        ("a.png", "text", "cannot be read as mask"),
        ("a.csv", "", "ends in none of .json, .xml, .txt, .png"),
        ("a.yaml", "", "give the folder with its labels"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    with pytest.raises(errors.OptionError, match=told):
        ground_truth.read(tmp_path / name)


def test_no_place(tmp_path):
    with pytest.raises(errors.OptionError, match="no annotations at"):
        ground_truth.read(tmp_path / "nowhere")
    with pytest.raises(errors.OptionError, match=r"has no \.json"):
        ground_truth.read(tmp_path)
