"""What each place for pictures and figures does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from PIL import Image

Figures = Mapping[str, float]


class Destination(Protocol):
    """A place that pictures and figures of a training go to.

    step: after how many epochs; 0 is before training.
    """

    def start(self) -> None:
        """Called before the first epoch. Raises a SeewhyError where nothing can be written."""

    def send(self, step: int, name: str, image: Image.Image, figures: Figures) -> None:
        """One photo after one epoch, with the figures of its map."""

    def end_step(self, step: int, figures: Figures) -> None:
        """All photos of an epoch were sent. figures: over all photos, as in the logs."""

    def send_strip(self, step: int, name: str, image: Image.Image) -> None:
        """One photo's strip over all epochs."""

    def finish(self) -> None:
        """Called when training is over."""


@runtime_checkable
class Redraws(Protocol):
    """A place where pictures of epochs that are over are drawn again, on the scale of all."""

    def redraw(self, step: int, name: str, image: Image.Image) -> None:
        """The picture of an epoch that is over, in place of the one that was sent."""
