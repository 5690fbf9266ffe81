"""How an explanation shows itself in a notebook, and the widget in which one points at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from seewhy.errors import OptionError
from seewhy.images.photo import Photo
from seewhy.render import pictures
from seewhy.render.legends import percent, readable
from seewhy.render.looks import choose_look
from seewhy.render.notebooks.explorer import ClassOnPhoto, explorer_widget
from seewhy.render.notebooks.html import LARGEST, Figure, HtmlTable, notebook_html

SHOWN = 512
"""Pixels of the longer side of the widget's pictures."""
Explanation = Any
"""`seewhy.results.explanation.Explanation`, whose methods these are."""


def explanation_html(explanation: Explanation) -> str:
    """The overlay, its caption, the top classes and what must be known, as a piece of HTML."""
    classes = [(readable(p.name), percent(p.probability)) for p in explanation.predictions]
    return notebook_html(
        figures=[Figure(explanation.thumbnail(LARGEST), explanation.caption)],
        tables=[HtmlTable((), classes)] if classes else [],
        notes=explanation.warnings,
        look=choose_look(),
    )


def explorer(explanation: Explanation) -> Any:
    """The widget of `Explanation.explore`.

    Raises OptionError for what is no photo, and where the model is no longer at hand.
    """
    if not isinstance(explanation.photo, Photo):
        raise OptionError("explore points at a photo; this is a signal, volume or video.")
    height, width = explanation.photo.size
    # tells at once if the model is gone, and makes the maps of all classes
    explanation.at(*_inside(explanation), top=1)

    def seen_at(x: float, y: float) -> list[ClassOnPhoto]:
        found = explanation.at(min(int(x * width), width - 1), min(int(y * height), height - 1))
        return [ClassOnPhoto(each.index, each.name, each.value) for each in found]

    def overlay(index: int | None) -> Image.Image:
        drawn = explanation if index is None else _of_class(explanation, index)
        picture: Image.Image = drawn.thumbnail(SHOWN)
        return picture

    plain = Image.fromarray(pictures.plain_picture(explanation.photo))
    plain.thumbnail((SHOWN, SHOWN))
    return explorer_widget(plain, overlay, seen_at, explanation.target_words)


def _of_class(explanation: Explanation, index: int) -> Explanation:
    """The same with the map of another class, on one scale with all of them."""
    maps = explanation.class_maps
    return replace(explanation, map=maps[index].astype("float32"), scale=None)


def _inside(explanation: Explanation) -> Sequence[int]:
    """x and y of a pixel that the network saw."""
    rows, cols = np.nonzero(explanation.geometry.seen)
    middle = len(rows) // 2
    return int(cols[middle]), int(rows[middle])
