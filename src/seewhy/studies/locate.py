"""What `seewhy locate` makes of explanations: boxes by photo, drawn and written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from seewhy.annotations.coco import coco_record
from seewhy.annotations.pascal_voc import voc_xml
from seewhy.annotations.records import FoundBox, LocatedPhoto, one_line
from seewhy.annotations.yolo import yolo_lines
from seewhy.errors import OptionError
from seewhy.images.photo import Photo
from seewhy.render.files import Filenames, write
from seewhy.results.explanation import Explanation
from seewhy.targets.labels import Labels

Format = Literal["coco", "yolo", "voc"]
FORMATS: tuple[Format, ...] = get_args(Format)
OWN = "boxes found by seewhy locate"


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
            FoundBox(number, explanation.target.name, box, explanation.probability)
            for box in boxes
            if box.score >= min_score
        ]
    height, width = explanations[0].geometry.photo
    return LocatedPhoto(photo, (height, width), tuple(boxes_of_photo))


def boxes_as_dict(place: LocatedPhoto, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Plain values for JSON.

    Of each box: "probability" is the model's for the class in the whole photo, None for questions
    that have none; "share_of_heat" (also called "score") is how much of the heat of that class's
    map lies in the box.
    """
    several = len(explanations) > 1
    notes = [
        _of_class(note, each.target.name) if several else note
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
                "probability": each.probability,
                "left": each.box.left,
                "top": each.box.top,
                "right": each.box.right,
                "bottom": each.box.bottom,
                "share_of_heat": each.box.score,
                "score": each.box.score,
                "peak": each.box.peak,
            }
            for each in place.found
        ],
        "predictions": [vars(prediction) for prediction in explanations[0].predictions],
        "warnings": list(dict.fromkeys(notes)),
    }


def _of_class(note: str, name: str) -> str:
    """A warning that says of which class it is; its own name stays in front."""
    code, _, text = note.partition(": ")
    return f"{code}: for {name}, {text}"


@dataclass(frozen=True)
class BoxFiles:
    """Where the boxes of each photo go."""

    format: Format
    each: tuple[Path, ...]
    """A file a photo; of COCO the same for all."""
    classes: Path | None
    """The list of classes, for YOLO."""

    def check(self) -> None:
        """Raises OptionError for files that may be the user's own, all told in one."""
        paths = dict.fromkeys([*self.each, *([self.classes] if self.classes else [])])
        there = [path for path in paths if os.path.lexists(path) and not _is_own(path)]
        if there:
            others = f" and {len(there) - 1} others" if there[1:] else ""
            raise OptionError(
                f"{str(there[0])!r}{others} is there already and may be your own: give another "
                f"folder with --output, or --overwrite to replace it."
            )


def box_files(photos: Sequence[str], how: Format, names: Filenames) -> BoxFiles:
    """The files of one format, with names that no photo and no other file of this run has."""
    if how == "coco":
        return BoxFiles(how, tuple(names.claim("boxes", [".json"]) * len(photos)), None)
    # first, so that a photo called classes.jpg gives way
    classes = names.claim("classes", [".txt"])[0] if how == "yolo" else None
    ending = ".txt" if how == "yolo" else ".xml"
    each = [names.claim(photo, [ending])[0] for photo in photos]
    return BoxFiles(how, tuple(each), classes)


def write_boxes(
    photos: Sequence[tuple[Path, LocatedPhoto]], labels: Labels, files: BoxFiles
) -> list[Path]:
    """Write the files, each photo's boxes with the path of its own; returns their paths."""
    located = [photo for _, photo in photos]
    if files.format == "coco":
        return [write(path, _coco_text(coco_record(located))) for path, _ in photos[:1]]
    as_text = yolo_lines if files.format == "yolo" else voc_xml
    paths = [write(path, as_text(photo)) for path, photo in photos]
    if files.classes is not None:
        names = "".join(f"{name}\n" for name in _class_names(located, labels))
        paths.append(write(files.classes, names))
    return paths


def _coco_text(record: Mapping[str, Any]) -> str:
    """The record, with a digest of it that tells whether somebody changed the file since."""
    about = {"description": OWN, "digest": _digest(record)}
    return json.dumps({"info": about, **record}, indent=1, ensure_ascii=False) + "\n"


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]


def _is_own(path: Path) -> bool:
    """Whether seewhy wrote it and nobody changed it; only files of COCO's format can tell."""
    try:
        with path.open("rb") as file:
            if OWN.encode() not in file.read(200):
                return False
            record = json.loads(path.read_bytes())
        return bool(record.pop("info")["digest"] == _digest(record))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def _class_names(photos: Sequence[LocatedPhoto], labels: Labels) -> list[str]:
    """The names of classes by number: those of the model, then other questions."""
    others = {entry.number: entry.name for photo in photos for entry in photo.found}
    last = max([len(labels) - 1, *others])
    names = [label.name for label in labels.entries]
    # what was asked and found nowhere keeps its number
    found = [names[k] if k < len(names) else others.get(k, "") for k in range(last + 1)]
    # a line each, and none empty: the number of a class is that of its line
    return [one_line(name).strip() or str(k) for k, name in enumerate(found)]
