"""What can be told of models, classes and folders before a backend is loaded. Imports no Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seewhy.cli.arguments import grammar
from seewhy.errors import OptionError

if TYPE_CHECKING:
    from seewhy.targets.labels import Labels

RANKS = ("top", "all-top", "label")
"""Targets that are no classes."""


def check_models(settings: Mapping[str, Any], *models: str) -> None:
    """Raises ModelError, WeightsError or LabelsError for files and presets that are not there.

    settings: arguments of `Explainer`, of which weights and labels are files.
    """
    from seewhy.models import model_files, presets
    from seewhy.targets.labels import read_labels

    for model in models:
        presets.check_name_or_file(model)
    if settings.get("weights"):
        model_files.checked_weights_path(settings["weights"])
    if settings.get("labels"):
        read_labels(settings["labels"])


def check_classes(settings: Mapping[str, Any], model: str, texts: Sequence[str | None]) -> None:
    """Raises TargetError for classes that the model does not have, where its classes are known.

    texts: targets as they were written; None for what was not given.
    """
    labels = known_labels(settings, model)
    if labels is None or settings.get("output") is not None:  # another output, other classes
        return
    for target in grammar.target_list([text for text in texts if text is not None], labels):
        if target.strip().lower().replace("_", "-") not in RANKS:
            labels.find(target)


def check_folder(output: Path) -> None:
    """Raises OptionError for a folder that cannot be made or written in; makes none."""
    place = output.absolute()
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return
    why = "you may not write there" if place.is_dir() else f"{place.name!r} is no folder"
    raise OptionError(
        f"files cannot go to {str(output)!r} ({why}). "
        f"Give a folder that can be written with --output."
    )


def check_boxes(boxes: Path | None) -> None:
    """Raises OptionError if there is no such file or folder."""
    if boxes is not None and not boxes.exists():
        raise OptionError(f"there is no file or folder {str(boxes)!r} with boxes: check --boxes.")


def known_labels(settings: Mapping[str, Any], model: str) -> Labels | None:
    """The classes of a model, as far as they are known without loading it."""
    from seewhy.models import presets
    from seewhy.targets.labels import imagenet_labels, read_labels

    if settings.get("labels"):
        return read_labels(settings["labels"])
    return imagenet_labels() if presets.is_name(model) else None
