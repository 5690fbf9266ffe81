"""How results show themselves in notebooks: pictures, captions and tables, light or dark."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from seewhy.render.legends import colour_bar
from seewhy.render.looks import Look
from seewhy.render.pages import data_address, html_page

LARGEST = 1024
"""Pixels a side of pictures in a notebook, which keeps all of them in its file."""


@dataclass(frozen=True)
class Figure:
    """A picture with what stands below it."""

    picture: Image.Image
    lines: Sequence[str] = ()
    """Below the picture; the first one is the heading."""


@dataclass(frozen=True)
class HtmlTable:
    """A table of texts; a cell that is a number is set to the right."""

    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str = ""
    marks: Sequence[str] = ()
    """For each row "", "strong" or "faint"; () for "" in all."""


def notebook_html(
    title: str = "",
    *,
    figures: Sequence[Figure] = (),
    tables: Sequence[HtmlTable] = (),
    notes: Sequence[str] = (),
    look: Look | None = None,
    largest: int = LARGEST,
) -> str:
    """A piece of HTML for a notebook; all texts are escaped.

    look: whose colour bar is shown, or None. largest: pixels a side of the pictures.
    """
    return html_page(
        "notebook.html",
        title=title,
        figures=[(picture_address(each.picture, largest), each.lines) for each in figures],
        tables=[
            {
                "title": each.title,
                "headings": each.headings,
                "rows": list(zip(each.marks or [""] * len(each.rows), each.rows, strict=True)),
            }
            for each in tables
        ],
        notes=notes,
        bar=None if look is None else picture_address(colour_bar(look, 160), 160),
    )


def picture_address(picture: Image.Image, largest: int) -> str:
    """A picture, shrunk to so many pixels a side at most, as an address that holds it."""
    picture = picture.copy()
    picture.thumbnail((largest, largest))
    content = io.BytesIO()
    picture.save(content, "png")
    return data_address(content.getvalue(), "image/png")


def png_bytes(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "png")
    return content.getvalue()


def show_side_by_side(pictures: Sequence[np.ndarray], title: str) -> None:
    """Show pictures in a row, in a window or a notebook, with Matplotlib."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(pictures), figsize=(10, 5), layout="constrained")
    for axis, picture in zip(axes, pictures, strict=True):
        axis.imshow(picture)
        axis.axis("off")
    figure.suptitle(title)
    pyplot.show()
