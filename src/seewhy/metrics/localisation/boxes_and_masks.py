"""Where things are: boxes or masks, as people have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.metrics.checks import as_numbers

Corners = Sequence[float]
"""(left, top, right, bottom) in pixels; right and bottom are the first behind the thing."""
Boxes = Sequence[Sequence[Corners]]
"""For each image a list of the boxes of its things."""


def as_boxes(boxes: Boxes, batch: int) -> list[np.ndarray]:
    """For each image float64 (things, 4), at least one. Raises OptionError for others."""
    if not isinstance(boxes, Sequence | np.ndarray) or isinstance(boxes, str):
        raise OptionError(
            f"boxes are a list of (left, top, right, bottom) for each image; got "
            f"{type(boxes).__name__}."
        )
    if len(boxes) != batch:
        raise OptionError(
            f"{len(boxes)} lists of boxes for {batch} maps: give a list for each image, as "
            f"[[(left, top, right, bottom)]] for one image with one thing."
        )
    arrays = []
    for of_image in boxes:
        array = as_numbers(of_image, "boxes").astype("float64")
        if array.ndim != 2 or array.shape[1] != 4 or not len(array):
            raise OptionError(
                f"each image has a list of at least one box (left, top, right, bottom); got "
                f"{of_image!r}."
            )
        if (array[:, 2:] < array[:, :2]).any() or not np.isfinite(array).all():
            raise OptionError(
                f"a box goes from left to right and from top to bottom; got {of_image!r}."
            )
        arrays.append(array)
    return arrays


def as_masks(where: Any, shape: tuple[int, ...]) -> np.ndarray:
    """bool (batch, height, width): from masks, or true inside any box of each image.

    A pixel is inside of a box if its centre is.
    """
    if isinstance(where, np.ndarray) and where.ndim == 3 and where.shape[1:] == shape[1:]:
        if where.shape != shape or where.dtype != bool:
            raise OptionError(
                f"masks are bool of the maps' shape {shape}; got {where.dtype} of {where.shape}."
            )
        return where
    masks = np.zeros(shape, bool)
    down, across = (np.arange(side) + 0.5 for side in shape[1:])
    for mask, of_image in zip(masks, as_boxes(where, shape[0]), strict=True):
        left, top, right, bottom = of_image.T[:, :, None]
        high = (down >= top) & (down < bottom)
        wide = (across >= left) & (across < right)
        mask |= (high[:, :, None] & wide[:, None]).any(axis=0)
    return masks


def overlaps(boxes: np.ndarray, things: np.ndarray, extra: float = 0) -> np.ndarray:
    """Intersection over union, 0..1: (n, 4) and (things, 4) → (n, things).

    extra: 1 where right and bottom are the last pixels inside.
    """
    first, second = boxes[:, None], things[None]
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    shared = np.maximum(high - low + extra, 0).prod(axis=-1)
    areas = [
        np.asarray(each[..., 2:] - each[..., :2] + extra).prod(axis=-1) for each in (first, second)
    ]
    whole = areas[0] + areas[1] - shared
    ratios: np.ndarray = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    return ratios
