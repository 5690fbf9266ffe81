"""What an audit tells beside its findings, part by part, against slow ways to the same."""

from __future__ import annotations

import itertools
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seewhy
from seewhy.audit import AuditOptions
from seewhy.audit.beside import small_copies
from seewhy.audit.beside.alike import groups_of_copies, near_pairs
from seewhy.audit.beside.common_grid import common_maps
from seewhy.audit.beside.drift import check_drift, drift
from seewhy.audit.beside.outside_boxes import inside_of
from seewhy.audit.beside.permuted import holm, permuted
from seewhy.audit.beside.small_copies import SmallCopies, small_copy
from seewhy.audit.beside.tables import write_table
from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.cli.audit_lines import lines_beside
from seewhy.datasets.open_store import Store
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import OptionError
from seewhy.ground_truth import Annotated, Thing
from seewhy.images.geometry import Geometry
from seewhy.metrics.localisation.pointing import energy_inside
from seewhy.results.prediction import Prediction

pytestmark = pytest.mark.framework_free
NO_PAIRS = np.zeros((0, 2), int)


@pytest.fixture
def random():
    return np.random.default_rng(0)


# ---- evidence outside of boxes


def row_of(map, size, fit, input=(64, 64), extents=()):
    values = dict.fromkeys(StoredRow.__dataclass_fields__)
    top = (Prediction(0, None, "cat", 0.9),)
    manifest = {"input": list(input), "options": {"fit": fit}, "extents": list(extents)}
    values |= {"row": 0, "id": "a", "source": "/a.png", "height": size[0], "width": size[1]}
    return StoredRow(**values | {"map": map, "top": top, "manifest": manifest})


@pytest.mark.parametrize("fit", ["squash", "crop", "letterbox"])
@pytest.mark.parametrize("extents", [(), ([-4, 60, 0, 64], [0, 70, 0, 64])])
def test_evidence_inside_is_that_of_the_map_on_the_photo(fit, extents, random):
    size = (90, 150)
    map = random.normal(size=(5, 7)).astype("float32")
    row = row_of(map, size, fit, extents=extents)
    things = (Thing(None, (10, 20, 60, 80)), Thing(None, (50, 5, 140, 40)))
    drawn = Annotated("a", None, things)
    found = inside_of(row, drawn)
    heat = row.geometry.to_photo(np.maximum(map, 0))
    mask = drawn.mask(*size)
    assert found.share == pytest.approx(energy_inside(heat[None], mask[None])[0], abs=1e-5)
    seen = row.geometry.seen
    assert found.area == pytest.approx((mask & seen).sum() / seen.sum(), abs=1e-6)


def test_the_hottest_point_lies_where_the_network_saw_it():
    """The last column of cells: the photo's right edge, but of a crop a column further left, and
    of a letterbox the rows are those of the photo only."""
    map = np.zeros((4, 4), "float32")
    map[1, 3] = 1
    left = Annotated("a", None, (Thing(None, (0, 0, 150, 100)),))
    right = Annotated("a", None, (Thing(None, (150, 0, 200, 100)),))
    for fit, hit in (("squash", right), ("crop", left), ("letterbox", right)):
        for drawn in (left, right):
            assert inside_of(row_of(map, (100, 200), fit), drawn).hit == (drawn is hit), fit
    # of the upper bar of a letterbox the photo has the edge beside it
    map[:] = 0
    map[0, 0] = 1
    top = Annotated("a", None, (Thing(None, (0, 0, 30, 10)),))
    assert inside_of(row_of(map, (100, 200), "letterbox"), top).hit


def test_large_photos_are_compared_smaller(random, monkeypatch):
    map = random.random((7, 7)).astype("float32")
    drawn = Annotated("a", (3000, 4000), (Thing(None, (500, 400, 3000, 1500)),))
    row = row_of(map, (3000, 4000), "crop", (224, 224))
    small = inside_of(row, drawn)
    monkeypatch.setattr("seewhy.audit.beside.outside_boxes.LARGEST", 9999)
    assert small.share == pytest.approx(inside_of(row, drawn).share, abs=1e-3)


def test_boxes_of_another_picture_are_refused():
    drawn = Annotated("a", (100, 100), (Thing(None, (5, 5, 50, 50)),))
    with pytest.raises(OptionError, match="different pictures"):
        inside_of(row_of(np.ones((2, 2), "float32"), (100, 200), "crop"), drawn)


