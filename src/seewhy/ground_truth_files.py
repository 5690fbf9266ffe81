"""Readers of annotation files: COCO, Pascal VOC, YOLO, and masks as pictures."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from seewhy import outlines
from seewhy.errors import OptionError
from seewhy.ground_truth import Annotated, Corners, Thing

KINDS = {".json": "COCO", ".xml": "Pascal VOC", ".txt": "YOLO", ".png": "mask"}
NAMES = ("classes.txt", "obj.names", "data.yaml", "dataset.yaml", "data.yml")
# What lies in folders of YOLO files beside them.
BESIDE = {"classes.txt", "train.txt", "val.txt", "test.txt", "readme.txt"}


def listed(place: Path) -> tuple[list[Path], str]:
    """The files at a place, and of which kind they are; the first kind of `KINDS` that it has."""
    if place.is_file():
        if place.suffix.lower() in (".yaml", ".yml"):
            raise OptionError(
                f"{str(place)!r} tells of a YOLO data set: give the folder with its labels."
            )
        kind = KINDS.get(place.suffix.lower())
        if kind is None:
            raise OptionError(
                f"{str(place)!r} ends in none of {', '.join(KINDS)}: give a COCO JSON file, or a "
                f"folder of VOC XML or YOLO text files."
            )
        return [place], kind
    for suffix, kind in KINDS.items():
        every = sorted(one for one in place.rglob("*") if one.suffix.lower() == suffix)
        found = [one for one in every if one.name.lower() not in BESIDE]
        if found:
            return found, kind
    raise OptionError(f"the folder {str(place)!r} has no {', '.join(KINDS)} files.")


def coco(files: Sequence[Path]) -> Iterator[Annotated]:
    """COCO's format, https://cocodataset.org/#format-data: boxes are (left, top, width, height)."""
    for file in files:
        record = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(record, dict) or "images" not in record:
            raise OptionError(f"{str(file)!r} has no list of 'images', as COCO files have.")
        names = {one["id"]: str(one["name"]) for one in record.get("categories", [])}
        images = {one["id"]: one for one in record["images"]}
        own: dict[Any, list[Thing]] = defaultdict(list)
        for one in record.get("annotations", []):
            place = one["image_id"]
            if place not in images:
                raise OptionError(
                    f"the annotation {one.get('id')!r} is about the image {place!r}, which "
                    f"{str(file)!r} does not list."
                )
            own[place].append(_coco_thing(one, names, _size(images[place])))
        for place, image in images.items():
            yield Annotated(str(image["file_name"]), _size(image), tuple(own[place]))


def _size(image: dict[str, Any]) -> tuple[float, float] | None:
    if not image.get("height") or not image.get("width"):
        return None
    return float(image["height"]), float(image["width"])


def _coco_thing(
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
        paint = partial(outlines.run_lengths, drawn)
        return Thing(label, corners or outlines.corners(drawn), paint)
    points = [np.asarray(one, "float64").reshape(-1, 2) for one in drawn or ()]
    if corners is None and not points:
        raise OptionError(f"the annotation {record.get('id')!r} has neither box nor outline.")
    corners = corners or _around(np.concatenate(points))
    if not points:
        return Thing(label, corners)
    return Thing(label, corners, partial(_painted, points, size))


def _painted(
    points: Sequence[np.ndarray], size: tuple[float, float] | None, height: int, width: int
) -> np.ndarray:
    return outlines.polygons(points, size or (height, width), height, width)


def _around(points: np.ndarray) -> Corners:
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom


def voc(files: Sequence[Path]) -> Iterator[Annotated]:
    """Pascal VOC's format: the first pixel is 1, and xmax and ymax are the last inside."""
    for file in files:
        root = ElementTree.parse(file).getroot()
        if root.tag != "annotation":
            raise OptionError(f"{str(file)!r} is no <annotation> but <{root.tag}>.")
        things = []
        for one in root.iter("object"):
            box = one.find("bndbox")
            if box is None:
                raise OptionError(f"an <object> of {str(file)!r} has no <bndbox>.")
            sides = [float(_text(box, side)) for side in ("xmin", "ymin", "xmax", "ymax")]
            corners = (sides[0] - 1, sides[1] - 1, sides[2], sides[3])
            things.append(Thing(one.findtext("name"), corners))
        size = root.find("size")
        sides = [] if size is None else [float(_text(size, side)) for side in ("height", "width")]
        # some tools write 0 where they do not know
        known = (sides[0], sides[1]) if all(sides) and sides else None
        yield Annotated(str(file), known, tuple(things))


def _text(element: ElementTree.Element, name: str) -> str:
    text = element.findtext(name)
    if text is None:
        raise OptionError(f"<{element.tag}> has no <{name}>.")
    return text


def yolo(files: Sequence[Path]) -> Iterator[Annotated]:
    """A line a thing: its class, then centre, width and height, or the points of a polygon.

    All are fractions of the photo. A sixth number is a score, which is not looked at.
    """
    for file in files:
        names = _names(file.parent)
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines if line.strip()]
        yield Annotated(str(file), (1, 1), tuple(_yolo_thing(file, row, names) for row in rows))


