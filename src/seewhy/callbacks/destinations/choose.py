"""Which places are meant by `to`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from seewhy.callbacks.destinations.destination import Destination
from seewhy.callbacks.destinations.to_folder import ToFolder
from seewhy.callbacks.destinations.to_function import ToFunction
from seewhy.callbacks.destinations.to_mlflow import ToMlflow
from seewhy.callbacks.destinations.to_wandb import ToWandb
from seewhy.callbacks.destinations.to_writer import ToTensorBoard, ToWriter
from seewhy.errors import OptionError

TENSORBOARD = "tensorboard"
WORDS: dict[str, Callable[[], Destination]] = {"wandb": ToWandb, "mlflow": ToMlflow}


def choose_destinations(to: Any) -> list[Destination]:
    """The places that are meant: one, or a list of several; none for None.

    Raises OptionError for what is none, DependencyError where a package is missing.
    """
    if to is None:
        return []
    if isinstance(to, list | tuple):
        return [place for each in to for place in choose_destinations(each)]
    return [_chosen(to)]


def _chosen(to: Any) -> Destination:
    if isinstance(to, str):
        word, _, folder = to.partition(":")
        if word == TENSORBOARD:
            return ToTensorBoard(folder or "logs")
        if to in WORDS:
            return WORDS[to]()
    if isinstance(to, str | Path) and str(to).strip():
        return ToFolder(to)
    if hasattr(to, "add_image") and hasattr(to, "add_scalar"):
        return ToWriter(to)
    if hasattr(to, "as_default"):
        raise OptionError(
            "writers of tf.summary have another face: give the folder, as "
            'to="tensorboard:logs", or a SummaryWriter of tensorboardX or torch.'
        )
    if callable(to) and not isinstance(to, type):
        return ToFunction(to)
    raise OptionError(
        f'to is a folder, "tensorboard:FOLDER", "wandb", "mlflow", a SummaryWriter, or a function '
        f"(step, name, image, figures), or a list of these; got {to!r}."
    )