def test_within_is_the_adjoint_of_to_photo(random):
    for fit, grid in itertools.product((Geometry.crop, Geometry.letterbox), ((3, 4), (1, 9))):
        geometry = fit((40, 25), (32, 48))
        map, mask = random.normal(size=grid), random.random((40, 25)) < 0.3
        expected = (geometry.to_photo(map).astype("float64") * mask).sum()
        assert (geometry.within(mask, grid) * map).sum() == pytest.approx(expected, abs=1e-4)


# ---- drift


def evidence(random, count, center, grid=(6, 6), classes=1):
    """Photos whose evidence is a spot around a centre, some cells about."""
    at = np.asarray(center) + random.normal(0, 0.12, (count, 2))
    down, across = ((np.arange(side) + 0.5) / side for side in grid)
    far = (down[:, None] - at[:, None, None, 0]) ** 2 + (across - at[:, None, None, 1]) ** 2
    maps = np.exp(-far / 0.02).astype("float32")
    return EvidenceRows(
        row=np.arange(count),
        id=[f"{k}.png" for k in range(count)],
        source=[f"/{k}.png" for k in range(count)],
        label=[None] * count,
        label_index=np.full(count, -1, "int32"),
        predicted=(np.arange(count) % classes).astype("int32"),
        probability=np.full(count, 0.8, "float32"),
        maps=maps / np.sqrt((maps**2).sum(axis=(1, 2), keepdims=True)),
        features=None,
        places=np.arange(count),
    )


def store(classes=("cat", "dog", "bee"), fit="crop", extents=()):
    about = {"classes": [[None, name] for name in classes], "options": {"fit": fit}}
    return Store("store", about | {"input": [64, 64], "extents": list(extents)}, (), ())


def compared(a, b, stores=None, seed=0):
    first, second = stores or (store(), store())
    return drift(a, first, (b, second), (None, 50, seed), lambda *_: None)


def test_random_halves_show_no_drift(random):
    whole = evidence(random, 240, (0.4, 0.5), classes=3)
    order = random.permutation(240)
    halves = [chosen(whole, np.sort(part)) for part in (order[:120], order[120:])]
    found, table = compared(*halves)
    assert found["compared"] == len(table) == 3
    assert found["moved"] == 0
    assert compared(whole, whole)[0]["classes"][0]["distance"] == 0


def chosen(rows, places):
    names = ("row", "label_index", "predicted", "probability", "maps", "places")
    arrays = {name: getattr(rows, name)[places] for name in names}
    lists = {name: [getattr(rows, name)[k] for k in places] for name in ("id", "source", "label")}
    return EvidenceRows(**arrays, **lists, features=None)


def test_one_class_of_several_that_moved_is_told(random):
    a, b = (evidence(random, 90, (0.3, 0.5), classes=3) for _ in range(2))
    b.maps[b.predicted == 1] = np.roll(b.maps[b.predicted == 1], 2, axis=1)
    b.probability[b.predicted == 1] = 0.6
    found, _ = compared(a, b)
    first, *others = found["classes"]
    assert (first["class"], first["moved"]) == ("dog", True)
    assert first["center_moved"] == pytest.approx(0.33, abs=0.06)
    low, high = first["center_row_interval"]
    assert low <= first["center_row_change"] <= high
    assert low > 0.2
    assert first["confidence_change"] == pytest.approx(-0.2)
    assert np.sum(first["mean_a"]) == pytest.approx(1, abs=1e-3)
    assert not any(each["moved"] for each in others)


def test_stores_of_two_grids_are_compared_on_the_coarser(random):
    a = evidence(random, 60, (0.3, 0.6), grid=(12, 12))
    b = evidence(np.random.default_rng(1), 60, (0.3, 0.6), grid=(6, 4))
    found, _ = compared(a, b)
    assert np.shape(found["classes"][0]["mean_a"]) == (6, 4)
    assert not found["moved"]
    # a grid that lies by a cell further down shows the same photos' evidence further up in it
    shifted = store(extents=([64 / 6, 64 + 64 / 6, 0, 64], [0, 64, 0, 64]))
    moved = evidence(np.random.default_rng(1), 60, (0.3 - 1 / 6, 0.6))
    found, _ = compared(a, moved, (store(), shifted))
    assert abs(found["classes"][0]["center_row_change"]) < 0.06


