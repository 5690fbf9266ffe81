"""What `seewhy locate` makes of explanations: boxes by photo, drawn and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seewhy.annotations.coco import coco_record
from seewhy.annotations.pascal_voc import voc_xml
from seewhy.annotations.records import FoundBox, LocatedPhoto
from seewhy.annotations.yolo import yolo_lines
from seewhy.errors import OptionError
from seewhy.images.photo import Photo
from seewhy.render.files import Filenames
from seewhy.results.explanation import Explanation
from seewhy.targets.labels import Labels

FORMATS = ("coco", "yolo", "voc")


def locate_boxes(
    photo: str,
    explanations: Sequence[Explanation],
    labels: Labels,
    *,
    threshold: float = 0.2,
    max_boxes: int | None = None,
    min_score: float = 0.0,
) -> LocatedPhoto:
    """The boxes of all questions about one photo, of at least this score each.

    Raises OptionError for what is no photo.
    """
    boxes_of_photo: list[FoundBox] = []
    indices = [getattr(explanation.target, "index", None) for explanation in explanations]
    others = [
        explanation.target.name
        for explanation, k in zip(explanations, indices, strict=True)
        if k is None
    ]
    for explanation, index in zip(explanations, indices, strict=True):
        if not isinstance(explanation.photo, Photo):
            raise OptionError("boxes are drawn on photos; this input is none.")
        number = (
            len(labels) + others.index(explanation.target.name) if index is None else int(index)
        )
        boxes = explanation.boxes(threshold, max_boxes)
        boxes_of_photo += [
            FoundBox(number, explanation.target.name, box)
            for box in boxes
            if box.score >= min_score
        ]
    height, width = explanations[0].geometry.photo
    return LocatedPhoto(photo, (height, width), tuple(boxes_of_photo))


def boxes_as_dict(place: LocatedPhoto, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Plain values for JSON."""
    several = len(explanations) > 1
    notes = [
        f"{each.target.name}: {note}" if several else note
        for each in explanations
        for note in each.warnings
    ]
    return {
        "photo": place.photo,
        "height": place.size[0],
        "width": place.size[1],
        "boxes": [
            {
                "index": each.number,
                "name": each.name,
                "left": each.box.left,
                "top": each.box.top,
                "right": each.box.right,
                "bottom": each.box.bottom,
                "score": each.box.score,
                "peak": each.box.peak,
            }
            for each in place.found
        ],
        "warnings": list(dict.fromkeys(notes)),
    }


def write_boxes(
    photos: Sequence[LocatedPhoto], labels: Labels, how: str, folder: Path, names: Filenames
) -> list[Path]:
    """Write the files of one format; returns their paths."""
    if how == "coco":
        path = names.claim("boxes", [".json"])[0]
        text = json.dumps(coco_record(photos), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
        return [path]
    ending, each = (".txt", yolo_lines) if how == "yolo" else (".xml", voc_xml)
    paths = [names.claim(photo.photo, [ending])[0] for photo in photos]
    for photo, path in zip(photos, paths, strict=True):
        path.write_text(each(photo), encoding="utf-8")
    if how == "yolo":
        path = folder / "classes.txt"
        path.write_text(
            "".join(f"{name}\n" for name in _class_names(photos, labels)), encoding="utf-8"
        )
        paths.append(path)
    return paths


def _class_names(photos: Sequence[LocatedPhoto], labels: Labels) -> list[str]:
    """The names of classes by number: those of the model, then other questions."""
    others = {entry.number: entry.name for photo in photos for entry in photo.found}
    last = max([len(labels) - 1, *others])
    names = [label.name for label in labels.entries]
    # what was asked and found nowhere keeps its number
    return [names[k] if k < len(names) else others.get(k, str(k)) for k in range(last + 1)]
