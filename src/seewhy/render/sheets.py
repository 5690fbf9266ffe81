"""Several pictures on one labelled sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from seewhy.render.text import TEXT, font, shortened

COLUMNS = 4
HEIGHT = 480
WIDTH = 3 * HEIGHT
MARGIN = 12


def labelled_sheet(
    pictures: Sequence[np.ndarray], titles: Sequence[str], columns: int | None = None
) -> Image.Image:
    """Pictures side by side at one height, each below its title.

    pictures: uint8 (height, width, 3), of any sizes; those over 480 pixels high are shrunk, and
    those that would then be wider than 1440 pixels, further. columns: how many stand in a row;
    None for up to four. Over eight in a row are shrunk further.
    """
    most = HEIGHT if columns is None else min(HEIGHT, max(128, 8 * HEIGHT // columns))
    height = min(most, max(picture.shape[0] for picture in pictures))
    tiles = [_tile(picture, title, height) for picture, title in zip(pictures, titles, strict=True)]
    columns = columns or math.ceil(len(tiles) / math.ceil(len(tiles) / COLUMNS))
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
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
    # a panorama at full height would make a sheet wider than a JPEG may be
    scale = min(height / image.height, WIDTH / image.width)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    letters = font()
    # a picture may be too narrow for any title
    tile = Image.new("RGB", (max(size[0], 8 * TEXT), height + 2 * TEXT), "white")
    draw = ImageDraw.Draw(tile)
    line = shortened(" ".join(title.split()), letters, tile.width)
    draw.text((0, TEXT // 3), line, fill="black", font=letters)
    tile.paste(image.resize(size, Image.Resampling.LANCZOS), (0, 2 * TEXT))
    return tile
