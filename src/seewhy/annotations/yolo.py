"""YOLO: a text file for each photo beside a list of class names, read and written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from seewhy.annotations import masks
from seewhy.annotations.coco import bounding_corners
from seewhy.annotations.records import Annotated, LocatedPhoto, Thing
from seewhy.errors import OptionError

CLASS_FILES = ("classes.txt", "obj.names", "data.yaml", "dataset.yaml", "data.yml")


def yolo_lines(photo: LocatedPhoto) -> str:
    """A line for each box: class, centre x, centre y, width and height in fractions, score."""
    height, width = photo.size
    lines = []
    for one in photo.found:
        box = one.box
        across, down = (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height
        sides = f"{box.width / width:.6f} {box.height / height:.6f}"
        lines.append(f"{one.number} {across:.6f} {down:.6f} {sides} {box.score:.6f}\n")
    return "".join(lines)


def read_yolo(files: Sequence[Path]) -> Iterator[Annotated]:
    """A line a thing: its class, then centre, width and height, or the points of a polygon.

    All are fractions of the photo. A sixth number is a score, which is not looked at.
    """
    for file in files:
        names = _class_names(file.parent)
        lines = file.read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines if line.strip()]
        yield Annotated(str(file), (1, 1), tuple(_thing(file, row, names) for row in rows))


def _thing(file: Path, row: Sequence[str], names: dict[int, str]) -> Thing:
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
    return Thing(label, bounding_corners(points), partial(masks.polygon_mask, [points], (1, 1)))


def _class_names(folder: Path) -> dict[int, str]:
    """Names of classes by number, from a list beside the labels or one folder up."""
    for place in (folder, folder.parent):
        for name in CLASS_FILES:
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
