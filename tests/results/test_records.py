"""Records: what they hold, how they are written, and what is refused when they are read."""

from __future__ import annotations

import copy
import json
import zlib
from base64 import b64encode

import numpy as np
import pytest
from PIL import Image

from helpers.explanations import explanation
from seewhy.errors import RecordError
from seewhy.images.photo import Photo
from seewhy.render.embedded import LONGEST
from seewhy.results.explanations import Explanations
from seewhy.results.records.make_record import records_text
from seewhy.results.records.read_file import read_records
from seewhy.results.records.read_record import read_record

pytestmark = pytest.mark.framework_free

MAP = np.random.default_rng(2).normal(size=(4, 5)).astype("float32")
PIXELS = np.random.default_rng(3).integers(0, 256, (40, 50, 3), dtype="uint8")


def one(map=MAP, name="folder/of/somebody/cat.jpg", **more):
    return explanation(map, Photo(PIXELS, name), **more)


def plain():
    return json.loads(json.dumps(one().record.as_dict()))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".svg", ".pdf", ".npz", ".json"])
def test_what_is_written_is_read_again(tmp_path, suffix):
    made = one()
    (read,) = read_records(made.save(tmp_path / f"x{suffix}"))
    assert read.as_dict() == made.record.as_dict()
    np.testing.assert_array_equal(read.map, MAP)
    with pytest.raises(RecordError, match="no record"):
        read_records(made.save(tmp_path / f"bare{suffix}", record=False))


def test_odd_numbers_are_kept_exactly():
    map = np.array([[np.nan, np.inf], [-0.0, 1e-45]], "float32")
    made = one(map).record
    read = read_record(json.loads(json.dumps(made.as_dict(), allow_nan=False)))
    assert read.map.tobytes() == map.tobytes()


def test_several_are_read_in_their_order(tmp_path):
    several = Explanations([one(MAP * k) for k in (1, 2, 3)])
    for suffix in (".png", ".jpg", ".json"):
        read = read_records(several.save(tmp_path / f"all{suffix}"))
        assert [round(float(each.map[0, 0] / MAP[0, 0])) for each in read] == [1, 2, 3]
    lines = tmp_path / "results.jsonl"
    lines.write_text("".join(json.dumps(each.as_dict()) + "\n" for each in several))
    assert len(read_records(lines)) == 3


def test_no_folder_is_recorded():
    made = one(warnings=("odd: folder/of/somebody/cat.jpg is odd.",))
    text = json.dumps(made.record.as_dict())
    assert "cat.jpg is odd" in text
    assert "somebody" not in text
    assert "cat.jpg" not in json.dumps(one(name="C:\\anna\\x.png").as_dict(record=False)["options"])
    assert one(name="C:\\anna\\x.png").record.photo.name == "x.png"


def test_maps_that_are_too_large_are_left_out_and_told(tmp_path):
    large = np.random.default_rng(0).normal(size=(500, 500)).astype("float32")
    text = records_text([one().record, one(large).record])
    assert len(text) < LONGEST
    for suffix in (".png", ".jpg"):
        small, big = read_records(Explanations([one(), one(large)]).save(tmp_path / f"x{suffix}"))
        assert small.map is not None
        assert big.map is None
        assert (big.map_sha256, big.map_shape) == (one(large).record.map_sha256, (500, 500))
    many = json.loads(records_text([one().record] * 1000))
    assert len(many["records"]) + many["left_out"] == 1000
    assert many["left_out"] > 0


def test_the_pixels_do_not_change(tmp_path):
    for suffix in (".png", ".jpg"):
        with (
            Image.open(one().save(tmp_path / f"a{suffix}")) as first,
            Image.open(one().save(tmp_path / f"b{suffix}", record=False)) as second,
        ):
            np.testing.assert_array_equal(np.asarray(first), np.asarray(second))


def test_a_picture_grows_by_two_kilobytes(tmp_path):
    for suffix in (".png", ".jpg"):
        files = [one().save(tmp_path / f"{k}{suffix}", record=k) for k in (True, False)]
        assert 0 < files[0].stat().st_size - files[1].stat().st_size < 2500


