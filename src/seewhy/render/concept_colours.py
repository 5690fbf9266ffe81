"""Pictures of concepts: each pixel in the colour of its strongest, and what the colours mean."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from seewhy.render.text import font, wrap_text

# Far apart in hue or lightness.
COLOURS = (
    *((230, 60, 30), (20, 120, 230), (250, 200, 0), (0, 160, 90), (200, 90, 210)),
    *((90, 220, 240), (255, 140, 0), (120, 70, 30), (170, 230, 60), (255, 160, 200)),
    *((30, 30, 110), (120, 125, 20), (0, 95, 105), (130, 0, 50), (185, 170, 255)),
)
TEXT, LARGE = 15, 20
WIDTH = 420
"""The narrowest legend, in pixels."""


def concept_colours(count: int) -> list[tuple[int, int, int]]:
    """So many colours that are easy to tell apart; from the sixteenth on less so."""
    golden = (3 - 5**0.5) / 2
    more = [
        colorsys.hsv_to_rgb((0.05 + golden * k) % 1, 1 - 0.4 * (k % 2), 0.95 - 0.3 * (k % 3) / 2)
        for k in range(max(0, count - len(COLOURS)))
    ]
    mixed = [(round(255 * r), round(255 * g), round(255 * b)) for r, g, b in more]
    return [*COLOURS[:count], *mixed]


def paint_concepts(pixels: np.ndarray, heatmaps: Iterable[np.ndarray], alpha: float) -> np.ndarray:
    """A photo whose pixels take the colour of the concept with the largest heatmap there.

    pixels: uint8 (height, width, 3). heatmaps: one a concept, (height, width) in 0..1; where
    the largest is 1, the colour covers the photo by alpha, where it is 0, not at all.
    """
    shape = pixels.shape[:2]
    best, which = np.zeros(shape, "float32"), np.zeros(shape, "int64")
    count = 0
    for k, heat in enumerate(heatmaps):
        which[heat > best] = k
        np.maximum(best, heat, out=best)
        count = k + 1
    opacity = np.float32(alpha) * best[..., None]
    paint = np.array(concept_colours(count), "float32")[which]
    mixed: np.ndarray = np.rint(opacity * paint + (1 - opacity) * pixels).astype("uint8")
    return mixed


def concept_legend(
    entries: Sequence[str], heading: str, width: int, *, several: bool = False
) -> Image.Image:
    """The colours of concepts in their order, each with its text; long texts are wrapped.

    several: whether it stands below several photos, not one.
    As wide as asked for, and not narrower than 420 pixels; letters grow with the width where it
    is that of one photo, which is shown shrunk if it is large.
    """
    width = max(width, WIDTH)
    size = max(TEXT, width // 48)
    size = min(size, LARGE) if several else size
    letters = font(size)
    line, margin, box = round(1.5 * size), size // 2, round(1.2 * size)
    indent = margin + 2 * box
    texts = [wrap_text(entry, letters, width - indent - margin) for entry in entries]
    head = wrap_text(heading, letters, width - 2 * margin)
    rows = len(head) + sum(map(len, texts))
    gap = size // 3
    canvas = Image.new("RGB", (width, rows * line + (len(texts) + 2) * gap), "white")
    draw = ImageDraw.Draw(canvas)
    top = gap
    for words in head:
        draw.text((margin, top), words, fill=(90, 90, 90), font=letters)
        top += line
    for colour, lines in zip(concept_colours(len(texts)), texts, strict=True):
        top += gap
        draw.rectangle((margin, top, margin + box, top + box), fill=colour, outline=(90, 90, 90))
        for words in lines:
            draw.text((indent, top), words, fill="black", font=letters)
            top += line
    return canvas


def stack_pictures(picture: Image.Image, below: Image.Image) -> Image.Image:
    """Two pictures, one below the other, on white."""
    size = (max(picture.width, below.width), picture.height + below.height)
    canvas = Image.new("RGB", size, "white")
    canvas.paste(picture, (0, 0))
    canvas.paste(below, (0, picture.height))
    return canvas
