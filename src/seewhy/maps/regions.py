"""From heatmaps to masks and boxes: where the evidence is, without boxes to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.checks import count as count_from_one
from seewhy.checks import number, one_of
from seewhy.errors import OptionError
from seewhy.images.geometry import enlarge
from seewhy.maps import scaling

WAYS = ("max", "otsu", "area")


@dataclass(frozen=True)
class Box:
    """A connected region of a heatmap, in pixels of the photo.

    Pixel i covers [i, i + 1), so that right and bottom are the first pixels behind the region.
    """

    left: int
    top: int
    right: int
    bottom: int
    score: float
    """0..1: the region's share of the heat of all regions."""
    peak: float
    """0..1: its hottest value."""

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom)."""
        return self.left, self.top, self.right, self.bottom


def mask(heatmap: np.ndarray, how: str = "max", value: float | None = None) -> np.ndarray:
    """The hot part of a heatmap, bool of its shape.

    heatmap: any number of axes, values from 0 on. how: "max" keeps what reaches a fraction of the
    largest value (0.2 if no value is given); "otsu" what lies above Otsu's threshold (1979), which
    parts the values best in two; "area" the hottest share of all pixels (0.2). What is 0 is never
    in the mask, so that of a heatmap of zeros it is empty.
    Raises OptionError for an unknown way, or a value that is not in 0..1.
    """
    one_of("how", how, WAYS)
    if how == "otsu" and value is not None:
        raise OptionError(f"Otsu's way takes no value; got {value!r}.")
    share = 0.2 if value is None else value
    number("the value", share, 0, 1)
    if how == "max":
        hot: np.ndarray = heatmap >= share * heatmap.max(initial=0)
    elif how == "otsu":
        hot = heatmap > otsu(heatmap)
    else:
        count = round(share * heatmap.size)
        hot = np.zeros(heatmap.size, bool)
        # stable, so that of equal values the first are taken on every machine
        hot[np.argsort(-heatmap, axis=None, kind="stable")[:count]] = True
        hot = hot.reshape(heatmap.shape)
    return hot & (heatmap > 0)


def otsu(values: np.ndarray, bins: int = 256) -> float:
    """The threshold with the largest variance between what lies above and below it (Otsu 1979).

    values: any shape. bins: of the histogram between the least and the largest value.
    """
    counts, edges = np.histogram(values, bins)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    sums = np.cumsum(counts * centres)
    mean_below = sums[:-1] / np.maximum(below, 1)
    mean_above = (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    best = int(np.argmax(below * above * (mean_below - mean_above) ** 2))
    return float(edges[best + 1])


def boxes(
    heatmap: np.ndarray, threshold: float = 0.2, max_boxes: int | None = None
) -> tuple[Box, ...]:
    """Boxes around the connected regions (also over corners) of the hot part of a heatmap.

    heatmap: (rows, cols), values from 0 on. threshold: fraction of the largest value, 0..1.
    max_boxes: how many at most; None for all. The region with the most heat comes first; none for
    a heatmap of zeros. Raises OptionError for another rank or a wrong threshold or number.
    """
    if heatmap.ndim != 2:
        raise OptionError(
            f"boxes are drawn around regions of photos; this heatmap has {heatmap.ndim} axes. "
            f"Take mask(…) instead."
        )
    if max_boxes is not None:
        count_from_one("max_boxes", max_boxes)
    labels, count = regions(mask(heatmap, "max", threshold))
    if not count:
        return ()
    ordered = sorted(_boxes(labels, count, heatmap), key=lambda box: -box.score)
    return tuple(ordered[:max_boxes])


def _boxes(labels: np.ndarray, count: int, heatmap: np.ndarray) -> list[Box]:
    """One box a region, in the order of their numbers."""
    from scipy import ndimage

    numbers = np.arange(1, count + 1)
    heat = ndimage.sum_labels(heatmap.astype("float64"), labels, numbers)
    peaks = ndimage.maximum(heatmap, labels, numbers)
    return [
        Box(across.start, down.start, across.stop, down.stop, float(share), float(peak))
        for (down, across), share, peak in zip(
            ndimage.find_objects(labels), heat / heat.sum(), peaks, strict=True
        )
    ]


def regions(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the connected regions of a mask (rows, cols), also over corners, from 1 on.

    Returns int (rows, cols), 0 outside of them, and how many there are.
    """
    from scipy.ndimage import label

    labels, count = label(mask, np.ones((3, 3)))
    return labels, int(count)


def hottest_first(map: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Pixels of the network's input, flat, by the map's value there."""
    scaling.check_finite(map)
    fine = enlarge(map, size)
    return np.argsort(-fine, axis=None, kind="stable")
