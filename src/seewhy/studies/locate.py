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
    found: list[FoundBox] = []
    indices = [getattr(one.target, "index", None) for one in explanations]
    others = [one.target.name for one, k in zip(explanations, indices, strict=True) if k is None]
    for one, index in zip(explanations, indices, strict=True):
        if not isinstance(one.photo, Photo):
            raise OptionError("boxes are drawn on photos; this input is none.")
        number = len(labels) + others.index(one.target.name) if index is None else int(index)
        boxes = one.boxes(threshold, max_boxes)
        found += [FoundBox(number, one.target.name, box) for box in boxes if box.score >= min_score]
    height, width = explanations[0].geometry.photo
    return LocatedPhoto(photo, (height, width), tuple(found))


def boxes_as_dict(place: LocatedPhoto, explanations: Sequence[Explanation]) -> dict[str, Any]:
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
    paths = [names.claim(one.photo, [ending])[0] for one in photos]
    for one, path in zip(photos, paths, strict=True):
        path.write_text(each(one), encoding="utf-8")
    if how == "yolo":
        path = folder / "classes.txt"
        path.write_text(
            "".join(f"{name}\n" for name in _class_names(photos, labels)), encoding="utf-8"
        )
        paths.append(path)
    return paths


def _class_names(photos: Sequence[LocatedPhoto], labels: Labels) -> list[str]:
    """The names of classes by number: those of the model, then other questions."""
    others = {one.number: one.name for photo in photos for one in photo.found}
    last = max([len(labels) - 1, *others])
    own = [label.name for label in labels.entries]
    # what was asked and found nowhere keeps its number
    return [own[k] if k < len(own) else others.get(k, str(k)) for k in range(last + 1)]
