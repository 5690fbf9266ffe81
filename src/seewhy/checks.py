"""The words that options take, and checks of arguments whose messages tell what is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import is_dataclass
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, get_args

from seewhy.errors import OptionError, SeewhyError

# They stand here and not beside what they mean, so that the command's help need not load NumPy.
Fit = Literal["squash", "crop", "letterbox"]
Fusion = Literal["mean", "max", "product", "geometric"]
Scores = Literal["logits", "probabilities"]
Upsampling = Literal["linear", "guided"]
Range = Literal["dtype", "data"]
Compiler = Literal["inductor"]
FITS: tuple[Fit, ...] = get_args(Fit)
FUSIONS: tuple[Fusion, ...] = get_args(Fusion)
SCORES: tuple[Scores, ...] = get_args(Scores)
UPSAMPLINGS: tuple[Upsampling, ...] = get_args(Upsampling)
RANGES: tuple[Range, ...] = get_args(Range)
COMPILERS: tuple[Compiler, ...] = get_args(Compiler)


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


def boolean_or_none(option: str, value: Any) -> None:
    """Raises OptionError for what is not True, False or None."""
    if value is not None and not isinstance(value, bool):
        raise OptionError(f"{option} is True, False or None; got {value!r}.")


def compiler_or_none(option: str, value: Any) -> None:
    """Raises OptionError for what is neither a known compiler nor None."""
    if value is not None:
        one_of(option, value, COMPILERS)


def not_empty(option: str, value: Any) -> None:
    """Raises OptionError for an empty list."""
    if isinstance(value, list | tuple) and not value:
        raise OptionError(f"{option} is an empty list: give at least one {option}, or none at all.")


def one_of(option: str, value: str, known: Sequence[str]) -> str:
    """The value; raises OptionError if it is not known."""
    if not isinstance(value, str) or value not in known:
        raise OptionError(f"{option} is one of {', '.join(known)}; got {value!r}.")
    return value


def check_sizes(option: str, value: Any) -> None:
    """Raises OptionError for what is no list of sides in pixels, and not None."""
    if value is None:
        return
    if not isinstance(value, list | tuple) or not value:
        raise OptionError(f"{option} is a list of sides in pixels, as (224, 384); got {value!r}.")
    for each in value:
        if each is None:
            raise OptionError(f"{option} is a list of sides in pixels; got {value!r}.")
        side_or_sides(option, each)


def check_power(option: str, value: Any) -> None:
    """Raises OptionError for what is no number from 1 to 10."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not 1 <= value <= 10:
        raise OptionError(f"{option} is a power from 1 to 10; got {value!r}.")


def read_sizes(text: str | None) -> list[int] | None:
    """Sizes as they are written on a command line: "224,384"."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise OptionError(f"sizes are sides such as 224,384; got {text!r}.") from None


def check_range(option: str, value: Any) -> None:
    """Raises OptionError for what is neither None, a word nor (black, white)."""
    if value is None or (isinstance(value, str) and value in RANGES):
        return
    pair = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    numbers = [v for v in pair if isinstance(v, Real) and not isinstance(v, bool)]
    if len(pair) != 2 or len(numbers) != 2 or not all(isfinite(v) for v in numbers):
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


def name_or_function(option: str, value: Any) -> None:
    """Raises OptionError for what is neither a word nor a function."""
    if not callable(value) and (not isinstance(value, str) or not value):
        raise OptionError(f"{option} is a name or a function; got {value!r}.")


def method(option: str, value: Any) -> None:
    """Raises OptionError for what is no method as people give it; its name is not looked up."""
    pair = isinstance(value, list | tuple) and len(value) == 2
    named, options = value if pair else (value, {})
    known = callable(named) or hasattr(named, "weigh") or (isinstance(named, str) and named)
    if not known or not isinstance(options, Mapping | list | tuple):
        raise OptionError(
            f'{option} is a name, as "rise" or "rise:masks=300", a pair (name, options), or a '
            f"function; got {value!r}."
        )


def name_function_or_none(option: str, value: Any) -> None:
    if value is not None:
        name_or_function(option, value)


def index_name_or_none(option: str, value: Any) -> None:
    """Raises OptionError for what is no whole number, no word, and not None."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if value is not None and not whole and not isinstance(value, str):
        raise OptionError(f"{option} is a name, an index or None; got {value!r}.")


def layers(option: str, value: Any) -> None:
    """Raises OptionError for what names no layer and is none, and for an empty list."""
    not_empty(option, value)
    listed = isinstance(value, list | tuple)
    for each in value if listed else [value]:
        if (each is None and listed) or isinstance(each, Path):
            raise OptionError(f"{option} is a name, an index or a layer; got {value!r}.")
        if not hasattr(each, "name"):  # as layer objects have one
            index_name_or_none(option, each)


def options_by_name(option: str, value: Any) -> None:
    """Raises OptionError for what is no dictionary by name, and not None."""
    named = isinstance(value, Mapping) and all(isinstance(name, str) for name in value)
    if value is not None and not named:
        raise OptionError(f'{option} is a dictionary by name, as {{"steps": 50}}; got {value!r}.')


def words_or_records(option: str, value: Any) -> None:
    """Raises OptionError for what is neither a word, a record, nor a list of these; None is."""
    parts = value if isinstance(value, list | tuple) else [value]
    for each in () if value is None else parts:
        if not isinstance(each, str) and not is_dataclass(each):
            raise OptionError(f"{option} is a word, a record, or a list of them; got {value!r}.")


def side_or_sides(option: str, value: Any) -> None:
    """Raises OptionError for what is neither a side in pixels, (height, width), nor None."""
    sides = value if isinstance(value, tuple | list) else [value]
    whole = all(isinstance(side, Integral) and not isinstance(side, bool) for side in sides)
    if value is not None and not (whole and len(sides) in (1, 2) and min(sides) > 0):
        raise OptionError(
            f"{option} is a side in whole pixels, or (height, width), from 1 on; got {value!r}."
        )


def path_or_none(option: str, value: Any) -> None:
    """Raises OptionError for what is no path of a file, and not None."""
    if value is not None and not isinstance(value, str | Path):
        raise OptionError(f"{option} is the path of a file; got {value!r}.")


def names_path_or_none(option: str, value: Any) -> None:
    """Raises OptionError for what are no names, no file of them, and not None."""
    listed = isinstance(value, Sequence | Mapping | Set) or hasattr(value, "__array__")
    bare = isinstance(value, bytes | bytearray | Mapping | Set)
    if value is None or isinstance(value, str | Path) or hasattr(value, "entries"):
        return
    if not listed or bare or not all(isinstance(name, str) for name in value):
        raise OptionError(f"{option} are a list of names, or the path of a file; got {value!r}.")


def channels_or_none(option: str, value: Any) -> None:
    """Raises OptionError for what are no three whole numbers, and not None."""
    listed = list(value) if isinstance(value, Sequence) or hasattr(value, "__array__") else []
    whole = all(isinstance(each, Integral) and not isinstance(each, bool) for each in listed)
    if value is not None and (not whole or len(listed) != 3):
        raise OptionError(f"{option} are three channels in whole numbers; got {value!r}.")


def sides_of(sizes: Sequence[int | tuple[int, int]] | None) -> list[tuple[int, int]]:
    """(height, width) of each of several sizes; none where there are none."""
    return [(each, each) if isinstance(each, int) else (each[0], each[-1]) for each in sizes or ()]


def is_plain(value: Any) -> bool:
    """Whether JSON holds a value as it is."""
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(name, str) and is_plain(each) for name, each in value.items())
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, str | bool | int)
