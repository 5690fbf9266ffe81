"""Pascal VOC: an XML file for each photo, read and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from seewhy.annotations.records import (
    Annotated,
    LocatedPhoto,
    Thing,
    annotated_or_fault,
    one_line,
)
from seewhy.checks import check_file_size
from seewhy.errors import OptionError

LARGEST = 20_000_000
"""Bytes of a file about one photo."""


def voc_xml(photo: LocatedPhoto) -> str:
    """Pascal VOC's record: pixels count from 1, and xmax and ymax are the last inside."""
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "filename").text = one_line(Path(photo.photo).name)
    ElementTree.SubElement(root, "path").text = one_line(photo.photo)
    size = ElementTree.SubElement(root, "size")
    for name, value in zip(("width", "height", "depth"), (*photo.size[::-1], 3), strict=True):
        ElementTree.SubElement(size, name).text = str(value)
    for entry in photo.found:
        thing = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(thing, "name").text = one_line(entry.name)
        ElementTree.SubElement(thing, "score").text = f"{entry.box.score:.6f}"
        box = ElementTree.SubElement(thing, "bndbox")
        sides = (entry.box.left + 1, entry.box.top + 1, entry.box.right, entry.box.bottom)
        for name, side in zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True):
            ElementTree.SubElement(box, name).text = str(side)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def read_voc(files: Sequence[Path]) -> Iterator[Annotated]:
    """Pascal VOC's format: the first pixel is 1, and xmax and ymax are the last inside."""
    for file in files:
        yield annotated_or_fault(file, "Pascal VOC", partial(_annotated, file))


def _annotated(file: Path) -> Annotated:
    check_file_size(file, LARGEST, OptionError, "VOC files")
    root = ElementTree.parse(file).getroot()
    if root.tag != "annotation":
        raise OptionError(f"{str(file)!r} is no <annotation> but <{root.tag}>.")
    things = []
    for number, element in enumerate(root.iter("object"), 1):
        box = element.find("bndbox")
        if box is None:
            raise OptionError(f"<object> {number} of {str(file)!r} has no <bndbox>.")
        sides = [float(_text_of(box, side)) for side in ("xmin", "ymin", "xmax", "ymax")]
        corners = (sides[0] - 1, sides[1] - 1, sides[2], sides[3])
        things.append(Thing(element.findtext("name"), corners, None, number))
    size = root.find("size")
    sides = [] if size is None else [float(_text_of(size, side)) for side in ("height", "width")]
    # some tools write 0 where they do not know
    known = (sides[0], sides[1]) if all(sides) and sides else None
    return Annotated(str(file), known, tuple(things), str(file), "object")


def _text_of(element: ElementTree.Element, name: str) -> str:
    text = element.findtext(name)
    if text is None:
        raise OptionError(f"<{element.tag}> has no <{name}>.")
    return text
