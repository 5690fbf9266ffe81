"""What people drew on photos, and what was found on them: things with boxes and masks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class FoundBox:
    """One thing that was found on a photo."""

    number: int
    """Of its class: the model's index, or for a question about no single class one behind them."""
    name: str
    box: Box


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
        return replace(self, things=tuple(thing for thing in self.things if thing.label == label))

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
