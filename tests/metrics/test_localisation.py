"""Localisation: against the authors' evaluation written slowly with OpenCV, and laws."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from seewhy import errors
from seewhy.metrics.localisation import box_overlap, pointing, wsol

pytestmark = pytest.mark.framework_free
THRESHOLDS = np.arange(0, 1, 0.001)


def scaled(map):
    return (map - map.min()) / (map.max() - map.min())


def blobs(seed, grid=5, side=40):
    random = np.random.default_rng(seed)
    return scaled(cv2.resize(random.random((grid, grid)), (side + 7, side), interpolation=2))


def grainy(seed, side=26):
    return scaled(
        cv2.GaussianBlur(np.random.default_rng(seed).random((side, side + 3)), (3, 3), 0.8)
    )


def noisy(seed, side=18):
    return scaled(np.random.default_rng(seed).random((side, side)))


def rings(seed, side=40):
    """Regions in holes in regions, so that outlines lie in each other."""
    down, across = np.mgrid[:side, :side]
    far = np.hypot(down - side / 2, across - side / 2 + seed)
    return scaled(np.cos(far) + far / side)


KINDS = {"blobs": blobs, "grainy": grainy, "noisy": noisy, "rings": rings}


def outlines(binary, every):
    found = cv2.findContours(binary, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[0]
    if not found:
        return [(0, 0, 0, 0)]
    chosen = found if every else [max(found, key=cv2.contourArea)]
    height, width = binary.shape[:2]
    corners = []
    for outline in chosen:
        x, y, w, h = cv2.boundingRect(outline)
        corners.append((x, y, min(x + w, width - 1), min(y + h, height - 1)))
    return corners


def overlap(a, b):
    """Corners count as inside, as in wsolevaluation."""
    wide = min(a[2], b[2]) - max(a[0], b[0]) + 1
    high = min(a[3], b[3]) - max(a[1], b[1]) + 1
    shared = max(0, wide) * max(0, high)
    areas = [(one[2] - one[0] + 1) * (one[3] - one[1] + 1) for one in (a, b)]
    return shared / (sum(areas) - shared)


def slow_best(map, things, every):
    """The best overlap at each threshold, threshold by threshold."""
    image = (map * 255).astype(np.uint8)[..., None]
    best = []
    for threshold in THRESHOLDS:
        cut = int(threshold * np.max(image))
        binary = cv2.threshold(image, cut, 255, cv2.THRESH_BINARY)[1]
        best.append(max(overlap(a, b) for a in outlines(binary, every) for b in things))
    return np.array(best)


def things(map):
    height, width = map.shape
    return [(2, 3, width // 2, height // 2), (width // 3, height // 3, width - 2, height - 1)]


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_boxes_at_all_thresholds_are_those_of_opencv(kind, every):
    for seed in range(3):
        map = KINDS[kind](seed)
        ours = wsol._best(map, np.array(things(map), "float64"), every)
        np.testing.assert_allclose(ours, slow_best(map, things(map), every), atol=1e-12)


def test_the_largest_outline_is_not_the_box_with_the_best_overlap():
    """The slow one of all outlines must differ, or the test above says nothing."""
    apart = [
        np.abs(slow_best(m, things(m), True) - slow_best(m, things(m), False)).max()
        for m in (blobs(0), grainy(0), rings(0))
    ]
    assert min(apart) > 0.01


@pytest.fixture(scope="module")
def many():
    maps = np.stack([blobs(seed) for seed in range(8)])
    random = np.random.default_rng(9)
    corners = []
    for _ in maps:
        left, top = random.integers(0, 20, 2)
        corners.append([(left, top, left + random.integers(8, 25), top + random.integers(8, 20))])
    return maps, corners


def slow_accuracies(maps, boxes, iou, every):
    hits = [slow_best(m, own, every) >= iou for m, own in zip(maps, boxes, strict=True)]
    return np.mean(hits, axis=0)


def test_max_box_acc_is_the_authors(many):
    maps, boxes = many
    for iou in (0.3, 0.5):
        slow = slow_accuracies(maps, boxes, iou, False).max()
        assert wsol.max_box_acc(maps, boxes, iou=iou) == pytest.approx(slow, abs=1e-9)
    v2 = np.mean([slow_accuracies(maps, boxes, iou, True).max() for iou in (0.3, 0.5, 0.7)])
    assert wsol.max_box_acc_v2(maps, boxes) == pytest.approx(v2, abs=1e-9)
    assert 0 < v2 < 1


def test_perfect_and_empty_maps():
    map = np.zeros((1, 30, 40))
    map[0, 5:15, 8:30] = 1
    boxes = [[(8, 5, 30, 15)]]
    assert wsol.max_box_acc(map, boxes, iou=1) == 1
    assert wsol.max_box_acc_v2(map, boxes) == 1
    assert wsol.max_box_acc(0 * map, boxes) == 0
    assert wsol.max_box_acc_v2(0 * map, boxes) == 0
    assert wsol.max_box_acc(map, [[(30, 20, 39, 29)]]) == 0
    np.testing.assert_allclose(box_overlap.box_iou(map, boxes), 1)
    np.testing.assert_allclose(pointing.pointing_game(map, boxes), 1)
    np.testing.assert_allclose(pointing.energy_inside(map, boxes), 1)
    assert wsol.pxap(map, map > 0) == 1


def slow_pxap(maps, masks):
    """wsolevaluation: histograms over [0, 0.001), … [0.999, 1), [1, 2), [2, 3)."""
    bins = np.append(THRESHOLDS, [1.0, 2.0, 3.0])
    true = np.histogram(maps[masks], bins)[0].astype("float64")
    false = np.histogram(maps[~masks], bins)[0].astype("float64")
    tp, fp = true[::-1].cumsum(), false[::-1].cumsum()
    fn = true.sum() - tp
    known = (tp + fp) != 0
    with np.errstate(invalid="ignore"):
        precision = tp / (tp + fp)
    recall = tp / (tp + fn)
    return (precision[1:] * np.diff(recall))[known[1:]].sum()


def test_pxap_is_the_authors(many):
    maps, _ = many
    masks = np.random.default_rng(1).random(maps.shape) < maps**2
    found = wsol.pxap(maps, masks)
    assert found == pytest.approx(slow_pxap(maps, masks), abs=1e-9)
    assert abs(found - slow_pxap(1 - maps, masks)) > 0.1
    # what is ignored counts neither way
    half = np.zeros(maps.shape, bool)
    half[4:] = True
    ignored = wsol.pxap(maps, masks, ignore=half)
    assert ignored == pytest.approx(slow_pxap(maps[:4], masks[:4]), abs=1e-9)
    assert np.isnan(wsol.pxap(maps, np.zeros(maps.shape, bool)))


def slow_pointing(map, mask, tolerance):
    """TorchRay: a circle around the peak meets the mask."""
    row, col = np.unravel_index(map.argmax(), map.shape)
    down, across = np.mgrid[: map.shape[0], : map.shape[1]]
    circle = (down - row) ** 2 + (across - col) ** 2 < tolerance**2
    return float((circle & mask).any())


def test_pointing_game_is_torchrays():
    random = np.random.default_rng(2)
    maps, masks = random.normal(size=(60, 50, 60)), np.zeros((60, 50, 60), bool)
    for mask in masks:
        top, left = random.integers(0, (40, 50))
        mask[top : top + 8, left : left + 8] = True
    for tolerance in (15, 3):
        found = pointing.pointing_game(maps, masks, tolerance=tolerance)
        slow = [slow_pointing(*pair, tolerance) for pair in zip(maps, masks, strict=True)]
        np.testing.assert_array_equal(found, slow)
        assert 0 < found.mean() < 1


def test_the_tolerance_counts_pixels():
    map, mask = np.zeros((1, 40, 40)), np.zeros((1, 40, 40), bool)
    map[0, 20, 5] = 1
    mask[0, 20, 20] = True
    for tolerance, hit in ((15, 0), (15.01, 1), (16, 1), (0, 0)):
        assert pointing.pointing_game(map, mask, tolerance=tolerance) == hit
    mask[0, 20, 5] = True
    assert pointing.pointing_game(map, mask, tolerance=0) == 1
    assert np.isnan(pointing.pointing_game(map, 0 * map > 1))


def test_boxes_and_masks_are_alike():
    maps = np.random.default_rng(3).random((2, 20, 30))
    boxes = [[(3, 4, 10, 9), (8, 2, 12, 12)], [(0, 0, 30, 20)]]
    masks = np.zeros(maps.shape, bool)
    masks[0, 4:9, 3:10] = masks[0, 2:12, 8:12] = masks[1] = True
    for measure in (pointing.energy_inside, pointing.pointing_game):
        np.testing.assert_allclose(measure(maps, boxes), measure(maps, masks))
    found = pointing.energy_inside(maps, masks)
    np.testing.assert_allclose(found, [maps[0][masks[0]].sum() / maps[0].sum(), 1])
    assert np.isnan(pointing.energy_inside(-maps, masks)).all()


def test_a_shuffled_map_has_the_energy_of_its_share():
    random = np.random.default_rng(4)
    maps = random.permuted(random.random((20, 400)), axis=1).reshape(20, 20, 20)
    masks = np.zeros(maps.shape, bool)
    masks[:, :10, :10] = True
    assert pointing.energy_inside(maps, masks).mean() == pytest.approx(0.25, abs=0.02)


def test_the_box_of_the_largest_region():
    map = np.zeros((20, 20))
    map[2:4, 2:4] = 1
    map[8:14, 6:18] = 0.5
    map[0, 19] = -5
    assert box_overlap.largest_box(map) == (6, 8, 18, 14)
    assert box_overlap.largest_box(map, 0.6) == (2, 2, 4, 4)
    assert box_overlap.largest_box(-abs(map)) == (0, 0, 0, 0)
    boxes = [[(0, 0, 1, 1), (6, 8, 18, 11)]]
    np.testing.assert_allclose(box_overlap.box_iou(map[None], boxes), 0.5)


def test_localisation_error_needs_the_class_and_the_box():
    map = np.zeros((1, 20, 20))
    map[0, 8:14, 6:18] = 1
    maps = np.stack([map, np.roll(map, 3, 1)], axis=1).repeat(4, axis=0)
    predicted = np.array([[1, 2], [2, 1], [1, 2], [3, 4]])
    boxes = [[(6, 8, 18, 14)], [(6, 8, 18, 14)], [(0, 0, 3, 3)], [(6, 8, 18, 14)]]
    classes = np.array([1, 1, 1, 1])
    top1 = box_overlap.localisation_error(maps[:, :1], predicted[:, :1], classes, boxes)
    np.testing.assert_array_equal(top1, [0, 1, 1, 1])
    # of the second image, the map of the right class lies elsewhere
    top2 = box_overlap.localisation_error(maps, predicted, classes, boxes)
    np.testing.assert_array_equal(top2, [0, 1, 1, 1])
    there = box_overlap.localisation_error(maps, predicted, classes, boxes, iou=0.3)
    np.testing.assert_array_equal(there, [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda m: wsol.max_box_acc(2 * m, [[(0, 0, 1, 1)]]), "lie in 0..1"),
        (lambda m: wsol.max_box_acc(m, []), "a list for each image"),
        (lambda m: wsol.max_box_acc(m, [[]]), "at least one box"),
        (lambda m: box_overlap.box_iou(m, [[(5, 0, 1, 1)]]), "from left to right"),
        (lambda m: pointing.energy_inside(m, m), "bool of the maps' shape"),
        (lambda m: pointing.pointing_game(m, m > 0, tolerance=-1), "tolerance"),
        (lambda m: box_overlap.localisation_error(m, m, m, []), "maps have shape"),
    ],
)
def test_wrong_arguments_are_told(call, error):
    with pytest.raises(errors.OptionError, match=error):
        call(blobs(0)[None])
