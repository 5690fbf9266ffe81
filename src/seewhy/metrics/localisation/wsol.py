"""Localisation over all thresholds, as the evaluation of weakly supervised localisation has it.

Choe et al. 2020, "Evaluating weakly supervised object localization methods right",
arXiv:2001.07437, and their wsolevaluation. Thresholds are 0, 0.001, … 0.999 of a map's largest
value; maps are cut into 256 levels first, so that no more than 256 of them differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seewhy.errors import OptionError
from seewhy.metrics import checks
from seewhy.metrics.localisation import contours
from seewhy.metrics.localisation.boxes_and_masks import Boxes, as_boxes, as_masks, overlaps

THRESHOLDS = np.arange(0, 1, 0.001)
IOUS = (0.3, 0.5, 0.7)


def max_box_acc(maps: np.ndarray, boxes: Boxes, *, iou: float = 0.5) -> float:
    """The share of images whose box fits at the best threshold for all of them, 0..1; high is good.

    maps: (batch, height, width) in 0..1, of the photo's size, as `Explanation.heatmap` or
    `maps.normalise(maps, how="range")` gives. boxes: for each image a list of (left, top, right,
    bottom). The box around the region with the largest outline fits if its overlap with any of
    these reaches iou. Choe et al. 2020, arXiv:2001.07437, section 4.1 (MaxBoxAcc).
    """
    return float(box_accuracies(maps, boxes, ious=(iou,)).max())


def max_box_acc_v2(maps: np.ndarray, boxes: Boxes, *, ious: Sequence[float] = IOUS) -> float:
    """The mean over overlaps of the best share of images of which any box fits; high is good.

    The boxes of all regions count, and also those of holes in them, as the authors' code has it;
    each overlap has its own best threshold. The rest is as for `max_box_acc`. Choe et al. 2020
    (the journal's version, arXiv:2007.04178), section 4 (MaxBoxAccV2).
    """
    return float(box_accuracies(maps, boxes, ious=ious, every=True).max(axis=0).mean())


def box_accuracies(
    maps: np.ndarray, boxes: Boxes, *, ious: Sequence[float] = IOUS, every: bool = False
) -> np.ndarray:
    """The share of images whose box fits at each threshold, float64 (1000, ious), 0..1.

    every: whether any region's box may fit, or that of the largest one only. Arguments are as for
    `max_box_acc`. Corners are taken as wsolevaluation takes them: right and bottom of the maps'
    boxes are the first pixel behind the region, or the image's last one, and they count as inside
    in areas.
    """
    maps = _between(maps)
    limits = checks.shares(ious, "ious")
    hits = np.zeros((len(THRESHOLDS), len(limits)))
    for map, things in zip(maps, as_boxes(boxes, len(maps)), strict=True):
        hits += _best(map, things, every)[:, None] >= limits
    return hits / len(maps)


def _best(map: np.ndarray, things: np.ndarray, every: bool) -> np.ndarray:
    """The best overlap at each threshold (1000,)."""
    levels = (map * 255).astype("uint8").astype(int)
    cuts = (THRESHOLDS * levels.max()).astype(int)
    levels_asked, places = np.unique(cuts, return_inverse=True)
    owners, corners = contours.boxes(levels, levels_asked, every)
    corners = np.minimum(corners, np.array([*map.shape[::-1], *map.shape[::-1]]) - [0, 0, 1, 1])
    best = np.zeros(len(levels_asked))
    # nothing above the cut: the authors take a box of one pixel in the corner
    empty = ~np.isin(np.arange(len(levels_asked)), owners)
    best[empty] = overlaps(np.zeros((1, 4)), things, 1).max()
    np.maximum.at(best, owners, overlaps(corners, things, 1).max(axis=1))
    filled: np.ndarray = best[places]
    return filled


def pxap(maps: np.ndarray, masks: np.ndarray, *, ignore: np.ndarray | None = None) -> float:
    """The area under precision over recall of pixels, over all thresholds, 0..1; high is good.

    maps: (batch, height, width) in 0..1. masks: bool of their shape, true on the thing. ignore:
    bool of their shape, pixels that do not count. Pixels of all images are taken together.
    NaN where no mask has a pixel. Choe et al. 2020, arXiv:2001.07437, section 4.1 (PxAP).
    """
    return average_precision(*pixel_counts(maps, masks, ignore=ignore))


def pixel_counts(
    maps: np.ndarray, masks: np.ndarray, *, ignore: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """How many pixels of the thing, and how many others, reach each threshold, highest first.

    Arguments are as for `pxap`. int64 (1001,) both; those of several batches add up.
    """
    maps = _between(maps)
    inside = as_masks(masks, maps.shape)
    counts = np.ones(maps.shape, bool) if ignore is None else ~as_masks(ignore, maps.shape)
    # the last bin is for the value 1 itself
    bins = np.append(THRESHOLDS, [1.0, 2.0])
    right = np.histogram(maps[inside & counts], bins)[0][::-1].cumsum()
    wrong = np.histogram(maps[~inside & counts], bins)[0][::-1].cumsum()
    return right, wrong


def average_precision(right: np.ndarray, wrong: np.ndarray) -> float:
    """The area under precision over recall out of `pixel_counts`; NaN without things."""
    if not right[-1]:
        return float("nan")
    chosen = right + wrong
    precision = np.divide(right, chosen, out=np.zeros(len(chosen)), where=chosen > 0)
    recall = np.append(0, right / right[-1])
    return float((precision * np.diff(recall)).sum())


def _between(maps: np.ndarray) -> np.ndarray:
    maps = checks.as_maps(maps)
    if maps.min() < 0 or maps.max() > 1:
        raise OptionError(
            f"maps lie in 0..1 here; got {maps.min():g}..{maps.max():g}. Take heatmaps, or "
            f"seewhy.maps.normalise(maps, how='range')."
        )
    return maps
