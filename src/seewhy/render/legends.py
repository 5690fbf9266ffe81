"""What stands below a picture: what it shows, in words, and the colours of its scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from seewhy.render.heatmaps import heated
from seewhy.render.looks import Look
from seewhy.render.text import TEXT, font, wrap_text

MARGIN = 12
LEAST = 300
"""Pixels of width in which a legend can be read."""
BAR = (260, 16)
"""Pixels of the colour bar, at most and high."""
GREY = 205
"""Of the photo that the bar is laid over, so that its cold end is seen to be photo."""


def percent(share: float) -> str:
    """A share of 0..1 as people read it: "82 %", "6.1 %", "< 0.1 %"; never 100 % for less."""
    if not 0 < share < 1:
        return f"{share:.0%}".replace("%", " %")
    if share < 0.0005:
        return "< 0.1 %"
    if share > 0.9995:
        return "> 99.9 %"
    digits = 1 if share < 0.0995 or share > 0.995 else 0
    return f"{100 * share:.{digits}f} %"


def readable(name: str) -> str:
    """A name as it is shown: in one line, with spaces in place of underscores."""
    return " ".join(name.replace("_", " ").split())


def colour_bar(look: Look, width: int, reach: float | None = None) -> Image.Image:
    """The look's colours from no heat to full heat, over grey.

    reach: 0..1, how far a map reaches on the scale; marked where it is given.
    """
    heat = np.broadcast_to(np.linspace(0, 1, width, dtype="float32"), (BAR[1], width))
    grey = np.full((*heat.shape, 3), GREY, "uint8")
    bar = Image.new("RGB", (width, BAR[1] + 8), "white")
    bar.paste(Image.fromarray(heated(grey, heat, look)), (0, 0))
    if reach is not None:
        at = min(max(5, round(reach * (width - 1))), width - 6)  # all of the mark is seen
        draw = ImageDraw.Draw(bar)
        draw.polygon(((at, BAR[1] - 4), (at - 5, BAR[1] + 7), (at + 5, BAR[1] + 7)), fill="black")
    return bar


def legend(
    width: int,
    lines: Sequence[str],
    look: Look,
    *,
    ends: tuple[str, str] = ("no evidence", "most evidence"),
    reach: float | None = None,
) -> Image.Image:
    """A white strip of a width: lines of words, wrapped, and the colour bar between its ends.

    reach: as `colour_bar` takes it.
    """
    width = max(width, LEAST)
    letters, small = font(), font(TEXT - 5)
    inner = width - 2 * MARGIN
    shown = [(line, letters if k == 0 else small) for k, line in enumerate(lines)]
    rows = [(row, face) for line, face in shown for row in wrap_text(line, face, inner)]
    bar = colour_bar(look, min(BAR[0], round(inner - sum(map(small.getlength, ends)) - 16)), reach)
    height = MARGIN + sum(round(1.4 * face.size) for _, face in rows) + bar.height + MARGIN
    strip = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(strip)
    top = MARGIN // 2
    for row, face in rows:
        draw.text((MARGIN, top), row, fill="black", font=face)
        top += round(1.4 * face.size)
    top += MARGIN // 2
    left = round(MARGIN + small.getlength(ends[0]) + 8)
    draw.text((MARGIN, top - 1), ends[0], fill="black", font=small)
    strip.paste(bar, (left, top))
    draw.text((left + bar.width + 8, top - 1), ends[1], fill="black", font=small)
    return strip


def below(picture: Image.Image, strip: Image.Image) -> Image.Image:
    """A picture with a strip below it; the narrower of both stands in the middle of white."""
    width = max(picture.width, strip.width)
    both = Image.new("RGB", (width, picture.height + strip.height), "white")
    both.paste(picture, ((width - picture.width) // 2, 0))
    both.paste(strip, (0, picture.height))
    return both
