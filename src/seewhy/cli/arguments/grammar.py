"""How lists, methods and classes are written on the command line, the same in every command."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seewhy.errors import OptionError, TargetError
from seewhy.explainer.options import index_or_text

if TYPE_CHECKING:
    from seewhy.targets.labels import Labels

SEVERAL = "seewhy compare and seewhy benchmark take several"


def split_list(texts: Sequence[str] | None) -> list[str]:
    """What is given by repeating a flag, and with commas in one text.

    A part that has a comma itself stands in double quotes, or its comma behind a backslash.
    """
    parts: list[str] = []
    for text in texts or ():
        if text.strip():
            rows = csv.reader([text], skipinitialspace=True, escapechar="\\", strict=False)
            parts += [part.strip() for row in rows for part in row if part.strip()]
    return parts


def one_of_list(texts: Sequence[str], what: str, hint: str = "") -> str | None:
    """The one that is given, or None. Raises OptionError for several."""
    parts = split_list(texts)
    if len(parts) > 1:
        raise OptionError(
            f"this command takes one {what}; got {len(parts)}: {', '.join(parts)}. "
            f"{hint or 'Give one.'}"
        )
    return parts[0] if parts else None


def method_with_options(texts: Sequence[str], options: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The one method and its options, of "rise:masks=300" and of NAME=VALUE beside it.

    Raises OptionError for several methods, MethodError for unknown ones and unknown options.
    Imports no Keras.
    """
    from seewhy.methods.registry import read_method

    method = one_of_list(texts, "method", f"{SEVERAL}.") or "grad-cam"
    name, values = read_method(method, options)
    return str(name), values


def layer_list(texts: Sequence[str] | None) -> list[str | int]:
    """Layers by name, or by index where a text is one."""
    return [index_or_text(text) or 0 for text in split_list(texts)]


def target_list(texts: Sequence[str], labels: Labels) -> list[str]:
    """Questions by name; a text that is a class as it stands is not split at its commas."""
    targets: list[str] = []
    for text in texts:
        targets += [text] if "," not in text or _is_class(text, labels) else _split(text, labels)
    return targets


def _split(text: str, labels: Labels) -> list[str]:
    """The parts of a list. Raises TargetError where it was split within the name of a class."""
    parts = split_list([text])
    torn = [each.name for each in labels.entries if "," in each.name and each.name in text]
    for name in torn:
        if name not in parts and not all(_is_class(part, labels) for part in parts):
            raise TargetError(
                f"{text!r} is read as a list, and the class {name!r} has a comma in its name. Give "
                f"it by itself, in a --target of its own, or in double quotes within the list."
            )
    return parts


def one_target(texts: Sequence[str], labels: Labels, default: str = "top") -> str:
    """The one question. Raises OptionError for several."""
    targets = target_list(texts, labels)
    if len(targets) > 1:
        raise OptionError(
            f"this command asks one question of all photos; got {len(targets)}: "
            f"{', '.join(targets)}. Run it once for each."
        )
    return targets[0] if targets else default


def _is_class(text: str, labels: Labels) -> bool:
    try:
        return bool(labels.find(text))
    except TargetError:
        return False
