"""Pictures and figures to a function of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image

from seewhy.callbacks.destinations.destination import Figures

Function = Callable[[int, str, Image.Image, dict[str, float]], Any]
STRIP = "strip/"


class ToFunction:
    """Calls function(step, name, image, figures) for each photo, and in the end for each strip.

    The name of a strip is "strip/PHOTO", and its figures are empty.
    """

    def __init__(self, function: Function) -> None:
        self._function = function

    def start(self) -> None:
        """Nothing is to be prepared."""

    def send(self, step: int, name: str, image: Image.Image, figures: Figures) -> None:
        self._function(step, name, image, dict(figures))

    def end_step(self, step: int, figures: Figures) -> None:
        """The logs have these figures."""

    def send_strip(self, step: int, name: str, image: Image.Image) -> None:
        self._function(step, f"{STRIP}{name}", image, {})

    def finish(self) -> None:
        """Nothing is left to do."""
