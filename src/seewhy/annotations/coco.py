"""COCO: one JSON file for all photos, read with boxes, polygons and run lengths, and written."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.annotations import masks
from seewhy.annotations.records import Annotated, Corners, LocatedPhoto, Thing, error_in_words
from seewhy.checks import check_file_size
from seewhy.errors import OptionError
from seewhy.free_memory import free_memory

TIMES_IN_MEMORY = 10
"""How much more memory than bytes a file takes while it is read."""
MOST_POINTS = 20_000


def coco_record(photos: Sequence[LocatedPhoto]) -> dict[str, object]:
    """COCO's record of images, annotations with a score, and the classes that occur."""
    rows = [(k, entry) for k, photo in enumerate(photos, 1) for entry in photo.found]
    used = {entry.number: entry.name for _, entry in rows}
    return {
        "images": [
            {"id": k, "file_name": entry.photo, "height": entry.size[0], "width": entry.size[1]}
            for k, entry in enumerate(photos, 1)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": k,
                "category_id": entry.number,
                "bbox": [entry.box.left, entry.box.top, entry.box.width, entry.box.height],
                "area": entry.box.width * entry.box.height,
                "iscrowd": 0,
                "score": round(entry.box.score, 6),
            }
            for number, (k, entry) in enumerate(rows, 1)
        ],
        "categories": [{"id": number, "name": used[number]} for number in sorted(used)],
    }


def read_coco(files: Sequence[Path]) -> Iterator[Annotated]:
    """COCO's format, https://cocodataset.org/#format-data: boxes are (left, top, width, height)."""
    for file in files:
        check_file_size(file, free_memory() // TIMES_IN_MEMORY, OptionError, "COCO files")
        record = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or not isinstance(record.get("images"), list):
            raise OptionError(f"{str(file)!r} has no list of 'images', as COCO files have.")
        names = {entry["id"]: str(entry["name"]) for entry in record.get("categories", [])}
        images = {entry["id"]: entry for entry in record["images"]}
        things: dict[Any, list[Thing]] = defaultdict(list)
        for entry in record.get("annotations", []):
            place = entry["image_id"]
            if place not in images:
                raise OptionError(
                    f"the annotation {entry.get('id')!r} is about the image {place!r}, which "
                    f"{str(file)!r} does not list."
                )
            things[place].append(_thing_or_fault(entry, names, _size_of_photo(images[place])))
        for place, image in images.items():
            size, drawn = _size_of_photo(image), tuple(things[place])
            yield Annotated(str(image["file_name"]), size, drawn, str(file), "annotation")


def _size_of_photo(image: dict[str, Any]) -> tuple[float, float] | None:
    if not image.get("height") or not image.get("width"):
        return None
    try:
        return float(image["height"]), float(image["width"])
    except (ValueError, TypeError, OverflowError):
        return float("nan"), float("nan")  # told when the photo is asked for


def _thing_or_fault(
    record: dict[str, Any], names: dict[Any, str], size: tuple[float, float] | None
) -> Thing:
    number = record.get("id")
    try:
        return replace(_thing(record, names, size), number=number)
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        fault = f"its box is [left, top, width, height] ({error_in_words(error)})."
        fault = str(error) if isinstance(error, OptionError) else fault
        return Thing(None, (0.0, 0.0, 0.0, 0.0), None, number, fault)


def _thing(
    record: dict[str, Any], names: dict[Any, str], size: tuple[float, float] | None
) -> Thing:
    label = names.get(record.get("category_id"))
    box = record.get("bbox")
    corners: Corners | None = None
    if box is not None:
        left, top, width, height = map(float, box)
        corners = (left, top, left + width, top + height)
    drawn = record.get("segmentation") or None
    if isinstance(drawn, dict):
        paint = partial(masks.run_length_mask, drawn)
        return Thing(label, corners or masks.run_length_corners(drawn), paint)
    points = [np.asarray(polygon, "float64").reshape(-1, 2) for polygon in drawn or ()]
    points = [polygon for polygon in points if len(polygon)]
    if corners is None and not points:
        raise OptionError("it has neither box nor outline.")
    for polygon in points:
        if len(polygon) > MOST_POINTS or not np.isfinite(polygon).all():
            raise OptionError(
                f"an outline has finite numbers, and {MOST_POINTS:,} points at most; one of it has "
                f"{len(polygon):,} points from {polygon[0].tolist()} on."
            )
    corners = corners or bounding_corners(np.concatenate(points))
    if not points:
        return Thing(label, corners)
    return Thing(label, corners, partial(_mask_of, points, size))


def _mask_of(
    points: Sequence[np.ndarray], size: tuple[float, float] | None, height: int, width: int
) -> np.ndarray:
    return masks.polygon_mask(points, size or (height, width), height, width)


def bounding_corners(points: np.ndarray) -> Corners:
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom
