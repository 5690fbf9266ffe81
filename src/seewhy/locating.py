"""What `seewhy locate` makes of explanations: boxes by photo, drawn and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from seewhy.box_files import Found, Located
from seewhy.errors import OptionError
from seewhy.explanation import Explanation
from seewhy.images.photo import Photo
from seewhy.maps.regions import Box
from seewhy.sheets import font
from seewhy.targets.labels import Labels

# Okabe and Ito's colours, told apart by most who see colours differently.
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (204, 121, 167))


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


def drawn(photo: np.ndarray, boxes: Sequence[tuple[str, Box]]) -> Image.Image:
    """The photo with all boxes, each in its class's colour with its name and score.

    photo: uint8 (height, width, 3). boxes: pairs of a class's name and a box, the best first.
    """
    picture = Image.fromarray(np.ascontiguousarray(photo))
    draw = ImageDraw.Draw(picture)
    size = photo.shape[:2]
    thick = max(2, round(min(size) / 150))
    letters = font(max(12, round(min(size) / 28)))
    names = list(dict.fromkeys(name for name, _ in boxes))
    for name, box in reversed(boxes):  # the best on top
        colour = COLOURS[names.index(name) % len(COLOURS)]
        corners = box.corners
        inside = (corners[0], corners[1], corners[2] - 1, corners[3] - 1)
        draw.rectangle(inside, outline=colour, width=thick)
        text = f"{name} {box.score:.2f}"
        left, top, right, bottom = draw.textbbox((0, 0), text, font=letters)
        high, wide = bottom - top + 2 * thick, right - left + 2 * thick
        # above the box where there is room, and never past the photo's edge
        x = max(0, min(corners[0], size[1] - wide))
        y = corners[1] - high if corners[1] >= high else corners[1]
        draw.rectangle((x, y, x + wide, y + high), fill=colour)
        draw.text((x + thick - left, y + thick - top), text, fill="black", font=letters)
    return picture


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
