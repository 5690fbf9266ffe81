"""The arguments of `Explainer` that a record tells; from outside, so that they are limited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from seewhy.checks import sides_of
from seewhy.enhance.augmentations import parse_enhancements
from seewhy.errors import MethodError, OptionError, RecordError
from seewhy.explainer.options import ExplainerOptions
from seewhy.methods.registry import read_method
from seewhy.results.records.record import OWN_FUNCTION, Record

NOT_REPEATED = ("labels", "top", "layer", "method", "options", "weights", "batch_size")
"""Those that change no map, and those that a record tells elsewhere."""
LARGEST_SIDE, LARGEST_COUNT = 8192, 100_000
"""Pixels of an input's side, and masks, steps or samples of a method."""


def settings_of(record: Record) -> dict[str, Any]:
    """Arguments of `Explainer`, without those that no file could hold.

    Raises RecordError for values that are not allowed.
    """
    known = [each.name for each in fields(ExplainerOptions) if each.name not in NOT_REPEATED]
    unknown = [name for name in record.options if name not in (*known, *NOT_REPEATED)]
    if unknown:
        raise RecordError(
            f"the record has the option {unknown[0]!r}, which this version of seewhy does not "
            f"know: take the version that wrote it, {record.versions.get('seewhy', 'unknown')}."
        )
    settings = {
        name: _as_given(value)
        for name, value in record.options.items()
        if name in known and value != OWN_FUNCTION and name not in record.not_recorded
    }
    if record.layers:
        settings["layer"] = [*record.layers] if len(record.layers) > 1 else record.layers[0]
    try:
        if "method" not in record.not_recorded:
            settings["method"], settings["options"] = read_method(
                (_name(record.method.name), dict(record.method.options))
            )
        ExplainerOptions(**settings)
        _check_limits(settings)
    except (OptionError, MethodError, TypeError) as error:
        raise RecordError(f"the record cannot be repeated: {error}") from error
    return settings


def _name(name: str) -> str:
    """A method's name only: a text may hold options, too."""
    if not name.replace("_", "").isalnum():
        raise RecordError(f"the record names no method: {name!r}.")
    return name


def _as_given(value: Any) -> Any:
    """Lists of numbers as the tuples that they were."""
    return tuple(map(_as_given, value)) if isinstance(value, list) else value


def _check_limits(settings: Mapping[str, Any]) -> None:
    """A file must not set off a computation that never ends."""
    sizes = [*sides_of(settings.get("sizes") or ()), *sides_of([settings.get("size") or 1])]
    if any(side > LARGEST_SIDE for sides in sizes for side in sides):
        raise OptionError(f"its input has more than {LARGEST_SIDE} pixels a side.")
    enhancements, _ = parse_enhancements(settings.get("enhance", ()))
    values = [value for each in enhancements for value in vars(each).values()]
    options = dict(settings.get("options") or {})
    options.pop("seed", None)
    for value in [*values, *options.values()]:
        if isinstance(value, int | float) and abs(value) > LARGEST_COUNT:
            raise OptionError(f"it has an option of {value}, more than {LARGEST_COUNT:,}.")
