"""Masks and boxes of heatmaps, by definition and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nets import tiny
from seewhy import errors
from seewhy.explainer.explainer import Explainer
from seewhy.maps import regions

NEIGHBOURS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]


def flooded(mask):
    """Regions by definition: from each pixel in reading order to its eight neighbours, and on."""
    labels, count = np.zeros(mask.shape, int), 0
    for start in np.ndindex(mask.shape):
        if not mask[start] or labels[start]:
            continue
        count += 1
        ahead = [start]
        while ahead:
            row, col = ahead.pop()
            inside = 0 <= row < mask.shape[0] and 0 <= col < mask.shape[1]
            if inside and mask[row, col] and not labels[row, col]:
                labels[row, col] = count
                ahead += [(row + down, col + right) for down, right in NEIGHBOURS]
    return labels, count


@pytest.mark.framework_free
@pytest.mark.parametrize("share", [0, 0.1, 0.3, 0.5, 0.7, 1])
def test_regions_are_flooded_and_numbered_in_reading_order(share):
    mask = np.random.default_rng(int(10 * share)).random((40, 60)) < share
    labels, count = regions.regions(mask)
    slow, expected = flooded(mask)
    assert count == expected
    np.testing.assert_array_equal(labels, slow)


@pytest.mark.framework_free
def test_a_region_is_numbered_by_its_first_pixel_though_it_joins_late():
    rows = ["..#.#", "#.#.#", "#...#", "#####"]
    mask = np.array([[letter == "#" for letter in row] for row in rows])
    labels, count = regions.regions(mask)
    assert count == 2
    np.testing.assert_array_equal(labels, flooded(mask)[0])
    assert (labels[0, 2], labels[0, 4], labels[1, 0]) == (1, 2, 2)


@pytest.mark.framework_free
@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_boxes_are_those_of_the_regions(threshold, dtype):
    heatmap = (np.random.default_rng(3).random((12, 9)) ** 3).astype(dtype)
    labels, count = flooded(heatmap >= threshold * heatmap.max())
    whole = sum(map(float, heatmap[labels > 0]))
    expected = []
    for number in range(1, count + 1):
        places = [place for place in np.ndindex(heatmap.shape) if labels[place] == number]
        rows, cols = zip(*places, strict=True)
        heat = [float(heatmap[place]) for place in places]
        corners = (min(cols), min(rows), max(cols) + 1, max(rows) + 1)
        expected.append((corners, sum(heat) / whole, max(heat)))
    expected.sort(key=lambda region: -region[1])
    boxes = regions.boxes(heatmap, threshold)
    assert [box.corners for box in boxes] == [corners for corners, _, _ in expected]
    assert [box.score for box in boxes] == pytest.approx([score for _, score, _ in expected])
    assert [box.peak for box in boxes] == pytest.approx([peak for *_, peak in expected])
    assert all(type(value) is int for value in boxes[0].corners)  # as JSON takes no others
    assert regions.boxes(heatmap, threshold, 1) == boxes[:1]


@pytest.mark.framework_free
def test_a_box_by_hand():
    heatmap = np.zeros((6, 8))
    heatmap[1:3, 2:7] = 1
    heatmap[5, 0] = 0.5
    first, second = regions.boxes(heatmap, 0.4)
    assert first.corners == (2, 1, 7, 3)
    assert (first.width, first.height, first.peak) == (5, 2, 1)
    assert first.score == pytest.approx(10 / 10.5)
    assert second.corners == (0, 5, 1, 6)
    assert len(regions.boxes(heatmap, 0.6)) == 1


@pytest.mark.framework_free
def test_a_heatmap_of_zeros_has_no_box_and_no_mask():
    assert regions.boxes(np.zeros((3, 4))) == ()
    for how in regions.WAYS:
        assert not regions.mask(np.zeros((3, 4)), how).any()


@pytest.mark.framework_free
def test_otsu_parts_the_values_best_in_two():
    random = np.random.default_rng(1)
    values = np.concatenate([random.normal(0.2, 0.05, 500), random.normal(0.7, 0.08, 200)])

    def spread(threshold):
        low, high = values[values <= threshold], values[values > threshold]
        return len(low) * len(high) * (low.mean() - high.mean()) ** 2

    found = regions.otsu(values)
    best = max(spread(t) for t in np.linspace(values.min(), values.max(), 1001)[1:-1])
    assert spread(found) >= 0.999 * best
    assert spread(found + 0.2) < 0.99 * best  # the law can fail


@pytest.mark.framework_free
@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.25, 5), (1.0, 16)])
def test_area_keeps_the_hottest_share(share, count):
    heatmap = np.arange(20.0).reshape(4, 5)
    mask = regions.mask(np.where(heatmap < 4, 0, heatmap), "area", share)
    assert mask.sum() == count
    assert not count or heatmap[mask].min() == 20 - count


@pytest.mark.framework_free
@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (("mean",), "max, otsu, area"),
        (("max", 1.5), r"0\.\.1"),
        (("otsu", 0.2), "no value"),
    ],
)
def test_wrong_masks(arguments, pattern):
    with pytest.raises(errors.OptionError, match=pattern):
        regions.mask(np.ones((3, 3)), *arguments)


@pytest.mark.framework_free
def test_wrong_boxes():
    for arguments in ((np.ones(5),), (np.ones((3, 3)), 2), (np.ones((3, 3)), 0.2, 0)):
        with pytest.raises(errors.OptionError):
            regions.boxes(*arguments)


def test_an_explanation_gives_them_in_pixels_of_the_photo():
    photo = tiny.photos(1, side=96)[0][:64]
    explanation = Explainer(tiny.plain(), preprocess="unit")([photo], 2)[0]
    mask = explanation.mask("max", 0.3)
    assert mask.shape == photo.shape[:2]
    boxes = explanation.boxes(0.3)
    covered = np.zeros(mask.shape, bool)
    for box in boxes:
        covered[box.top : box.bottom, box.left : box.right] = True
    assert boxes
    assert covered[mask].all()
