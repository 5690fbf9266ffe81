"""The models that the page offers; nobody at the page can bring others, since a model is code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seewhy.models import presets

FOR_FILES, FOR_PRESETS = ("labels", "preprocess", "range"), ("weights",)


def offered_models(given: Sequence[str]) -> dict[str, str]:
    """Presets and files by the names under which they are offered, the first one first.

    given: those named at the start; of none the bundled network, and the presets whose weights are
    on this machine. Raises ModelError for a name or file that there is not.
    """
    if not given:
        at_hand = [each for each in presets.presets() if presets.status(each) != "to download"]
        return {each.name: each.name for each in at_hand}
    found: dict[str, str] = {}
    for source in given:
        presets.check_name_or_file(source)
        name = source if presets.is_name(source) else Path(source).name
        # files of one name in two folders
        found[source if name in found and found[name] != source else name] = source
    return found


def settings_of(source: str, settings: Mapping[str, Any], several: bool) -> dict[str, Any]:
    """The arguments of `Explainer` that are meant for one model.

    source: preset or file. several: whether others are offered, too; then names of classes and how
    pixels are wanted are those of the files, since presets know their own, and weights are the
    presets'.
    """
    if not several:
        return dict(settings)
    of_others = FOR_FILES if presets.is_name(source) else FOR_PRESETS
    return {name: value for name, value in settings.items() if name not in of_others}


def flags_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of an explainer as flags of `seewhy explain`, those that belong to the model."""
    names = ("labels", "preprocess", "weights", "fit", "range")
    usual = {"fit": "squash"}
    told = {name: settings.get(name) for name in names}
    return {name: value for name, value in told.items() if value not in (None, usual.get(name))}
