"""Letters on pictures: fonts, lines that fit a width, titles cut short."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import ImageFont

TEXT = 18


def wrap_text(text: str, letters: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The text in lines that fit, broken between words, and within words that are longer.

    No line is broken at a space that holds words together (U+00A0).
    """
    lines = [""]
    for word in re.split(r"[ \t\n]+", text.strip()):
        longer = f"{lines[-1]} {word}".strip()
        if letters.getlength(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and letters.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def font(size: int = TEXT) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which Matplotlib brings along: Pillow's own font knows Latin letters only."""
    from matplotlib import get_data_path

    return ImageFont.truetype(str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")), size)


def shortened(title: str, letters: ImageFont.FreeTypeFont, width: int) -> str:
    if letters.getlength(title) <= width:
        return title
    while title and letters.getlength(title + "…") > width:
        title = title[:-1]
    return title + "…"
