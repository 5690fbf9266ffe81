"""A method as people write it, "rise:masks=300:seed=1", and the values of its options."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from seewhy.errors import MethodError

TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
EXPECTED = {bool: "true or false", int: "a whole number", float: "a number"}


def split_method(method: Any) -> tuple[Any, list[tuple[str, Any]]]:
    """The method alone, and the options that stand with it: in a text, or as a pair.

    Raises MethodError for what is neither a name, a function nor a pair of one with its options.
    """
    if isinstance(method, list | tuple):
        if len(method) != 2 or not isinstance(method[1], Mapping | list | tuple):
            raise MethodError(
                f"a method with options is a pair (name, options), as "
                f'("rise", {{"masks": 300}}), or a text, as "rise:masks=300"; got {method!r}.'
            )
        named, pairs = split_method(method[0])
        return named, pairs + pairs_of(method[1])
    if not isinstance(method, str):
        return method, []
    name, *texts = method.split(":")
    return name.strip(), pairs_of(texts)


def pairs_of(options: Mapping[str, Any] | Sequence[str] | None) -> list[tuple[str, Any]]:
    """Options with their values, of a dictionary or of texts NAME=VALUE.

    Raises MethodError for texts without "=".
    """
    if options is None:
        return []
    if isinstance(options, Mapping):
        return list(options.items())
    parts = [(text, *str(text).partition("=")) for text in options]
    bare = [text for text, name, mark, _ in parts if not mark or not name.strip()]
    if bare:
        raise MethodError(f"an option is NAME=VALUE, as in masks=300; got {bare[0]!r}.")
    return [(name.strip(), value.strip()) for _, name, _, value in parts]


def read_values(
    name: str, pairs: Iterable[tuple[str, Any]], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Values by option, texts as the types of their defaults.

    name: of the method. defaults: of all options that it has. Raises MethodError for others, for
    texts of another type, and for two values of one option.
    """
    values: dict[str, Any] = {}
    for option, given in pairs:
        if option not in defaults:
            has = ", ".join(f"{known}={value!r}" for known, value in defaults.items())
            raise MethodError(f"{name} has no option {option!r}. It has {has or 'no options'}.")
        value = _typed(option, given, defaults[option]) if isinstance(given, str) else given
        if option in values and not _same(values[option], value):
            raise MethodError(
                f"option {option!r} of {name} is given twice, as {values[option]!r} and as "
                f"{value!r}: give it once."
            )
        values[option] = value
    return values


def _same(a: Any, b: Any) -> bool:
    try:
        return a is b or bool(a == b)
    except ValueError:  # arrays, which have no one truth
        return False


def _typed(option: str, text: str, default: Any) -> Any:
    """A text as a value of the default's type."""
    if isinstance(default, str):
        return text
    try:
        if isinstance(default, bool):
            return TRUTHS[text.lower()]
        if not isinstance(default, int | float):
            return _literal(text)
        number = type(default)(text)
        if not isfinite(number):
            raise ValueError(text)
    except (KeyError, ValueError):
        expected = EXPECTED.get(type(default), "a value")
        raise MethodError(f"option {option!r} is {expected}; got {text!r}.") from None
    return number


def _literal(text: str) -> Any:
    """What Python reads in the text, or the text: for options of a user's own formula."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