def changed(path, value):
    record = plain()
    at = record
    *above, last = path
    for name in above:
        at = at[name]
    at[last] = value
    return record


DEEP: list = []
for _ in range(200):
    DEEP = [DEEP]
BOMB = b64encode(zlib.compress(bytes(50_000_000))).decode()
HOSTILE = {
    "no object": [1, 2],
    "another schema": changed(["schema"], 2),
    "photo is a list": changed(["photo"], []),
    "photo in a folder": changed(["photo", "name"], "../../etc/passwd"),
    "photo with zero": changed(["photo", "name"], "a\0b"),
    "photo above": changed(["photo", "name"], ".."),
    "model in a folder": changed(["model", "file"], "/etc/passwd"),
    "weights in a folder": changed(["model", "weights_file"], "a\\b.h5"),
    "no digest": changed(["photo", "sha256"], "x" * 64),
    "long digest": changed(["photo", "sha256"], "0" * 10**6),
    "words are a number": changed(["question", "words"], 3),
    "asked is a text": changed(["question", "asked"], "top"),
    "score is a text": changed(["score"], "1"),
    "score is true": changed(["score"], True),
    "options are a list": changed(["options"], [1]),
    "deep options": changed(["options"], {"fit": DEEP}),
    "many options": changed(["options"], {str(k): k for k in range(2000)}),
    "long option": changed(["options"], {"fit": "x" * 10**6}),
    "many warnings": changed(["warnings"], ["x"] * 2000),
    "warnings are numbers": changed(["warnings"], [1]),
    "versions are numbers": changed(["versions"], {"keras": 3}),
    "huge shape": changed(["map", "shape"], [10**6, 10**6]),
    "negative shape": changed(["map", "shape"], [-4, -5]),
    "no shape": changed(["map", "shape"], []),
    "other shape": changed(["map", "shape"], [5, 5]),
    "shape of floats": changed(["map", "shape"], [4.0, 5.0]),
    "bomb": changed(["map", "data"], BOMB),
    "short bomb": changed(["map", "data"], b64encode(zlib.compress(bytes(100_000))).decode()),
    "no base64": changed(["map", "data"], "ä!"),
    "not packed": changed(["map", "data"], b64encode(bytes(80)).decode()),
    "other map": changed(["map", "data"], b64encode(zlib.compress(bytes(80))).decode()),
    "huge number": changed(["map", "shape"], [10**400]),
    "huge index": changed(["question", "index"], 10**30),
}


@pytest.mark.parametrize("record", HOSTILE.values(), ids=HOSTILE)
def test_hostile_records_are_refused(tmp_path, record):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"record": record}))
    with pytest.raises(RecordError, match="cannot be read") as told:
        read_records(path)
    assert len(str(told.value)) < 500


@pytest.mark.parametrize("name", sorted(plain()))
def test_every_lost_or_wrong_field_is_refused(name):
    record = plain()
    del record[name]
    may_be_none = ("score", "probability")
    if name not in may_be_none:
        with pytest.raises(ValueError, match=r"\w"):
            read_record(record)
    for wrong in (object, [[]], {"a": {}}, -1, True):
        other = copy.deepcopy(plain())
        other[name] = "text" if wrong is object else wrong
        if type(other[name]) is type(plain()[name]) or (name in may_be_none and wrong == -1):
            continue
        with pytest.raises(ValueError, match=r"\w"):
            read_record(other)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[" * 200_000, "nested too deep|no JSON"),
        (b"\xff\xfe\x00", "neither a picture nor JSON"),
        (b"", "no JSON"),
        (b"{}", "no record"),
        (b'{"record": 1', "no JSON"),
        (b'{"record": {"schema": ' + b"9" * 10_000 + b"}}", "no JSON|cannot be read"),
        (b"\x89PNG\r\n\x1a\n", "no record"),
    ],
)
def test_files_that_hold_no_record_are_told(tmp_path, content, told):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=told):
        read_records(path)
    with pytest.raises(RecordError, match="folder"):
        read_records(tmp_path)
    with pytest.raises(RecordError, match="no file"):
        read_records(tmp_path / "nothing.png")
