"""YOLO: a text file for each photo beside a list of class names, read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.annotations import masks
from seewhy.annotations.coco import bounding_corners
from seewhy.annotations.records import (
    MOST_THINGS,
    Annotated,
    LocatedPhoto,
    Thing,
    annotated_or_fault,
)
from seewhy.checks import check_file_size
from seewhy.errors import OptionError

LARGEST = 20_000_000
"""Bytes of a file about one photo."""
ROUNDING = 0.01
"""By how much a thing at the border may reach over it."""
CLASS_FILES = ("classes.txt", "obj.names", "data.yaml", "dataset.yaml", "data.yml")


def yolo_lines(photo: LocatedPhoto) -> str:
    """A line for each box: class, centre x, centre y, width and height in fractions, score."""
    height, width = photo.size
    lines = []
    for entry in photo.found:
        box = entry.box
        across, down = (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height
        sides = f"{box.width / width:.6f} {box.height / height:.6f}"
        lines.append(f"{entry.number} {across:.6f} {down:.6f} {sides} {box.score:.6f}\n")
    return "".join(lines)


def read_yolo(files: Sequence[Path]) -> Iterator[Annotated]:
    """A line a thing: its class, then centre, width and height, or the points of a polygon.

    All are fractions of the photo. A sixth number is a score, which is not looked at.
    """
    names_beside = cache(_class_names)  # as there may be thousands of files in a folder
    for file in files:
        yield annotated_or_fault(file, "YOLO", partial(_annotated, file, names_beside))


def _annotated(file: Path, names_beside: Callable[[Path], dict[int, str]]) -> Annotated:
    check_file_size(file, LARGEST, OptionError, "YOLO files")
    names = names_beside(file.parent)
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if len(rows) > MOST_THINGS:
        raise OptionError(
            f"{str(file)!r} has {len(rows):,} lines: at most {MOST_THINGS:,} things of a photo "
            f"are read."
        )
    things = [_thing(file, number, line.split(), names) for number, line in rows]
    return Annotated(str(file), (1, 1), tuple(things), str(file), "line")


def _thing(file: Path, number: int, row: Sequence[str], names: dict[int, str]) -> Thing:
    label = names.get(int(row[0]), row[0])
    numbers = np.array(row[1:], "float64")
    fault = _fault_of_fractions(numbers)
    if len(numbers) in (4, 5):
        across, down, width, height = numbers[:4].tolist()
        half = (width / 2, height / 2)
        corners = (across - half[0], down - half[1], across + half[0], down + half[1])
        return Thing(label, corners, None, number, fault)
    if len(numbers) < 6 or len(numbers) % 2:
        raise OptionError(
            f"line {number} of {str(file)!r} has {len(numbers)} numbers behind the class: a box "
            f"has four, a polygon an even number from six on."
        )
    points = numbers.reshape(-1, 2)
    paint = partial(masks.polygon_mask, [points], (1, 1))
    return Thing(label, bounding_corners(points), paint, number, fault)


def _fault_of_fractions(numbers: np.ndarray) -> str:
    """What is wrong with numbers that should be fractions of a photo; the last may be a score."""
    inside = (numbers >= -ROUNDING) & (numbers <= 1 + ROUNDING)
    if inside.all():
        return ""
    return (
        f"YOLO has fractions of the photo, in 0..1; got {numbers[~inside][0]:g}. Divide x and "
        f"width by the photo's width, y and height by its height."
    )


def _class_names(folder: Path) -> dict[int, str]:
    """Names of classes by number, from a list beside the labels or one folder up."""
    for place in (folder, folder.parent):
        for name in CLASS_FILES:
            file = place / name
            if not file.is_file():
                continue
            if file.suffix in (".yaml", ".yml"):
                check_file_size(file, LARGEST, OptionError, "YAML files")
                return _yaml_names(file)
            check_file_size(file, LARGEST, OptionError, "lists of classes")
            lines = file.read_text(encoding="utf-8").splitlines()
            return dict(enumerate(line.strip() for line in lines if line.strip()))
    return {}


def _yaml_names(file: Path) -> dict[int, str]:
    """The entry `names` of a YAML file: a list, or a mapping from numbers to names.

    Empty where there is no such entry. Raises OptionError for a file that is no YAML or no mapping,
    and for names that are empty, of another form, or more than one for a number.
    """
    content, written = _yaml_content(file)
    if content and not isinstance(content, dict):
        raise _wrong_names(file, content)
    names = content["names"] if content and "names" in content else None
    if not names and not written:
        return {}
    if not isinstance(names, list | dict):
        raise _wrong_names(file, names)
    numbered = names if isinstance(names, dict) else dict(enumerate(names))
    if not all(isinstance(name, str) and name.strip() for name in numbered.values()):
        raise _wrong_names(file, names)
    by_number = {_class_number(number, file): name for number, name in numbered.items()}
    if len(by_number) < written:
        raise OptionError(
            f"names in {str(file)!r} has more than one name for a number, or stands there more "
            f"than once. Keep one name a number."
        )
    return by_number


def _yaml_content(file: Path) -> tuple[Any, int]:
    """What a YAML file holds, and how many names are written in it.

    Of keys that are written twice, the content has the last one only.
    """
    import yaml

    try:
        # which takes each word as it is written: "no" and "1e3" are names, too
        loader = yaml.BaseLoader(file.read_bytes())
        root = loader.get_single_node()
        content = None if root is None else loader.construct_document(root)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())[:200]
        raise OptionError(f"{str(file)!r} is no YAML file ({reason}). Mend it.") from error
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    return content, sum(len(value.value) for key, value in pairs if key.value == "names")


def _class_number(number: object, file: Path) -> int:
    if not str(number).isdecimal():
        raise _wrong_names(file, {number: "…"})
    return int(str(number))


def _wrong_names(file: Path, names: object) -> OptionError:
    return OptionError(
        f"names in {str(file)!r} is a list of names, or numbers from 0 on with a name each; "
        f"got {str(names)[:80]!r}. Write them as in names: [cat, dog]."
    )
