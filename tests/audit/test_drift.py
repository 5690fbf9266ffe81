"""Drift between two stores: permutations, grids, classes."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.audit.beside.common_grid import common_maps
from seewhy.audit.beside.drift import check_drift, drift
from seewhy.audit.beside.permuted import holm, permuted
from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.datasets.open_store import Store
from seewhy.errors import OptionError

pytestmark = pytest.mark.framework_free
NO_PAIRS = np.zeros((0, 2), int)


@pytest.fixture
def random():
    return np.random.default_rng(0)


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
