"""Several pictures on one labelled sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from seewhy.render.text import TEXT, font, shortened, wrap_text

COLUMNS = 4
HEIGHT = 480
LEAST = 300
"""Pixels that a cell has at least on either side: of less, nothing is made out."""
WIDTH = 3 * HEIGHT
MARGIN = 12
LINES, LEADING = 3, round(1.25 * TEXT)
"""Lines that a title has at most, and the pixels from one to the next."""


def labelled_sheet(
    pictures: Sequence[np.ndarray], titles: Sequence[str], columns: int | None = None
) -> Image.Image:
    """Pictures side by side at one height, each below its title.

    pictures: uint8 (height, width, 3), of any sizes; brought to one height of 300 to 480 pixels,
    and those that would then be wider than 1440 pixels shrunk further. titles: wrapped, up to
    three lines. columns: how many stand in a row; None for up to four. Over eight in a row are
    shrunk further.
    """
    most = HEIGHT if columns is None else min(HEIGHT, max(LEAST, 8 * HEIGHT // columns))
    height = max(LEAST, min(most, max(picture.shape[0] for picture in pictures)))
    images = [_fitted(picture, height) for picture in pictures]
    lines = [_lines(title, image) for title, image in zip(titles, images, strict=True)]
    head = 2 * TEXT + LEADING * (max(map(len, lines)) - 1)
    tiles = [_tile(*pair, head, height) for pair in zip(images, lines, strict=True)]
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


def _fitted(picture: np.ndarray, height: int) -> Image.Image:
    image = Image.fromarray(picture)
    # a panorama at full height would make a sheet wider than a JPEG may be
    scale = min(height / image.height, WIDTH / image.width)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _lines(title: str, image: Image.Image) -> list[str]:
    letters, width = font(), max(image.width, LEAST)
    lines = wrap_text(" ".join(title.split()), letters, width)
    rest = " ".join(lines[LINES - 1 :])
    return [*lines[: LINES - 1], shortened(rest, letters, width)] if lines[LINES:] else lines


def _tile(image: Image.Image, lines: Sequence[str], head: int, height: int) -> Image.Image:
    # a picture may be too narrow for any title
    tile = Image.new("RGB", (max(image.width, LEAST), head + height), "white")
    draw = ImageDraw.Draw(tile)
    for row, line in enumerate(lines):
        draw.text((0, TEXT // 3 + row * LEADING), line, fill="black", font=font())
    tile.paste(image, (0, head))
    return tile
