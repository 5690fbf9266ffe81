"""The words that options take, and checks of arguments whose messages tell what is expected."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from seewhy.errors import OptionError, SeewhyError

# They stand here and not beside what they mean, so that the command's help need not load NumPy.
FITS = ("squash", "crop", "letterbox")
FUSIONS = ("mean", "max", "product")
SCORES = ("logits", "probabilities")
UPSAMPLINGS = ("linear", "guided")


def count(option: str, value: Any) -> int:
    """The value; raises OptionError for what is no whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 1:
        raise OptionError(f"{option} is a number from 1 on; got {value!r}.")
    return int(value)


def number(option: str, value: Any, low: float = -inf, high: float = inf) -> float:
    """The value; raises OptionError for what is no finite number from low to high."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not isfinite(value) or not low <= float(value) <= high:
        bounds = f" from {low:g} on" if high == inf and low > -inf else ""
        bounds = f" in {low:g}..{high:g}" if high < inf else bounds
        raise OptionError(f"{option} is a number{bounds}; got {value!r}.")
    return float(value)


def check_regular_file(path: str | Path, kind: type[SeewhyError]) -> None:
    """Raises the given kind of error for a pipe, socket or device; no file at all is let pass.

    To read one might never end, or never begin.
    """
    place = Path(path)
    if place.exists() and not place.is_file() and not place.is_dir():
        raise kind(f"{str(path)!r} is a pipe or a device: give a regular file.")


def check_file_size(path: str | Path, most: int, kind: type[SeewhyError], what: str) -> None:
    """Raises the given kind of error for a file of more bytes; no file at all is let pass."""
    place = Path(path)
    size = place.stat().st_size if place.is_file() else 0
    if size > most:
        raise kind(
            f"{str(path)!r} has {size:,} bytes, and {what} of more than {most:,} are not read: "
            f"give a smaller one."
        )


def whole_number(text: str) -> int | None:
    """The number that a text writes in digits; None for other texts, and for numbers beyond 2⁶³."""
    digits = text.removeprefix("-")
    return int(text) if digits.isdecimal() and len(digits) < 19 else None


def grid(option: str, value: Any) -> None:
    """Raises OptionError for what is neither None nor (rows, cols)."""
    if value is None:
        return
    sides = value if isinstance(value, tuple | list) else [value]
    if len(sides) < 2 or not all(isinstance(side, Integral) and int(side) > 0 for side in sides):
        raise OptionError(f"{option} is (rows, cols) in whole numbers from 1 on; got {value!r}.")


def not_empty(option: str, value: Any) -> None:
    """Raises OptionError for an empty list."""
    if isinstance(value, list | tuple) and not value:
        raise OptionError(f"{option} is an empty list: give at least one {option}, or none at all.")


def one_of(option: str, value: str, known: Sequence[str]) -> str:
    """The value; raises OptionError if it is not known."""
    if value not in known:
        raise OptionError(f"{option} is one of {', '.join(known)}; got {value!r}.")
    return value