def _yolo_thing(file: Path, row: Sequence[str], names: dict[int, str]) -> Thing:
    label = names.get(int(row[0]), row[0])
    numbers = np.array(row[1:], "float64")
    if len(numbers) in (4, 5):
        across, down, width, height = numbers[:4].tolist()
        half = (width / 2, height / 2)
        return Thing(label, (across - half[0], down - half[1], across + half[0], down + half[1]))
    if len(numbers) < 6 or len(numbers) % 2:
        raise OptionError(
            f"a line of {str(file)!r} has {len(numbers)} numbers behind the class: a box has four, "
            f"a polygon an even number from six on."
        )
    points = numbers.reshape(-1, 2)
    return Thing(label, _around(points), partial(outlines.polygons, [points], (1, 1)))


def _names(folder: Path) -> dict[int, str]:
    """Names of classes by number, from a list beside the labels or one folder up."""
    for place in (folder, folder.parent):
        for name in NAMES:
            file = place / name
            if not file.is_file():
                continue
            text = file.read_text(encoding="utf-8")
            if file.suffix in (".yaml", ".yml"):
                return _yaml_names(text)
            return dict(enumerate(line.strip() for line in text.splitlines() if line.strip()))
    return {}


def _yaml_names(text: str) -> dict[int, str]:
    """The entry `names` of a YAML file: a list or numbers with names, in one line or several."""
    start = re.search(r"^names[ \t]*:[ \t]*(.*)$", text, re.MULTILINE)
    if start is None:
        return {}
    inline = start.group(1).split("#")[0].strip()
    if inline.startswith(("[", "{")):
        rows = inline.strip("[]{}").split(",")
    else:
        rest = text[start.end() :].splitlines()[1:]
        body = re.compile(r"\s*(-|\d+\s*:)\s*\S")
        ends = next((k for k, row in enumerate(rest) if row.strip() and not body.match(row)), None)
        rows = [row.strip().removeprefix("-") for row in rest[:ends] if row.strip()]
    found = {}
    for k, row in enumerate(rows):
        number, colon, name = row.partition(":")
        numbered = bool(colon) and number.strip().isdecimal()
        found[int(number) if numbered else k] = (name if numbered else row).strip().strip("'\"")
    return found


def masks(files: Sequence[Path]) -> Iterator[Annotated]:
    """A picture for each photo, of its size: what is not 0 is the thing."""
    for file in files:
        inside = outlines.of_file(file)
        size = (float(inside.shape[0]), float(inside.shape[1]))
        # read again when it is wanted: the masks of a whole data set need not be held
        thing = Thing(None, outlines.box_of(inside), partial(outlines.picture, file))
        yield Annotated(str(file), size, (thing,) if inside.any() else ())


READERS: dict[str, Callable[[Sequence[Path]], Iterator[Annotated]]] = {
    "COCO": coco,
    "Pascal VOC": voc,
    "YOLO": yolo,
    "mask": masks,
}
