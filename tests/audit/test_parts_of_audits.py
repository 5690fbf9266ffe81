"""Clusters, scores, regions and verdicts, beside slow computations and closed forms."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from seewhy.audit import AuditOptions
from seewhy.audit.confirm.transplant import (
    AskedClass,
    Rate,
    Transplant,
    filled,
    gains,
    rate_of,
    removal,
    transplant,
)
from seewhy.audit.confirm.verdicts import Facts, near_edge, verdict_of
from seewhy.audit.find.cell_scores import CellSample, cell_scores, flagged
from seewhy.audit.find.clusters import clusters_of, hdbscan, regularity
from seewhy.audit.find.evidence_rows import pooled, unit_length
from seewhy.audit.finding import CONFIRMED, OBJECT, TOO_FEW, UNNEEDED
from seewhy.audit.mend import photo_mask
from seewhy.audit.regions import Region, hot_region, moved_masks, pixel_cells, pixel_mask
from seewhy.errors import DependencyError, OptionError
from seewhy.metrics.faithfulness.imputation import impute

pytestmark = pytest.mark.framework_free


def region(*cells, grid=(7, 7)):
    inside = np.zeros(grid, bool)
    for cell in cells:
        inside[cell] = True
    return Region(inside)


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_regularity_is_the_mean_cosine_of_pairs(random):
    vectors = unit_length(random.random((9, 12)))
    pairs = [vectors[i] @ vectors[j] for i in range(9) for j in range(9) if i != j]
    assert regularity(vectors) == pytest.approx(np.mean(pairs), abs=1e-6)
    assert regularity(np.repeat(vectors[:1], 4, axis=0)) == pytest.approx(1)
    assert np.isnan(regularity(vectors[:1]))


def test_clusters_of_more_than_are_clustered_are_assigned(random, monkeypatch):
    centres = unit_length(random.random((3, 20)))
    true = random.integers(0, 3, 900)
    vectors = unit_length(centres[true] + random.normal(0, 0.01, (900, 20)))
    for most in (2000, 200):
        monkeypatch.setattr("seewhy.audit.find.clusters.MOST", most)
        names = clusters_of(vectors, np.random.default_rng(1))
        assert set(names) - {-1} == {0, 1, 2}
        inside = names >= 0
        assert inside.mean() > 0.8
        for name in range(3):
            assert len(set(true[names == name])) == 1
    assert (clusters_of(vectors[:6], random) == -1).all()


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.cluster", None)
    with pytest.raises(DependencyError, match=r"seewhy\[audit\]"):
        hdbscan()


def slow_cell_scores(own, other):
    """From the words of the issue, in loops."""
    scores = []
    for i in range(len(own)):
        best = -np.inf
        for cell in range(own.evidence.shape[1]):
            if own.evidence[i, cell] < 0.1:
                continue
            alike = sorted(
                float(own.looks[i, cell] @ own.looks[j, cell])
                for j in range(len(own))
                if j != i and own.evidence[j, cell] >= 0.1
            )
            beside = sorted(float(own.looks[i, cell] @ look) for look in other.looks[:, cell])
            if len(alike) >= 5:
                best = max(best, np.mean(alike[-5:]) - np.mean(beside[-5:]))
        scores.append(best)
    return np.array(scores)


def sample(random, count, marked=0):
    activations = random.random((count, 3, 3, 8)).astype("float32")
    maps = random.random((count, 3, 3)).astype("float32") * 0.3
    mark = np.array([5, 0, 0, 0, 0, 0, 0, 4.0])
    activations[:marked, 2, 1] = mark + random.normal(0, 0.01, (marked, 8))
    maps[:marked, 2, 1] = 1
    return CellSample.of(np.arange(count), activations, maps)


def test_cell_scores_equal_the_slow_ones(random):
    own, other = sample(random, 14, 6), sample(random, 12)
    scores, cells = cell_scores(own, other)
    np.testing.assert_allclose(scores, slow_cell_scores(own, other), atol=1e-5)
    hit, cells, _ = flagged(sample(random, 60, 20), sample(random, 60))
    assert hit[:20].all()
    assert (cells[:20] == 7).all()
    assert hit[20:].mean() < 0.3


def test_the_hot_region_is_connected_and_holds_the_hottest_cell():
    map = np.zeros((1, 6, 6), "float32")
    map[0, 0, :3] = 1, 0.8, 0.4
    map[0, 5, 5] = 0.9
    found = hot_region(map)
    assert np.argwhere(found.cells).tolist() == [[0, 0], [0, 1]]
    assert found.place == "top left: rows 0.00 to 0.17, columns 0.00 to 0.33"
    assert hot_region(np.ones((2, 6, 6), "float32")).cells.any()


def test_masks_lie_where_the_grid_does(random):
    cell = region((0, 6))
    where = pixel_cells((7, 7), (70, 70), {"extents": []})
    mask = pixel_mask(cell, where, 0)
    assert mask.sum() == 100
    assert mask[:10, 60:].all()
    assert pixel_mask(cell, where, 0.5).sum() == 15 * 15
    shifted = pixel_cells((7, 7), (70, 70), {"extents": [[-5, 65, 0, 70], [70, 0, 0, 70]]})
    other = pixel_mask(cell, shifted, 0)
    assert other[:5, :10].all()
    assert other.sum() == 50
    moved = moved_masks(mask, 20, random)
    assert (moved.sum(axis=(1, 2)) == 100).all()
    assert ((moved & mask).sum(axis=(1, 2)) <= 50).all()
    assert len({each.tobytes() for each in moved}) > 10


def test_finer_maps_are_averaged():
    maps = np.arange(64 * 32, dtype="float32").reshape(1, 64, 32)
    expected = maps.reshape(1, 16, 4, 16, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(pooled(maps), expected)
    deep = np.stack([maps, 2 * maps], axis=-1)
    np.testing.assert_allclose(pooled(deep)[..., 1], 2 * expected)


def brightness(pixels):
    """Class 1 is what has a bright lower edge, class 0 the rest."""
    bright = pixels[:, -2:].astype("float32").mean(axis=(1, 2, 3))
    return np.stack([np.full(len(pixels), 128.0), bright], axis=1)


def test_a_transplant_counts_what_becomes_the_class(random):
    donors = random.integers(0, 60, (20, 16, 16, 3)).astype("uint8")
    donors[:, -2:] = 250
    recipients = random.integers(0, 60, (30, 16, 16, 3)).astype("uint8")
    mask = np.zeros((16, 16), bool)
    mask[-2:] = True
    result = transplant(AskedClass(brightness, 1), donors, recipients, mask, random)
    assert result.flips == Rate(1, 1, 1)
    assert result.covered.value == 0
    assert result.control.value < 0.2
    assert result.trials >= 64
    # class 0 is whatever covers the bright edge: not what is put there, but what is lost
    back = transplant(AskedClass(brightness, 0), recipients, donors, mask, random)
    assert back.flips.value == back.covered.value == 1
    assert back.more.value == 0


def test_gains_single_out_the_photos_that_carry_the_class(random):
    donors = random.integers(0, 60, (20, 16, 16, 3)).astype("uint8")
    donors[:8, -2:] = 250
    recipients = random.integers(0, 60, (4, 16, 16, 3)).astype("uint8")
    mask = np.zeros((16, 16), bool)
    mask[-2:] = True
    gained = gains(AskedClass(brightness, 1), donors, recipients, mask)
    assert gained[:8].min() > 200
    assert np.abs(gained[8:]).max() < 10


def test_removal_is_beside_removal_elsewhere(random):
    photos = random.integers(0, 60, (12, 16, 16, 3)).astype("uint8")
    photos[:, -2:] = 250
    mask = np.zeros((16, 16), bool)
    mask[-2:] = True
    rates = removal(AskedClass(brightness, 1), photos, mask, random)
    assert rates["fill"].value == 1
    assert rates["fill_control"].value < 0.3
    assert set(rates) == {"blur", "blur_control", "fill", "fill_control"}


def test_filling_equals_the_imputation_of_each_alone(random):
    photos = random.integers(0, 255, (5, 12, 10, 3)).astype("uint8")
    masks = np.repeat(random.random((2, 12, 10)) < 0.3, [3, 2], axis=0)
    alone = impute(photos.astype("float32"), masks, noise=0)
    np.testing.assert_array_equal(filled(photos, masks), np.clip(np.rint(alone), 0, 255))


def test_intervals_are_of_the_bootstrap(random):
    values = (np.arange(50) < 20).astype(float)
    drawn = random.integers(0, 50, (4000, 50))
    rate = rate_of(values, drawn)
    assert rate.value == 0.4
    spread = 1.96 * np.sqrt(0.4 * 0.6 / 50)
    assert rate.low == pytest.approx(0.4 - spread, abs=0.03)
    assert rate.high == pytest.approx(0.4 + spread, abs=0.03)


FRAME = region(*[(r, c) for r in range(7) for c in range(7) if {r, c} & {0, 6}])
CORNER = Facts(50, 60, 0.4, 0.1, 0.9, 0.3, 0.0, 0.2, region((0, 0), (0, 1)))
STRONG = Transplant(Rate(0.9, 0.8, 1), Rate(0.1, 0, 0.2), Rate(0, 0, 0), Rate(0.8, 0.7, 0.9), 64)
WEAK = Transplant(Rate(0.5, 0.4, 0.6), Rate(0.4, 0, 0.5), Rate(0, 0, 0), Rate(0.1, 0, 0.2), 64)


@pytest.mark.parametrize(
    ("result", "changes", "verdict"),
    [
        (STRONG, {}, CONFIRMED),
        (WEAK, {}, UNNEEDED),
        (None, {}, TOO_FEW),
        (STRONG, {"members": 4}, TOO_FEW),
        (STRONG, {"others": 3}, TOO_FEW),
        (STRONG, {"alike": 0.6}, OBJECT),
        (STRONG, {"hottest": 0.1}, OBJECT),
        # all of a class have it, and none needs it
        (STRONG, {"share": 0.95, "removed": 0.0}, OBJECT),
        (STRONG, {"share": 0.95, "removed": 0.3}, CONFIRMED),
        (STRONG, {"share": 0.95, "removed": None}, CONFIRMED),
        # a strip and a frame are large and at the edge; half a photo is not
        (STRONG, {"region": region(*[(r, c) for r in (5, 6) for c in range(7)])}, CONFIRMED),
        (STRONG, {"region": FRAME}, CONFIRMED),
        (STRONG, {"region": region(*[(r, c) for r in range(7) for c in range(4)])}, OBJECT),
        (STRONG, {"region": region((3, 3)), "share": 0.9}, OBJECT),
        (STRONG, {"region": region((3, 3)), "central": 0.9}, OBJECT),
        (STRONG, {"region": region((3, 3)), "alike": None}, OBJECT),
        (STRONG, {"region": region((2, 1)), "alike": 0.05}, CONFIRMED),
        (STRONG, {"region": Region(np.ones((7, 7), bool))}, OBJECT),
    ],
)
def test_verdicts(result, changes, verdict):
    found, why = verdict_of(result, dataclasses.replace(CORNER, **changes))
    assert found == verdict
    assert why.endswith(".")


def test_near_an_edge_is_half_of_the_cells():
    assert near_edge(region((0, 3), (1, 3)))
    assert not near_edge(region((0, 3), (1, 3), (2, 3)))


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"confirm": 0}, {"classes": "cat"}, {"sample": 0}])
def test_wrong_choices_are_refused(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        AuditOptions(**wrong)


@pytest.mark.parametrize(
    ("fit", "wanted"),
    [("squash", (0, 49)), ("crop", (50, 99)), ("letterbox", (0, 99))],
)
def test_regions_lie_on_photos_as_the_network_saw_them(fit, wanted):
    """The left half of a square input, a quarter of squashed photos, on one of 100 × 200 pixels."""
    geometry = {"grid": [2, 4], "input": [64, 64], "extents": [], "fit": fit}
    cells = [(0, 0), (0, 1), (1, 0), (1, 1)] if fit != "squash" else [(0, 0), (1, 0)]
    finding = SimpleNamespace(geometry=geometry, cells=cells, margin=0.0)
    mask = photo_mask(finding, (100, 200))
    (columns,) = np.nonzero(mask.any(axis=0))
    assert (columns[0], columns[-1]) == wanted
    assert mask[:, columns[0]].all()
