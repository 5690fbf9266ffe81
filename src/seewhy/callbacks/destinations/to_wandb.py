"""Pictures and figures to the run of Weights & Biases that is open."""

from __future__ import annotations

import importlib
from typing import Any

from PIL import Image

from seewhy.callbacks.destinations.destination import Figures
from seewhy.errors import DependencyError, OptionError


class ToWandb:
    """One entry an epoch: `seewhy/PHOTO`, the figures, and `seewhy_epoch`.

    No step is given, so that others that log to the run are not disturbed: in charts, take
    seewhy_epoch as the x axis. Raises DependencyError where wandb is not installed.
    """

    def __init__(self) -> None:
        try:
            self._package = importlib.import_module("wandb")
        except ImportError as error:
            raise DependencyError(
                'Weights & Biases is not installed: pip install "seewhy[wandb]".'
            ) from error
        self._images: dict[str, Any] = {}

    def start(self) -> None:
        """Raises OptionError where no run is open."""
        if self._package.run is None:
            raise OptionError("no run of Weights & Biases is open: call wandb.init() before fit.")

    def send(self, step: int, name: str, image: Image.Image, figures: Figures) -> None:
        told = ", ".join(f"{figure} {value:.2f}" for figure, value in figures.items())
        self._images[f"seewhy/{name}"] = self._package.Image(image, caption=f"epoch {step}: {told}")

    def end_step(self, step: int, figures: Figures) -> None:
        images, self._images = self._images, {}
        self._package.log({**images, **figures, "seewhy_epoch": step})

    def send_strip(self, step: int, name: str, image: Image.Image) -> None:  # noqa: ARG002
        self._images[f"seewhy_strip/{name}"] = self._package.Image(image)

    def finish(self) -> None:
        """Sends the strips."""
        images, self._images = self._images, {}
        if images:
            self._package.log(images)