def test_moving_maps_to_another_grid_keeps_their_sum(random):
    a, b = evidence(random, 5, (0.5, 0.5), grid=(7, 7)), evidence(random, 5, (0.5, 0.5))
    for maps in common_maps(a, b, (store().manifest, store().manifest)):
        np.testing.assert_allclose(maps.sum(axis=(1, 2)), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"stores": (store(), store(fit="letterbox"))}, "other parts of the photos"),
        ({"stores": (store(), store(("x", "y", "z")))}, "none of those"),
        ({"grid": (1, 1)}, "cells"),
        ({"count": 4}, "predicted for 5 photos in both"),
    ],
)
def test_stores_that_cannot_be_compared_are_refused(random, change, match):
    first, second = change.get("stores", (store(), store()))
    a = evidence(random, 20, (0.5, 0.5))
    b = evidence(random, change.get("count", 20), (0.5, 0.5), grid=change.get("grid", (6, 6)))
    with pytest.raises(OptionError, match=match):
        check_drift(a, first, (b, second), None)


def test_classes_are_known_by_their_names(random):
    a, b = (evidence(random, 40, (0.5, 0.5), classes=2) for _ in range(2))
    found, _ = compared(a, b, (store(), store(("dog", "cow", "cat"))))
    assert [each["class"] for each in found["classes"]] == ["dog"]
    assert [(e["class"], e["photos_a"], e["photos_b"]) for e in found["left_out"]] == [
        ("cat", 20, 0)
    ]


def test_a_permutation_test_keeps_its_level(random):
    groups = [[unit_sum(random.random((count, 4))) for count in (8, 12)] for _ in range(200)]
    p = np.array([permuted(a, b, NO_PAIRS, 199, random).p for a, b in groups])
    assert 0.01 <= (p < 0.05).mean() <= 0.1
    assert p.mean() == pytest.approx(0.5, abs=0.08)


def unit_sum(values):
    return values / values.sum(axis=1, keepdims=True)


def test_the_tail_of_permutations_is_that_of_many_more(random):
    a, b = (unit_sum(random.random((12, 3)) + np.array([0, 0.8 * k, 0])) for k in range(2))
    drawn = permuted(a, b, NO_PAIRS, 200_000, np.random.default_rng(1)).p
    few = [permuted(a, b, NO_PAIRS, 99, np.random.default_rng(seed)).p for seed in range(20)]
    assert 1e-4 < drawn < 1e-2
    assert drawn / 4 < np.median(few) < drawn * 4
    # of two groups of three there are 20 permutations
    assert permuted(a[:3], b[:3] + 10, NO_PAIRS, 19, random).p >= 1 / 20


def test_photos_of_both_stores_are_compared_as_pairs(random):
    """Little changed of photos that differ much: that is seen in pairs only."""
    a = unit_sum(random.random((40, 6)) ** 4)
    b = unit_sum(a + np.array([0.02, 0, 0, 0, 0, 0]))
    pairs = np.stack([np.arange(40)] * 2, axis=1)
    assert permuted(a, b, pairs, 999, random).p < 0.001
    assert permuted(a, b, NO_PAIRS, 999, random).p > 0.2
    some = permuted(a, b, pairs[:30], 999, random)
    assert 0 < some.p <= 1


def test_the_correction_of_holm():
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1, 1]


# ---- duplicates


@pytest.fixture(scope="module")
def photo():
    return Image.open(Path(seewhy.__file__).parent / "data" / "chelsea.png").convert("RGB")


def copy_of(image, **how):
    file = BytesIO()
    image.save(file, **how or {"format": "png"})
    return file.getvalue()


def copies_of(tmp_path, photos):
    found = []
    for k, data in enumerate(photos):
        path = tmp_path / f"{k}.img"
        path.write_bytes(data)
        found.append(small_copy(str(path)))
    return [digest for digest, _ in found], np.stack([copy for _, copy in found])


