"""Boxes drawn on photos, with labels that hide nothing of what is in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seewhy.maps.regions import Box
from seewhy.render.legends import LEAST, percent, readable
from seewhy.render.text import font, wrap_text

# Okabe and Ito's colours, told apart by most who see colours differently.
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (204, 121, 167))

Rectangle = tuple[int, int, int, int]
"""(left, top, right, bottom); right and bottom are the first pixels behind it."""


@dataclass(frozen=True)
class NamedBox:
    """A box with what is said of it."""

    name: str
    box: Box
    probability: float | None = None
    """0..1, of the class in the whole photo; None where there is none to tell."""

    @property
    def words(self) -> str:
        """Which figure is the class's and which the box's is said with it."""
        share = "" if self.probability is None else f" {percent(self.probability)}"
        return f"{readable(self.name)}{share} · {percent(self.box.score)} of its heat"


def draw_boxes(photo: np.ndarray, boxes: Sequence[NamedBox]) -> Image.Image:
    """The photo with all boxes, each in its class's colour with its label.

    photo: uint8 (height, width, 3). boxes: the best first. A label stands beside its box where the
    photo has room that no box takes; the others stand in a white strip below the photo, with
    numbers where two have one colour.
    The photo keeps its pixels from the top left corner on.
    """
    picture = Image.fromarray(np.ascontiguousarray(photo))
    draw = ImageDraw.Draw(picture)
    size = photo.shape[:2]
    thick = max(2, round(min(size) / 150))
    letters = font(max(12, round(min(size) / 28)))
    names = list(dict.fromkeys(each.name for each in boxes))
    colours = [COLOURS[names.index(each.name) % len(COLOURS)] for each in boxes]
    for each, colour in reversed(list(zip(boxes, colours, strict=True))):  # the best on top
        left, top, right, bottom = each.box.corners
        draw.rectangle((left, top, right - 1, bottom - 1), outline=colour, width=thick)
    places = _places(boxes, size, letters, thick)
    below = [k for k, place in enumerate(places) if place is None]
    for each, colour, place in zip(boxes, colours, places, strict=True):
        if place is not None:
            draw.rectangle((place[0], place[1], place[2] - 1, place[3] - 1), fill=colour)
            corner = (place[0] + thick, place[1] + thick)
            draw.text(corner, each.words, fill="black", font=letters, anchor="lt")
    numbered = len({colours[k] for k in below}) < len(below)  # the colours tell them apart else
    lines = [f"{n}: {boxes[k].words}" if numbered else boxes[k].words for n, k in _counted(below)]
    if numbered:
        for n, k in _counted(below):
            _number(draw, boxes[k].box, str(n), colours[k], letters)
    return _with_lines(picture, lines, [colours[k] for k in below]) if below else picture


def at_most(
    photo: np.ndarray, boxes: Sequence[NamedBox], most: int
) -> tuple[np.ndarray, list[NamedBox]]:
    """A photo of more pixels a side shrunk to so many, with its boxes."""
    scale = most / max(photo.shape[:2])
    if scale >= 1:
        return photo, list(boxes)
    rows, cols = (max(1, round(side * scale)) for side in photo.shape[:2])
    image = Image.fromarray(photo).resize((cols, rows), Image.Resampling.BOX, reducing_gap=2)
    return np.asarray(image), [
        replace(each, box=_scaled(each.box, (cols / photo.shape[1], rows / photo.shape[0])))
        for each in boxes
    ]


def _scaled(box: Box, scale: tuple[float, float]) -> Box:
    left, top = math.floor(box.left * scale[0]), math.floor(box.top * scale[1])
    right, bottom = math.ceil(box.right * scale[0]), math.ceil(box.bottom * scale[1])
    return replace(box, left=left, top=top, right=right, bottom=bottom)


def _counted(below: Sequence[int]) -> Iterator[tuple[int, int]]:
    return enumerate(below, 1)


def _places(
    boxes: Sequence[NamedBox],
    size: tuple[int, ...],
    letters: ImageFont.FreeTypeFont,
    thick: int,
) -> list[Rectangle | None]:
    """Where each label stands on the photo; None where there is no room for it."""
    taken: list[Rectangle] = [each.box.corners for each in boxes]
    places: list[Rectangle | None] = []
    for each in boxes:
        left, top, right, bottom = letters.getbbox(each.words, anchor="lt")
        label = round(right - left) + 2 * thick, round(bottom - top) + 2 * thick
        free = (
            place
            for place in _beside(each.box.corners, label, size)
            if not any(_overlap(place, other) for other in taken)
        )
        place = next(free, None)
        places.append(place)
        taken += [place] if place else []
    return places


def _beside(box: Rectangle, label: tuple[int, int], size: tuple[int, ...]) -> Iterator[Rectangle]:
    """Places of a label that touch a box from outside and lie on the photo, the best first."""
    left, top, right, bottom = box
    wide, high = label
    # moved along the side where the label would pass the photo's edge
    x, y = max(0, min(left, size[1] - wide)), max(0, min(top, size[0] - high))
    for at in ((x, top - high), (x, bottom), (right, y), (left - wide, y)):
        place = (at[0], at[1], at[0] + wide, at[1] + high)
        if min(at) >= 0 and place[2] <= size[1] and place[3] <= size[0]:
            yield place


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _number(
    draw: ImageDraw.ImageDraw,
    box: Box,
    number: str,
    colour: tuple[int, int, int],
    letters: ImageFont.FreeTypeFont,
) -> None:
    """A number small in the corner of its box."""
    wide = letters.getlength(number) + 4
    draw.rectangle((box.left, box.top, box.left + wide, box.top + letters.size + 2), fill=colour)
    draw.text((box.left + 2, box.top + 2), number, fill="black", font=letters, anchor="lt")


def _with_lines(
    picture: Image.Image, lines: Sequence[str], colours: Sequence[tuple[int, int, int]]
) -> Image.Image:
    """The picture over a white strip of lines, each behind a square of its colour."""
    width = max(picture.width, LEAST)
    letters = font(max(14, round(picture.width / 60)))
    square, leading = round(letters.size), round(1.4 * letters.size)
    wrapped = [wrap_text(line, letters, width - 3 * square) for line in lines]
    height = picture.height + leading * sum(map(len, wrapped)) + square
    canvas = Image.new("RGB", (width, height), "white")
    canvas.paste(picture, (0, 0))
    draw = ImageDraw.Draw(canvas)
    top = picture.height + square // 2
    for rows, colour in zip(wrapped, colours, strict=True):
        draw.rectangle((square // 2, top, 1.5 * square, top + square), fill=colour)
        for row in rows:
            draw.text((2 * square, top), row, fill="black", font=letters, anchor="lt")
            top += leading
    return canvas
