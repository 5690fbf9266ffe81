"""A widget for notebooks in which one points at a photo and sees the classes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from seewhy.errors import DependencyError, OptionError

FOLDER = Path(__file__).parent
QUALITY = 85


@dataclass(frozen=True)
class ClassOnPhoto:
    """How much speaks for a class at a place."""

    index: int
    name: str
    value: float


def explorer_widget(
    photo: Image.Image,
    overlay: Callable[[int | None], Image.Image],
    seen_at: Callable[[float, float], Sequence[ClassOnPhoto]],
    title: str,
) -> Any:
    """An anywidget with the photo, its map, and the classes where one points.

    photo: as it is shown. overlay: the photo under the map of a class by its index, None for the
    map that was asked. seen_at: the classes at x and y, 0..1 of width and height; what it raises as
    OptionError is told in the widget. title: what the first map is of.

    Its traits: `point`, [x, y] or []; `classes`, a list of {index, name, value}; `chosen`, the
    index of the class whose map is shown, -1 for the one that was asked; `note`, what is told.
    Raises DependencyError where anywidget is not installed.
    """
    return _widget_class()(photo=jpeg(photo), overlay=jpeg(overlay(None)), title=title).answered_by(
        overlay, seen_at
    )


def jpeg(picture: Image.Image) -> bytes:
    """A picture as bytes of a file."""
    content = BytesIO()
    picture.convert("RGB").save(content, "jpeg", quality=QUALITY)
    return content.getvalue()


@cache
def _widget_class() -> Any:
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise DependencyError(
            "explore() is a widget of anywidget, which is not installed: pip install "
            '"seewhy[notebook]".'
        ) from error

    class ExplorerWidget(anywidget.AnyWidget):  # type: ignore[misc]
        """Point at a photo and see the classes there."""

        _esm = FOLDER / "explorer.js"
        _css = FOLDER / "explorer.css"
        photo = traitlets.Bytes().tag(sync=True)
        overlay = traitlets.Bytes().tag(sync=True)
        title = traitlets.Unicode().tag(sync=True)
        point = traitlets.List(traitlets.Float()).tag(sync=True)
        classes = traitlets.List().tag(sync=True)
        chosen = traitlets.Int(-1).tag(sync=True)
        note = traitlets.Unicode().tag(sync=True)

        def answered_by(self, overlay: Any, seen_at: Any) -> Any:
            """Answer when somebody points or chooses; gives the widget."""

            def pointed(change: Any) -> None:
                self.classes, self.note = _seen(seen_at, change["new"])

            def chosen(change: Any) -> None:
                index = change["new"]
                self.overlay = jpeg(overlay(None if index < 0 else index))

            self.observe(pointed, "point")
            self.observe(chosen, "chosen")
            return self

    return ExplorerWidget


def _seen(seen_at: Any, point: Sequence[float]) -> tuple[list[dict[str, Any]], str]:
    """The classes at a point as plain values, and what is to be told."""
    if len(point) != 2 or not all(0 <= side <= 1 for side in point):
        return [], ""
    try:
        return [vars(each) for each in seen_at(*point)], ""
    except OptionError as error:  # such as a place that the network did not see
        return [], str(error)
