"""Boxes that were found on photos, as COCO, Pascal VOC and YOLO files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from seewhy.maps.regions import Box
from seewhy.render.files import Filenames
from seewhy.targets.labels import Labels

FORMATS = ("coco", "yolo", "voc")


@dataclass(frozen=True)
class Found:
    """One thing that was found on a photo."""

    number: int
    """Of its class: the model's index, or for a question about no single class one behind them."""
    name: str
    box: Box


@dataclass(frozen=True)
class Located:
    """What was found on one photo."""

    photo: str
    size: tuple[int, int]
    """(height, width)."""
    found: tuple[Found, ...]


def write(
    photos: Sequence[Located], labels: Labels, how: str, folder: Path, names: Filenames
) -> list[Path]:
    """Write the files of one format; returns their paths."""
    if how == "coco":
        path = names.claim("boxes", [".json"])[0]
        text = json.dumps(coco(photos), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
        return [path]
    ending, each = (".txt", yolo) if how == "yolo" else (".xml", voc)
    paths = [names.claim(one.photo, [ending])[0] for one in photos]
    for one, path in zip(photos, paths, strict=True):
        path.write_text(each(one), encoding="utf-8")
    if how == "yolo":
        path = folder / "classes.txt"
        path.write_text("".join(f"{name}\n" for name in _classes(photos, labels)), encoding="utf-8")
        paths.append(path)
    return paths


def _classes(photos: Sequence[Located], labels: Labels) -> list[str]:
    """The names of classes by number: those of the model, then other questions."""
    others = {one.number: one.name for photo in photos for one in photo.found}
    last = max([len(labels) - 1, *others])
    own = [label.name for label in labels.entries]
    # what was asked and found nowhere keeps its number
    return [own[k] if k < len(own) else others.get(k, str(k)) for k in range(last + 1)]


def coco(photos: Sequence[Located]) -> dict[str, object]:
    """COCO's record of images, annotations with a score, and the classes that occur."""
    rows = [(k, one) for k, photo in enumerate(photos, 1) for one in photo.found]
    used = {one.number: one.name for _, one in rows}
    return {
        "images": [
            {"id": k, "file_name": one.photo, "height": one.size[0], "width": one.size[1]}
            for k, one in enumerate(photos, 1)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": k,
                "category_id": one.number,
                "bbox": [one.box.left, one.box.top, one.box.width, one.box.height],
                "area": one.box.width * one.box.height,
                "iscrowd": 0,
                "score": round(one.box.score, 6),
            }
            for number, (k, one) in enumerate(rows, 1)
        ],
        "categories": [{"id": number, "name": used[number]} for number in sorted(used)],
    }


def yolo(photo: Located) -> str:
    """A line for each box: class, centre x, centre y, width and height in fractions, score."""
    height, width = photo.size
    lines = []
    for one in photo.found:
        box = one.box
        across, down = (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height
        sides = f"{box.width / width:.6f} {box.height / height:.6f}"
        lines.append(f"{one.number} {across:.6f} {down:.6f} {sides} {box.score:.6f}\n")
    return "".join(lines)


def voc(photo: Located) -> str:
    """Pascal VOC's record: pixels count from 1, and xmax and ymax are the last inside."""
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = Path(photo.photo).name
    ElementTree.SubElement(root, "path").text = photo.photo
    size = ElementTree.SubElement(root, "size")
    for name, value in zip(("width", "height", "depth"), (*photo.size[::-1], 3), strict=True):
        ElementTree.SubElement(size, name).text = str(value)
    for one in photo.found:
        thing = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(thing, "name").text = one.name
        ElementTree.SubElement(thing, "score").text = f"{one.box.score:.6f}"
        box = ElementTree.SubElement(thing, "bndbox")
        sides = (one.box.left + 1, one.box.top + 1, one.box.right, one.box.bottom)
        for name, side in zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True):
            ElementTree.SubElement(box, name).text = str(side)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
