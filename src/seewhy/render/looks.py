"""How a heatmap is laid over a photo: named looks, and what of them is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict

from seewhy.checks import number, one_of
from seewhy.errors import OptionError
from seewhy.images.geometry import Enlargement
from seewhy.render.colormaps import table

LookName = Literal["clear", "tutorial"]
Blend = Literal["heat", "add", "mix"]
BLENDS = ("heat", "add", "mix")


@dataclass(frozen=True)
class Look:
    """One way to draw heatmaps. Raises OptionError for values that are not allowed."""

    colormap: str = "clear"
    """"clear" (turbo without its darkest reds), OpenCV's "jet", or a name that Matplotlib knows."""
    alpha: float = 0.6
    """0..1: strength of the colours; with blend "heat", where the heat is strong."""
    blend: str = "heat"
    """"heat": opacity follows the heat, so that cold places stay photo; "add" and "mix" as
    `render.overlay` describes them."""
    enlarge: Enlargement = "monotone"
    """How the map is enlarged to the photo; see `Geometry.to_photo`."""
    cells: bool = False
    """Whether the edges of the grid's cells are drawn faintly."""

    def __post_init__(self) -> None:
        one_of("blend", self.blend, BLENDS)
        number("alpha", self.alpha, 0, 1)
        table(self.colormap)


CLEAR = Look()
"""Reads on photos from black to white: of turbo, inferno and cividis, compared on eleven photos,
turbo without its darkest reds is the one whose hot colours are lost neither on white nor on black.
"""
TUTORIAL = Look("jet", 0.4, "add", "linear")
"""OpenCV's jet, 0.4 of it added, enlarged linearly: the pictures of Keras's Grad-CAM tutorial."""
LOOKS = {"clear": CLEAR, "tutorial": TUTORIAL}


def choose_look(
    look: LookName | Look | None = None,
    *,
    colormap: str | None = None,
    alpha: float | None = None,
    blend: str | None = None,
    cells: bool = False,
) -> Look:
    """A look by its name, with what else is said of it.

    look: "clear" or "tutorial"; None for clear, but for the tutorial's where the colour map "jet"
        or the blend "add" or "mix" is said, which belong to it. colormap, alpha, blend: in place
        of the look's own.
    Raises OptionError for an unknown look, colour map or blend, and for an alpha beyond 0..1.
    """
    if blend is not None:
        one_of("blend", blend, BLENDS)  # before anything is compared with what may be an array
    if colormap is not None:
        table(colormap)
    if look is None:
        clear = blend == "heat" or (blend is None and colormap != "jet")
        chosen = CLEAR if clear else TUTORIAL
    elif isinstance(look, Look):
        chosen = look
    elif isinstance(look, str):
        one_of("look", look, tuple(LOOKS))
        chosen = LOOKS[look]
    else:
        raise OptionError(f"look is one of {', '.join(LOOKS)}; got {look!r}.")
    said: dict[str, Any] = {"colormap": colormap, "alpha": alpha, "blend": blend}
    changes = {name: value for name, value in said.items() if value is not None}
    return replace(chosen, **changes, cells=cells or chosen.cells)


class SheetDrawing(TypedDict, total=False):
    """What `choose_look` takes."""

    look: LookName | Look | None
    colormap: str | None
    alpha: float | None
    blend: Blend | None
    cells: bool


class Drawing(SheetDrawing, total=False):
    """What `Explanation.overlay` takes."""

    legend: bool
    full_size: bool
