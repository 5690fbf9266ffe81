"""What `seewhy locate` makes of explanations: boxes by photo, drawn and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seewhy.box_files import Found, Located
from seewhy.errors import OptionError
from seewhy.images.photo import Photo
from seewhy.results.explanation import Explanation
from seewhy.targets.labels import Labels


def located(
    photo: str,
    explanations: Sequence[Explanation],
    labels: Labels,
    *,
    threshold: float = 0.2,
    max_boxes: int | None = None,
    min_score: float = 0.0,
) -> Located:
    """The boxes of all questions about one photo, of at least this score each.

    Raises OptionError for what is no photo.
    """
    found: list[Found] = []
    indices = [getattr(one.target, "index", None) for one in explanations]
    others = [one.target.name for one, k in zip(explanations, indices, strict=True) if k is None]
    for one, index in zip(explanations, indices, strict=True):
        if not isinstance(one.photo, Photo):
            raise OptionError("boxes are drawn on photos; this input is none.")
        number = len(labels) + others.index(one.target.name) if index is None else int(index)
        boxes = one.boxes(threshold, max_boxes)
        found += [Found(number, one.target.name, box) for box in boxes if box.score >= min_score]
    height, width = explanations[0].geometry.photo
    return Located(photo, (height, width), tuple(found))


def record(place: Located, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Plain values for JSON."""
    several = len(explanations) > 1
    notes = [
        f"{one.target.name}: {note}" if several else note
        for one in explanations
        for note in one.warnings
    ]
    return {
        "photo": place.photo,
        "height": place.size[0],
        "width": place.size[1],
        "boxes": [
            {
                "index": one.number,
                "name": one.name,
                "left": one.box.left,
                "top": one.box.top,
                "right": one.box.right,
                "bottom": one.box.bottom,
                "score": one.box.score,
                "peak": one.box.peak,
            }
            for one in place.found
        ],
        "warnings": list(dict.fromkeys(notes)),
    }
