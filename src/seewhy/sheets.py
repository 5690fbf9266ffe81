"""Several pictures on one labelled sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLUMNS = 4
HEIGHT = 480
MARGIN = 12
TEXT = 18


def sheet(pictures: Sequence[np.ndarray], titles: Sequence[str]) -> Image.Image:
    """Pictures side by side at one height, each below its title, in rows of four.

    pictures: uint8 (height, width, 3), of any sizes; those over 480 pixels high are shrunk.
    """
    height = min(HEIGHT, max(picture.shape[0] for picture in pictures))
    tiles = [_tile(picture, title, height) for picture, title in zip(pictures, titles, strict=True)]
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    width = max(sum(tile.width + MARGIN for tile in row) for row in rows) + MARGIN
    step = tiles[0].height + MARGIN
    canvas = Image.new("RGB", (width, step * len(rows) + MARGIN), "white")
    for i, row in enumerate(rows):
        left = MARGIN
        for tile in row:
            canvas.paste(tile, (left, MARGIN + step * i))
            left += tile.width + MARGIN
    return canvas


def _tile(picture: np.ndarray, title: str, height: int) -> Image.Image:
    image = Image.fromarray(picture)
    width = max(1, round(image.width * height / image.height))
    font = ImageFont.load_default(size=TEXT)
    # a picture may be too narrow for any title
    tile = Image.new("RGB", (max(width, 8 * TEXT), height + 2 * TEXT), "white")
    draw = ImageDraw.Draw(tile)
    draw.text((0, TEXT // 3), _shortened(title, font, tile.width), fill="black", font=font)
    tile.paste(image.resize((width, height), Image.Resampling.LANCZOS), (0, 2 * TEXT))
    return tile


def _shortened(title: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(title) <= width:
        return title
    while title and font.getlength(title + "…") > width:
        title = title[:-1]
    return title + "…"