def test_resized_and_recompressed_photos_are_known_again(photo, tmp_path):
    across, down = photo.size
    changed = [
        copy_of(photo),
        copy_of(photo, format="jpeg", quality=20),
        copy_of(photo.resize((across // 3, down // 3)), format="jpeg", quality=50),
        copy_of(photo.resize((across * 3, down * 3)), format="jpeg", quality=70),
        copy_of(photo.resize((across // 2, down // 2)), format="webp"),
        copy_of(photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    ]
    groups = groups_of_copies(*copies_of(tmp_path, changed), 100)
    assert [group.tolist() for group in groups] == [[0, 1, 2, 3, 4]]


def test_photos_that_are_merely_similar_are_no_duplicates(photo, tmp_path, random):
    """Parts of a photo that are moved a little, a thing at another place, and plain photos."""
    scene = photo.resize((224, 224))
    things = []
    for left, top in ((20, 20), (150, 150), (20, 150)):
        other = scene.copy()
        other.paste((200, 190, 60), (left, top, left + 25, top + 25))
        things.append(copy_of(other))
    crops = [copy_of(photo.crop((k, k // 2, k + 250, k // 2 + 250))) for k in range(0, 200, 20)]
    plain = [copy_of(Image.new("RGB", (60, 60), (level,) * 3)) for level in (128, 128, 128, 130, 0)]
    noise = [
        copy_of(Image.fromarray(random.normal(120, 10, (200, 200, 3)).astype("uint8")))
        for _ in range(6)
    ]
    digests, copies = copies_of(tmp_path, [*things, *crops, *plain, *noise])
    assert not len(near_pairs(copies))
    # files that are equal, byte by byte, are the same photo whatever they show
    equal = groups_of_copies(digests, copies, 100)
    assert [[digests[k] for k in group] for group in equal] == [[digests[len(things + crops)]] * 3]


def test_the_closest_of_many_are_compared(random, monkeypatch):
    monkeypatch.setattr("seewhy.audit.beside.alike.PARTNERS", 3)
    base = random.uniform(40, 200, (32, 32))
    alike = [base + random.normal(0, 14, base.shape) for _ in range(30)]
    alike.insert(20, alike[0] + random.normal(0, 1, base.shape))
    pairs = near_pairs(np.clip(np.stack(alike), 0, 255).astype("uint8"))
    assert [0, 20] in pairs.tolist()


def test_copies_that_were_made_are_not_made_again(photo, tmp_path, monkeypatch):
    for k in range(9):
        (tmp_path / f"{k}.png").write_bytes(copy_of(photo.rotate(k).resize((64, 64))))
    (tmp_path / "5.png").write_bytes(b"broken")
    sources = [str(tmp_path / f"{k}.png") for k in range(9)]
    monkeypatch.setattr(small_copies, "PART", 3)
    made, make = [], small_copies.small_copy

    def making(source):
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append(source)
        return make(source)

    monkeypatch.setattr(small_copies, "small_copy", making)
    monkeypatch.setattr(small_copies, "_BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        SmallCopies(sources, tmp_path).read(lambda *_: None)
    made.clear()
    monkeypatch.setattr(
        small_copies, "small_copy", lambda source: (made.append(source), make(source))[1]
    )
    reader = SmallCopies(sources, tmp_path)
    digests, copies = reader.read(lambda *_: None)
    assert made == sources[3:]
    assert [k for k, digest in enumerate(digests) if not digest] == [5]
    assert "5.png" in reader.problems[0]
    made.clear()
    again = SmallCopies(sources, tmp_path).read(lambda *_: None)
    assert made == sources[3:6]  # one of them could not be read
    assert again[0] == digests
    np.testing.assert_array_equal(again[1], copies)
    # another photo of that name
    (tmp_path / "8.png").write_bytes(copy_of(photo))
    made.clear()
    SmallCopies(sources, tmp_path).read(lambda *_: None)
    assert made == sources[3:]


# ---- options, files, lines


@pytest.mark.parametrize("wrong", [{"listed": 0}, {"duplicates": "yes"}])
def test_wrong_choices_are_refused(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        AuditOptions(**wrong)


def test_what_is_told_beside_asks_for_no_new_tests():
    plain = AuditOptions(seed=3, classes=["cat"])
    more = AuditOptions(
        seed=3, classes=["cat"], boxes="masks", against="other", duplicates=True, listed=7
    )
    assert plain.of_findings == more.of_findings
    assert plain.of_findings != AuditOptions(seed=4, classes=["cat"]).of_findings
    assert more.as_dict()["against"] == "other"


def test_tables_hold_no_formulas(tmp_path):
    rows = [{"id": "=cmd|'/c calc'!A1", "p_interval": [0.1, 0.2], "center": [0.5, 0.25], "x": None}]
    write_table(tmp_path, "drift", rows)
    assert (tmp_path / "drift.csv").read_text() == (
        "id,p_interval,center,x\n'=cmd|'/c calc'!A1,0.1 to 0.2,0.5 0.25,\n"
    )


def test_nothing_is_printed_of_what_is_not_told():
    assert list(lines_beside({})) == []
