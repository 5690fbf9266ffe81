"""Markdown of names that come from outside, which stay what they are wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKS = re.compile(r"[\\`*_{}\[\]#|~$^=+!]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
"""Of "@" GitHub and others make people."""
_ADDRESS = re.compile(r"(?i)(?<=://)|(?<=\bwww\.)")
LONGEST = 200
"""Letters of a name that are shown."""


def text(name: object) -> str:
    """A name as text within a line: no mark, element, address or line break of it has effect."""
    shown = _MARKS.sub(r"\\\g<0>", visible(name))
    shown = "".join(_ENTITIES.get(letter, letter) for letter in shown)
    return _ADDRESS.sub("&#8203;", shown)


def code(name: object) -> str:
    """A name as code within a line."""
    shown = visible(name).replace("|", "\u2223")  # a bar ends the cell of a table, in code too
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{space}{shown}{space}{fence}"


def visible(name: object) -> str:
    """A text in which controls, line breaks and marks that turn its direction are written out."""
    shown = _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], str(name))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def block(lines: Iterable[str]) -> list[str]:
    """Lines of a shell as a block of code."""
    shown = [_UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], line) for line in lines]
    longest = max((len(run) for run in re.findall("`+", "\n".join(shown))), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}sh", *shown, fence]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table. rows: cells that are Markdown already."""
    yielded = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return yielded + [f"| {' | '.join(cells)} |" for cells in rows]


def percent(share: float) -> str:
    """A share as it is told: none and all only where it is none and all."""
    if 0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1 else f"{share:.0%}".replace("%", " %")


def counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
