"""Boxes and masks that people drew on photos, as COCO, Pascal VOC and YOLO files have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PureWindowsPath

import numpy as np

from seewhy.errors import OptionError

Corners = tuple[float, float, float, float]
"""(left, top, right, bottom); right and bottom are the first behind the thing."""


@dataclass(frozen=True)
class Thing:
    """One thing on a photo."""

    label: str | None
    """The name of its class; None where the file tells none."""
    corners: Corners
    """Of its box, in the units of the photo's annotation."""
    paint: Callable[[int, int], np.ndarray] | None = None
    """(height, width) → its mask, bool of that size; None where only the box was drawn."""


@dataclass(frozen=True)
class Annotated:
    """What was drawn on one photo."""

    photo: str
    """The photo's name as the file has it."""
    size: tuple[float, float] | None
    """(height, width) that corners count in: the photo's own, or (1, 1) for fractions; None where
    the file does not tell, so that it must be the photo's own."""
    things: tuple[Thing, ...]

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The classes of its things, each once, in their order."""
        return tuple(dict.fromkeys(thing.label for thing in self.things))

    def of(self, label: str | None) -> Annotated:
        """The things of one class only."""
        return replace(self, things=tuple(one for one in self.things if one.label == label))

    def boxes(self, height: int, width: int) -> list[Corners]:
        """The boxes in pixels of the photo, which has this size.

        Raises OptionError where the annotation was made on a photo of another shape.
        """
        down, across = self._scale(height, width)
        return [
            (left * across, top * down, right * across, bottom * down)
            for left, top, right, bottom in (thing.corners for thing in self.things)
        ]

    def mask(self, height: int, width: int) -> np.ndarray:
        """bool (height, width): inside of any thing's mask, or of its box where it has none.

        A pixel is inside of a box if its centre is. Raises OptionError as `boxes` does.
        """
        corners = self.boxes(height, width)
        mask = np.zeros((height, width), bool)
        for thing, (left, top, right, bottom) in zip(self.things, corners, strict=True):
            if thing.paint is not None:
                mask |= thing.paint(height, width)
            else:
                rows, cols = np.arange(height) + 0.5, np.arange(width) + 0.5
                high, wide = (rows >= top) & (rows < bottom), (cols >= left) & (cols < right)
                mask |= np.outer(high, wide)
        return mask

    def _scale(self, height: int, width: int) -> tuple[float, float]:
        if self.size is None:
            return 1.0, 1.0
        down, across = height / self.size[0], width / self.size[1]
        # a photo that was made smaller since is rounded to whole pixels
        if self.size != (1, 1) and abs(down - across) > 0.02 * max(down, across):
            turned = abs(height / self.size[1] - width / self.size[0]) < 0.02 * max(down, across)
            hint = (
                " It seems that the photo is turned by its EXIF data, and that the boxes were "
                "drawn before: save the photo upright, and draw them there."
                if turned
                else ""
            )
            raise OptionError(
                f"{self.photo!r} was annotated at {self.size[1]:g} × {self.size[0]:g} pixels, and "
                f"the photo has {width} × {height}: these are different pictures.{hint}"
            )
        return down, across


@dataclass(frozen=True)
class Annotations:
    """What was drawn on many photos."""

    photos: tuple[Annotated, ...]
    source: str
    """The file or folder that it was read from."""


def read(path: str | Path) -> Annotations:
    """Read annotations.

    path: a COCO JSON file; a Pascal VOC XML file or a folder of them; a YOLO text file or a folder
    of them (boxes or polygons in fractions of the photo; names of classes from `classes.txt`,
    `obj.names` or `data.yaml` there or one folder up); or a folder of PNG masks, which are true
    where a pixel is not 0 (VOC's border of 255 in palette pictures is left out).
    Raises OptionError for what cannot be read, with the place.
    """
    # imported late: the readers make records of this file
    from seewhy import ground_truth_files

    place = Path(path)
    if not place.exists():
        raise OptionError(f"there are no annotations at {str(path)!r}.")
    found, kind = ground_truth_files.listed(place)
    try:
        return Annotations(tuple(ground_truth_files.READERS[kind](found)), str(path))
    except (ValueError, KeyError, TypeError, OSError, SyntaxError) as error:
        if isinstance(error, OptionError):
            raise
        told = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise OptionError(
            f"{str(path)!r} cannot be read as {kind} annotations ({told}). Give a COCO JSON file, "
            f"a folder of VOC XML or YOLO text files, or a folder of PNG masks."
        ) from error


def matched(found: Annotations, photos: Sequence[str | Path]) -> list[Annotated]:
    """The annotation of each photo, in the photos' order, as `looked_up` finds it.

    Raises OptionError that names the photos without annotation, too.
    """
    rows = looked_up(found, photos)
    missing = [str(photo) for photo, row in zip(photos, rows, strict=True) if row is None]
    if missing:
        raise nothing_about(found, missing)
    return [row for row in rows if row is not None]


def looked_up(found: Annotations, photos: Sequence[str | Path]) -> list[Annotated | None]:
    """The annotation of each photo, in the photos' order; None where there is none.

    They are matched by their names without folder and suffix; where several have one name, by as
    many folders as it takes. Raises OptionError that names the photos that several fit.
    """
    known: dict[str, list[Annotated]] = defaultdict(list)
    for one in found.photos:
        known[_parts(one.photo)[-1]].append(one)
    rows = [_best(known[_parts(photo)[-1]], _parts(photo)) for photo in photos]
    several = [str(photo) for photo, row in zip(photos, rows, strict=True) if len(row) > 1]
    if several:
        raise OptionError(
            f"{found.source!r} has several entries that fit {_some(several)}. Give the photos' "
            f"paths with the folders that the file has."
        )
    return [row[0] if row else None for row in rows]


def nothing_about(found: Annotations, photos: Sequence[str]) -> OptionError:
    """The error that tells which photos have no annotation, and what there is instead."""
    names = ", ".join(repr(one.photo) for one in found.photos[:3])
    return OptionError(
        f"{found.source!r} has nothing about {_some(photos)}. It is about {len(found.photos)} "
        f"photos, such as {names}."
    )


def _best(rivals: list[Annotated], photo: list[str]) -> list[Annotated]:
    """Those that share the most folders with a photo."""
    shared = [_shared(_parts(one.photo), photo) for one in rivals]
    return [one for one, many in zip(rivals, shared, strict=True) if many == max(shared)]


def _shared(one: list[str], other: list[str]) -> int:
    pairs = zip(reversed(one), reversed(other), strict=False)
    same = [a == b for a, b in pairs]
    return same.index(False) if False in same else len(same)


def _parts(name: str | Path) -> list[str]:
    # files may have been written on Windows
    path = PureWindowsPath(name) if "\\" in str(name) else PurePath(name)
    return [*path.parts[:-1], _stem(path.name)]


def _stem(name: str) -> str:
    """Without a photo's suffix: VOC files may name photos without one, and have dots in names."""
    start, dot, suffix = name.rpartition(".")
    known = {"jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "xml", "txt", "json"}
    return start if dot and suffix.lower() in known else name


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} others"
