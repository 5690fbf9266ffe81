"""The words that options take, and checks of arguments whose messages tell what is expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from seewhy.errors import OptionError, SeewhyError

# They stand here and not beside what they mean, so that the command's help need not load NumPy.
FITS = ("squash", "crop", "letterbox")
FUSIONS = ("mean", "max", "product")
SCORES = ("logits", "probabilities")
UPSAMPLINGS = ("linear", "guided")
RANGES = ("dtype", "data")


def count(option: str, value: Any) -> int:
    """The value; raises OptionError for what is no whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 1:
        raise OptionError(f"{option} is a number from 1 on; got {value!r}.")
    return int(value)


def check_regular_file(path: str | Path, kind: type[SeewhyError]) -> None:
    """Raises the given kind of error for a pipe, socket or device; no file at all is let pass.

    To read one might never end, or never begin.
    """
    place = Path(path)
    if place.exists() and not place.is_file() and not place.is_dir():
        raise kind(f"{str(path)!r} is a pipe or a device: give a regular file.")


def grid(option: str, value: Any) -> None:
    """Raises OptionError for what is neither None nor (rows, cols)."""
    if value is None:
        return
    sides = value if isinstance(value, tuple | list) else [value]
    if len(sides) < 2 or not all(isinstance(side, Integral) and int(side) > 0 for side in sides):
        raise OptionError(f"{option} is (rows, cols) in whole numbers from 1 on; got {value!r}.")


def boolean_or_none(option: str, value: Any) -> None:
    """Raises OptionError for what is not True, False or None."""
    if value is not None and not isinstance(value, bool):
        raise OptionError(f"{option} is True, False or None; got {value!r}.")


def not_empty(option: str, value: Any) -> None:
    """Raises OptionError for an empty list."""
    if isinstance(value, list | tuple) and not value:
        raise OptionError(f"{option} is an empty list: give at least one {option}, or none at all.")


def one_of(option: str, value: str, known: Sequence[str]) -> str:
    """The value; raises OptionError if it is not known."""
    if value not in known:
        raise OptionError(f"{option} is one of {', '.join(known)}; got {value!r}.")
    return value


def check_range(option: str, value: Any) -> None:
    """Raises OptionError for what is neither None, a word nor (black, white)."""
    if value is None or (isinstance(value, str) and value in RANGES):
        return
    pair = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    numbers = [v for v in pair if isinstance(v, Real) and not isinstance(v, bool)]
    if len(pair) != 2 or len(numbers) != 2 or not all(math.isfinite(v) for v in numbers):
        raise OptionError(
            f"{option} is (black, white), as in (0, 4095), 'data' or 'dtype'; got {value!r}."
        )
    if not numbers[0] < numbers[1]:
        raise OptionError(f"{option} begins with black, the smaller number; got {value!r}.")


def read_range(text: str | None) -> str | tuple[float, float] | None:
    """A range as it is written on a command line: "0,4095", "data" or "dtype"."""
    if text is None or text in RANGES:
        return text
    try:
        black, white = (float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(
            f"range is two numbers such as 0,4095, or data, or dtype; got {text!r}."
        ) from None
    return black, white
