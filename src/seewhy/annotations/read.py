"""Readers of annotation files: COCO, Pascal VOC, YOLO, and masks as pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from seewhy.annotations.coco import read_coco
from seewhy.annotations.masks import read_masks
from seewhy.annotations.pascal_voc import read_voc
from seewhy.annotations.records import UNREADABLE, Annotated, Annotations, error_in_words
from seewhy.annotations.yolo import read_yolo
from seewhy.checks import check_regular_file
from seewhy.errors import OptionError

KINDS = {".json": "COCO", ".xml": "Pascal VOC", ".txt": "YOLO", ".png": "mask"}
# What lies in folders of YOLO files beside them.
BESIDE = {"classes.txt", "train.txt", "val.txt", "test.txt", "readme.txt"}


def files_of_kind(place: Path) -> tuple[list[Path], str]:
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
        every = sorted(
            file for file in place.rglob("*") if file.suffix.lower() == suffix and file.is_file()
        )
        files = [file for file in every if file.name.lower() not in BESIDE]
        if files:
            return files, kind
    raise OptionError(f"the folder {str(place)!r} has no {', '.join(KINDS)} files.")


READERS: dict[str, Callable[[Sequence[Path]], Iterator[Annotated]]] = {
    "COCO": read_coco,
    "Pascal VOC": read_voc,
    "YOLO": read_yolo,
    "mask": read_masks,
}


def read(path: str | Path) -> Annotations:
    """Read annotations.

    path: a COCO JSON file; a Pascal VOC XML file or a folder of them; a YOLO text file or a folder
    of them (boxes or polygons in fractions of the photo; names of classes from `classes.txt`,
    `obj.names` or `data.yaml` there or one folder up); or a folder of PNG masks, which are true
    where a pixel is not 0 (VOC's border of 255 in palette pictures is left out).
    Raises OptionError for what cannot be read, with the place. What is wrong with one photo or box
    of many is kept with it, and raised when it is asked for.
    """
    place = Path(path)
    if not place.exists():
        raise OptionError(f"there are no annotations at {str(path)!r}.")
    check_regular_file(place, OptionError)
    files, kind = files_of_kind(place)
    try:
        photos = tuple(READERS[kind](files))
    except UNREADABLE as error:
        if isinstance(error, OptionError):
            raise
        raise OptionError(
            f"{str(path)!r} cannot be read as {kind} annotations ({error_in_words(error)}). {MEND}"
        ) from error
    faults = [photo.fault for photo in photos if photo.fault]
    if photos and len(faults) == len(photos):
        raise OptionError(f"{faults[0]} {MEND}")
    return Annotations(photos, str(path))


MEND = (
    "Give a COCO JSON file, a folder of VOC XML or YOLO text files, or a folder of PNG masks, as "
    "their formats have them."
)
