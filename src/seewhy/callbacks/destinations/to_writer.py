"""TensorBoard, through a SummaryWriter: tensorboardX's, torch's, or any with the same face."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
from PIL import Image

from seewhy.callbacks.destinations.destination import Figures
from seewhy.errors import DependencyError

GROUP = "seewhy"


class ToWriter:
    """Images `seewhy/PHOTO` and `seewhy_strip/PHOTO`, and a scalar a figure.

    writer: has add_image and add_scalar; it is flushed, and never closed.
    """

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def start(self) -> None:
        """Nothing is to be prepared."""

    def send(self, step: int, name: str, image: Image.Image, figures: Figures) -> None:
        self._image(f"{GROUP}/{name}", step, image)
        for figure, value in figures.items():
            self._scalar(f"{GROUP}_{figure}/{name}", step, value)

    def end_step(self, step: int, figures: Figures) -> None:
        for name, value in figures.items():
            self._scalar(name, step, value)
        self._flush()

    def send_strip(self, step: int, name: str, image: Image.Image) -> None:
        self._image(f"{GROUP}_strip/{name}", step, image)

    def finish(self) -> None:
        """Brings what was sent to the file."""
        self._flush()

    def _flush(self) -> None:
        getattr(self._writer, "flush", lambda: None)()

    def _image(self, tag: str, step: int, image: Image.Image) -> None:
        pixels = np.asarray(image.convert("RGB"))
        self._writer.add_image(tag, pixels, global_step=step, dataformats="HWC")

    def _scalar(self, tag: str, step: int, value: float) -> None:
        if math.isfinite(value):
            self._writer.add_scalar(tag, value, global_step=step)


class ToTensorBoard(ToWriter):
    """The same into a folder of TensorBoard's, written by tensorboardX.

    Raises DependencyError where that is not installed.
    """

    def __init__(self, folder: str) -> None:
        try:
            self._package = importlib.import_module("tensorboardX")
        except ImportError as error:
            raise DependencyError(
                "TensorBoard's files are written by tensorboardX, which is not installed: pip "
                'install "seewhy[tensorboard]". Or give a SummaryWriter of your own.'
            ) from error
        super().__init__(None)
        self._folder = folder

    def start(self) -> None:
        """Opens a file of events; each training has its own."""
        if self._writer is None:
            self._writer = self._package.SummaryWriter(logdir=self._folder)

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
