"""Boxes drawn around maps, against those that people drew."""

from __future__ import annotations

import numpy as np

from seewhy.checks import number
from seewhy.errors import OptionError
from seewhy.maps import regions
from seewhy.maps.scaling import check_finite, rectify
from seewhy.metrics import checks
from seewhy.metrics.localisation.boxes_and_masks import Boxes, as_boxes, overlaps


def largest_box(map: np.ndarray, threshold: float = 0.15) -> tuple[int, int, int, int]:
    """The box around the largest connected region of a map's hot part.

    map: (height, width), of which the positive part counts. threshold: fraction of its largest
    value. Of regions with as many pixels, the first in reading order counts.
    Returns (left, top, right, bottom); four zeros for a map without positive values.
    """
    number("threshold", threshold, 0, 1)
    (map,) = checks.as_maps([map], "a map")  # type: ignore[arg-type]
    labels, count = regions.regions(regions.mask(rectify(map), "max", threshold))
    if not count:
        return 0, 0, 0, 0
    sizes = np.bincount(labels[labels > 0])
    rows, cols = np.nonzero(labels == sizes.argmax())
    return int(cols.min()), int(rows.min()), int(cols.max()) + 1, int(rows.max()) + 1


def box_iou(maps: np.ndarray, boxes: Boxes, *, threshold: float = 0.15) -> np.ndarray:
    """How well the box around each map fits the best of the image's boxes, 0..1; high is good.

    maps: (batch, height, width) of the photo's size. boxes: for each image a list of (left, top,
    right, bottom). threshold: as for `largest_box`. Returns float64 (batch,): intersection over
    union.
    """
    maps = checks.as_maps(maps)
    things = as_boxes(boxes, len(maps))
    drawn = [np.array([largest_box(map, threshold)], "float64") for map in maps]
    return np.array(
        [overlaps(box, of_image).max() for box, of_image in zip(drawn, things, strict=True)]
    )


def localisation_error(
    maps: np.ndarray,
    predicted: np.ndarray,
    classes: np.ndarray,
    boxes: Boxes,
    *,
    threshold: float = 0.15,
    iou: float = 0.5,
) -> np.ndarray:
    """Whether none of the top classes is right with a box that fits: 1 or 0; low is good.

    maps: (batch, top, height, width), of each image's top classes: one for the top-1 error, five
    for top-5. predicted: int (batch, top), those classes. classes: int (batch,), the true ones.
    boxes: of the true class. iou: from which overlap on a box fits.
    Returns float64 (batch,), of which the mean is the error. Russakovsky et al. 2015,
    arXiv:1409.0575, section 4; boxes as in Selvaraju et al. 2017 (Grad-CAM), arXiv:1610.02391,
    section 4.1: around the largest region of what reaches 15 % of the largest value.
    """
    maps = checks.as_numbers(maps, "maps")
    check_finite(maps)
    number("threshold", threshold, 0, 1)
    limit = number("iou", iou, 0, 1)
    predicted = checks.as_classes(predicted, "predicted")
    classes = checks.as_classes(classes, "classes")
    if (
        maps.ndim != 4
        or not maps.size
        or predicted.shape != maps.shape[:2]
        or classes.shape != maps.shape[:1]
    ):
        raise OptionError(
            f"maps have shape (batch, top, height, width), predicted (batch, top) and classes "
            f"(batch,); got {maps.shape}, {predicted.shape} and {classes.shape}."
        )
    things = as_boxes(boxes, len(maps))
    right = predicted == classes[:, None]
    hits = np.zeros(len(maps), bool)
    # only maps of the right class can be right
    for i, k in zip(*np.nonzero(right), strict=True):
        hits[i] |= bool(
            box_iou(maps[i, k][None], [things[i].tolist()], threshold=threshold) >= limit
        )
    return (~hits).astype("float64")
