"""Which classes speak at one place of the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from seewhy.errors import OptionError
from seewhy.images.geometry import Geometry
from seewhy.targets.labels import Label, Labels

_COORDINATES = {1: "step", 2: "x, y", 3: "x, y, z"}


@dataclass(frozen=True)
class ClassAtPixel:
    """How much speaks for one class at one pixel of the photo."""

    index: int
    wnid: str | None
    """WordNet id; None where the classes have none."""
    name: str
    value: float
    """Of the class's signed map, before ReLU and scaling; maps of one image compare."""


def strongest_classes(
    maps: np.ndarray, geometry: Geometry, pixel: Sequence[int], top: int, labels: Labels | None
) -> tuple[ClassAtPixel, ...]:
    """The `top` classes with the largest values at a pixel, the largest first, ties by index.

    maps: (classes, *grid), signed. pixel: indices into the photo.
    """
    values = geometry.at_pixel(maps, pixel)
    # stable, so that of equal values the lower index comes first
    order = np.argsort(-values, kind="stable")[:top]
    return tuple(
        ClassAtPixel(**vars(_label(index, labels)), value=float(values[index]))
        for index in order.tolist()
    )


def checked_pixel(point: Sequence[int], geometry: Geometry) -> tuple[int, ...]:
    """A point x, y(, z) as indices into the photo; raises OptionError if it cannot be asked."""
    names = _COORDINATES.get(len(geometry.photo), "one number an axis, the last axis first")
    if len(point) != len(geometry.photo):
        raise OptionError(
            f"a point here has {len(geometry.photo)} coordinates: at({names}); got {point}."
        )
    if any(isinstance(i, bool) or not isinstance(i, Integral) for i in point):
        raise OptionError(f"a point is counted in whole pixels; got {point}. Round it first.")
    pixel = tuple(int(i) for i in reversed(point))
    if not all(0 <= i < side for i, side in zip(pixel, geometry.photo, strict=True)):
        last = ", ".join(str(side - 1) for side in reversed(geometry.photo))
        raise OptionError(
            f"the point ({names}) = {tuple(map(int, point))} lies outside: give one from 0 on "
            f"to ({last})."
        )
    if not geometry.sees(pixel):
        raise OptionError(
            f"the network did not see the point ({names}) = {tuple(map(int, point))}, which was "
            f"cropped away. Give one inside the part that it saw, or explain with fit='squash' "
            f"or fit='letterbox'."
        )
    return pixel


def _label(index: int, labels: Labels | None) -> Label:
    if labels is None or index >= len(labels):
        return Label(index, None, f"class {index}")
    return labels[index]


def checked_count(top: int) -> int:
    """How many classes are asked. Raises OptionError for what counts none."""
    if isinstance(top, bool) or not isinstance(top, Integral) or top < 1:
        raise OptionError(f"top counts classes, from 1 on; got {top!r}.")
    return int(top)
