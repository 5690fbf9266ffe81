"""Boxes with names, greyed regions and signed differences, drawn on photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from seewhy.maps.regions import Box
from seewhy.render.text import font

# Okabe and Ito's colours, told apart by most who see colours differently.
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (204, 121, 167))


def greyed_region(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photo with the region greyed and its edge drawn."""
    faded = (0.25 * photo + 0.75 * 200).astype("uint8")
    picture = np.where(mask[..., None], faded, photo)
    picture[rim(mask)] = (255, 0, 0)
    return picture


def signed_difference(plain: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Red where it is positive and blue where it is negative, over the greyed photo."""
    grey = plain.mean(axis=-1, keepdims=True).repeat(3, axis=-1) * 0.6 + 80
    colour = np.where(difference[..., None] > 0, (255.0, 0.0, 0.0), (0.0, 0.0, 255.0))
    strength = np.clip(abs(difference), 0, 1)[..., None]
    mixed: np.ndarray = np.rint(grey * (1 - strength) + colour * strength).astype("uint8")
    return mixed


def rim(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask, bool (rows, cols), of which a neighbour is outside."""
    from scipy.ndimage import binary_erosion

    edge: np.ndarray = mask & ~binary_erosion(mask)
    return edge


def draw_boxes(photo: np.ndarray, boxes: Sequence[tuple[str, Box]]) -> Image.Image:
    """The photo with all boxes, each in its class's colour with its name and score.

    photo: uint8 (height, width, 3). boxes: pairs of a class's name and a box, the best first.
    """
    picture = Image.fromarray(np.ascontiguousarray(photo))
    draw = ImageDraw.Draw(picture)
    size = photo.shape[:2]
    thick = max(2, round(min(size) / 150))
    letters = font(max(12, round(min(size) / 28)))
    names = list(dict.fromkeys(name for name, _ in boxes))
    for name, box in reversed(boxes):  # the best on top
        colour = COLOURS[names.index(name) % len(COLOURS)]
        corners = box.corners
        inside = (corners[0], corners[1], corners[2] - 1, corners[3] - 1)
        draw.rectangle(inside, outline=colour, width=thick)
        text = f"{name} {box.score:.2f}"
        left, top, right, bottom = draw.textbbox((0, 0), text, font=letters)
        high, wide = bottom - top + 2 * thick, right - left + 2 * thick
        # above the box where there is room, and never past the photo's edge
        x = max(0, min(corners[0], size[1] - wide))
        y = corners[1] - high if corners[1] >= high else corners[1]
        draw.rectangle((x, y, x + wide, y + high), fill=colour)
        draw.text((x + thick - left, y + thick - top), text, fill="black", font=letters)
    return picture
