"""Explanations that are compared are coloured by one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from seewhy.images.arrays import Array
from seewhy.images.photo import Photo
from seewhy.results.explanation import Explanation


def on_one_scale(explanations: Iterable[Explanation]) -> list[Explanation]:
    """The same explanations with one value shown as full colour: the largest that is in any.

    That of one is its `scale`, or where it has none, the largest of its map. NaN and infinite
    values don't count; where no value is positive, each keeps its own scale (which changes
    nothing: all heatmaps are zero).
    """
    listed = list(explanations)
    largest = max(map(_full_colour, listed), default=0.0)
    scale = largest if largest > 0 else None
    return [replace(explanation, scale=scale) for explanation in listed]


def by_photo(explanations: Iterable[Explanation]) -> list[list[Explanation]]:
    """Those of one photo that follow each other together, on one scale where there are several.

    Only maps of one method at one layer share a scale: those of others do not compare.
    """
    groups: list[list[Explanation]] = []
    for explanation in explanations:
        if groups and _same_photo(groups[-1][0], explanation):
            groups[-1].append(explanation)
        else:
            groups.append([explanation])
    return [_scaled(group) for group in groups]


def _scaled(group: list[Explanation]) -> list[Explanation]:
    made = {(each.method, each.layer) for each in group}
    return on_one_scale(group) if len(group) > 1 and len(made) == 1 else group


def _same_photo(one: Explanation, other: Explanation) -> bool:
    if one.photo is other.photo:
        return True
    if type(one.photo) is not type(other.photo) or one.photo.name != other.photo.name:
        return False
    return bool(np.array_equal(_values(one.photo), _values(other.photo)))


def _values(photo: Photo | Array) -> np.ndarray:
    return photo.pixels if isinstance(photo, Photo) else photo.values


def _full_colour(explanation: Explanation) -> float:
    if explanation.scale is not None:
        return explanation.scale
    finite = explanation.map[np.isfinite(explanation.map)]
    return float(finite.max()) if finite.size else 0.0
