"""Masks and boxes of heatmaps, against SciPy, by definition, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nets import tiny
from seewhy import errors
from seewhy.explainer.explainer import Explainer
from seewhy.maps import regions

ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy comes with JAX")
CORNERS_TOUCH = np.ones((3, 3))


@pytest.mark.framework_free
@pytest.mark.parametrize("share", [0, 0.1, 0.3, 0.5, 0.7, 1])
def test_regions_are_those_of_scipy(share):
    mask = np.random.default_rng(int(10 * share)).random((40, 60)) < share
    labels, count = regions.regions(mask)
    theirs, expected = ndimage.label(mask, CORNERS_TOUCH)
    assert count == expected
    pairs = set(zip(labels.ravel().tolist(), theirs.ravel().tolist(), strict=True))
    assert len(pairs) == count + (not mask.all())  # one to one
    np.testing.assert_array_equal(labels > 0, mask)


@pytest.mark.framework_free
@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_boxes_are_those_of_scipy(threshold):
    heatmap = np.random.default_rng(3).random((12, 9)) ** 3
    labels, count = ndimage.label(heatmap >= threshold * heatmap.max(), CORNERS_TOUCH)
    expected = {
        (cols.start, rows.start, cols.stop, rows.stop)
        for rows, cols in ndimage.find_objects(labels)
    }
    found = regions.boxes(heatmap, threshold)
    assert {box.corners for box in found} == expected
    heat = ndimage.sum_labels(heatmap, labels, range(1, count + 1))
    scores = sorted(heat / heat.sum(), reverse=True)
    assert [box.score for box in found] == pytest.approx(scores)
    peaks = ndimage.maximum(heatmap, labels, range(1, count + 1))
    assert sorted(box.peak for box in found) == pytest.approx(sorted(peaks))
    assert regions.boxes(heatmap, threshold, 1) == found[:1]


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
