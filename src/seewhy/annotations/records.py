"""What people drew on photos, and what was found on them: things with boxes and masks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.maps.regions import Box

Corners = tuple[float, float, float, float]
"""(left, top, right, bottom); right and bottom are the first behind the thing."""


# Line breaks of any kind, controls, and what neither UTF-8 nor XML has.
_NOT_IN_LINES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def one_line(text: str) -> str:
    """A name as files of lines and XML take it: line breaks and controls written out, as \\n."""
    return _NOT_IN_LINES.sub(lambda found: ascii(found[0])[1:-1], text)


MOST_THINGS = 20_000
"""On one photo; more are a mistake, and would take minutes."""


@dataclass(frozen=True)
class FoundBox:
    """One thing that was found on a photo."""

    number: int
    """Of its class: the model's index, or for a question about no single class one behind them."""
    name: str
    box: Box
    probability: float | None = None
    """0..1, of the class in the whole photo; None where there is none to tell."""


@dataclass(frozen=True)
class LocatedPhoto:
    """What was found on one photo."""

    photo: str
    size: tuple[int, int]
    """(height, width)."""
    found: tuple[FoundBox, ...]


@dataclass(frozen=True)
class Thing:
    """One thing on a photo."""

    label: str | None
    """The name of its class; None where the file tells none."""
    corners: Corners
    """Of its box, in the units of the photo's annotation."""
    paint: Callable[[int, int], np.ndarray] | None = None
    """(height, width) → its mask, bool of that size; None where only the box was drawn."""
    number: Any = None
    """By which its file tells it from others: an id, or the number of its line."""
    fault: str = ""
    """What is wrong with it, so that nothing can be measured by it."""


@dataclass(frozen=True)
class Annotated:
    """What was drawn on one photo."""

    photo: str
    """The photo's name as the file has it."""
    size: tuple[float, float] | None
    """(height, width) that corners count in: the photo's own, or (1, 1) for fractions; None where
    the file does not tell, so that it must be the photo's own."""
    things: tuple[Thing, ...]
    file: str = ""
    """The file that it was read from."""
    unit: str = "box"
    """What the file calls a thing: annotation, line, object."""
    fault: str = ""
    """What is wrong with all of it."""

    def __bool__(self) -> bool:
        """Whether anything was drawn, be it faulty."""
        return bool(self.things or self.fault)

    @property
    def labels(self) -> tuple[str | None, ...]:
        """The classes of its things, each once, in their order."""
        return tuple(dict.fromkeys(thing.label for thing in self.things if not thing.fault))

    def of(self, label: str | None) -> Annotated:
        """The things of one class only."""
        return replace(self, things=tuple(thing for thing in self.things if thing.label == label))

    def boxes(self, height: int, width: int) -> list[Corners]:
        """The boxes in pixels of the photo, which has this size.

        Raises OptionError, which names the thing, where one is faulty, of no size or outside of the
        photo, and where the annotation was made on a photo of another shape.
        """
        if self.fault or len(self.things) > MOST_THINGS:
            many = f"{self.photo!r} has {len(self.things):,} things: at most {MOST_THINGS:,} count."
            raise OptionError(self.fault or many)
        down, across = self._scale(height, width)
        corners = [
            (left * across, top * down, right * across, bottom * down)
            for left, top, right, bottom in (thing.corners for thing in self.things)
        ]
        for k, thing in enumerate(self.things):
            fault = thing.fault or _fault_of_box(thing.corners, corners[k], (height, width))
            if fault:
                raise OptionError(f"{self._name_of(k)}: {fault}")
        return corners

    def mask(self, height: int, width: int) -> np.ndarray:
        """bool (height, width): inside of any thing's mask, or of its box where it has none.

        A pixel is inside of a box if its centre is. Raises OptionError as `boxes` does.
        """
        corners = self.boxes(height, width)
        mask = np.zeros((height, width), bool)
        for k, (left, top, right, bottom) in enumerate(corners):
            painted = self.painted(k, height, width)
            if painted is not None:
                mask |= painted
            else:
                rows, cols = np.arange(height) + 0.5, np.arange(width) + 0.5
                high, wide = (rows >= top) & (rows < bottom), (cols >= left) & (cols < right)
                mask |= np.outer(high, wide)
        return mask

    def painted(self, k: int, height: int, width: int) -> np.ndarray | None:
        """The mask of one thing; None where only its box was drawn. Raises OptionError, too."""
        paint = self.things[k].paint
        if paint is None:
            return None
        try:
            painted = np.asarray(paint(height, width))
        except UNREADABLE as error:
            raise OptionError(f"{self._name_of(k)}: {error_in_words(error)}") from error
        if painted.dtype != bool or painted.shape != (height, width):
            raise OptionError(
                f"{self._name_of(k)}: its mask is bool of the photo's shape {(height, width)}; "
                f"got {painted.dtype} of {painted.shape}."
            )
        return painted

    def _name_of(self, k: int) -> str:
        number = self.things[k].number
        file = f" of {self.file!r}" if self.file else ""
        photo = "" if self.photo == self.file else f", about {self.photo!r}"
        return f"{self.unit} {k + 1 if number is None else number!r}{file}{photo}"

    def _scale(self, height: int, width: int) -> tuple[float, float]:
        if self.size is None:
            return 1.0, 1.0
        if not all(side > 0 and np.isfinite(side) for side in self.size):
            raise OptionError(
                f"{self.photo!r} was annotated at {self.size[1]:g} × {self.size[0]:g} pixels, as "
                f"its file says: write the photo's width and height there."
            )
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


def _fault_of_box(given: Corners, corners: Corners, size: tuple[int, int]) -> str:
    """What is wrong with a box; given: as its file has it; size: of the photo."""
    left, top, right, bottom = corners
    told = "({:g}, {:g}, {:g}, {:g})".format(*given)
    if not np.isfinite(corners).all():
        return f"a corner of its box {told} is no finite number."
    if right <= left or bottom <= top:
        return (
            f"its box {told} goes from (left, top) to (right, bottom) and has no area: width and "
            f"height are above 0."
        )
    if right <= 0 or bottom <= 0 or left >= size[1] or top >= size[0]:
        return f"its box {told} lies outside of the photo."
    return ""


def error_in_words(error: Exception) -> str:
    """What an exception says, in one line; the kind of those that are none of seewhy's."""
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, OptionError) else f"{type(error).__name__}: {text}"


def annotated_or_fault(file: Path, kind: str, read: Callable[[], Annotated]) -> Annotated:
    """What a file about one photo says, or a record of why it cannot be read."""
    try:
        return read()
    except OptionError as error:
        fault = str(error)
    except UNREADABLE as error:
        fault = f"{str(file)!r} cannot be read as {kind} annotations ({error_in_words(error)})."
    return Annotated(str(file), None, (), str(file), fault=fault)


UNREADABLE = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
    *(OSError, SyntaxError, RecursionError, MemoryError),
)
"""What readers of files raise about what is not as they expect it."""


@dataclass(frozen=True)
class Annotations:
    """What was drawn on many photos."""

    photos: tuple[Annotated, ...]
    source: str
    """The file or folder that it was read from."""
