"""Pictures and figures to MLflow: the run that is open, or one that is opened."""

from __future__ import annotations

import importlib
import math

from PIL import Image

from seewhy.callbacks.destinations.destination import Figures
from seewhy.errors import DependencyError
from seewhy.render.files import slug


class ToMlflow:
    """Images by steps, figures as metrics (those of a photo as `seewhy_photos/PHOTO/border`), and
    the strips as artifacts `seewhy/PHOTO_strip.png`.

    Raises DependencyError where mlflow is not installed.
    """

    def __init__(self) -> None:
        try:
            self._package = importlib.import_module("mlflow")
        except ImportError as error:
            raise DependencyError(
                'MLflow is not installed: pip install "seewhy[mlflow]".'
            ) from error
        self._opened = False

    def start(self) -> None:
        """Opens a run where none is open."""
        if self._package.active_run() is None:
            self._package.start_run()
            self._opened = True

    def send(self, step: int, name: str, image: Image.Image, figures: Figures) -> None:
        key = slug(name)
        self._package.log_image(image, key=f"seewhy/{key}", step=step)
        # in file stores, no metric may have the name of another one's folder
        self._metrics({f"seewhy_photos/{key}/{each}": v for each, v in figures.items()}, step)

    def end_step(self, step: int, figures: Figures) -> None:
        self._metrics(dict(figures), step)

    def send_strip(self, step: int, name: str, image: Image.Image) -> None:  # noqa: ARG002
        self._package.log_image(image, f"seewhy/{slug(name)}_strip.png")

    def finish(self) -> None:
        """Ends the run that was opened here."""
        if self._opened:
            self._package.end_run()
            self._opened = False

    def _metrics(self, figures: dict[str, float], step: int) -> None:
        finite = {name: value for name, value in figures.items() if math.isfinite(value)}
        if finite:
            self._package.log_metrics(finite, step=step)
