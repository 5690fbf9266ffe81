"""What a command tells of photos while it goes through them, and the line at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from seewhy.cli import session

WIDEST = 48
"""Letters of the column of photos."""
_ASKED = 3
"""Classes beside the predicted one that the line of a photo tells."""


class Detail(StrEnum):
    """How much is told of each photo."""

    nothing = "nothing"
    line = "line"
    full = "full"


def detail(count: int, *, quiet: bool, verbose: bool) -> Detail:
    """How much is told of so many photos: all of one, a line of each of many."""
    if quiet:
        return Detail.nothing
    return Detail.full if verbose or count == 1 else Detail.line


@dataclass
class Tally:
    """How many photos were done, and how many could not be."""

    done: int = 0
    before: int = 0
    """Photos that an earlier run had done."""
    unread: int = 0
    failed: int = 0
    """Photos that could be read and not be done."""
    right: int = 0
    known: int = 0
    """Photos whose true class is known."""
    began: float = field(default_factory=time.monotonic)

    def count_answer(self, facts: Mapping[str, Any]) -> None:
        """facts: "right" says whether the prediction is the true class, where that is known."""
        if facts.get("right") is not None:
            self.known += 1
            self.right += bool(facts["right"])

    def closing(self, output: Path) -> str:
        """The closing line."""
        parts = [f"{self.done} done"]
        if self.before:
            parts.append(f"{self.before} done before")
        if self.unread:
            parts.append(f"{self.unread} could not be read")
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.known:
            share = self.right / self.known
            parts.append(f"{self.right} of {self.known} predicted right ({share:.1%})")
        return ", ".join([*parts, duration(time.monotonic() - self.began), f"{output}/"])


def duration(seconds: float) -> str:
    """A time as people say it: "8 s", "2 min 10 s", "1 h 3 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def photo_line(record: Mapping[str, Any], width: int, more: str = "") -> str:
    """One photo in one line: its path, what the model predicts, whether that is right, warnings.

    record: as in JSON. width: of the column of paths. more: what else is told of it.
    """
    best = record.get("predictions", ())[:1]
    parts = [f"{record['photo']:<{width}}"]
    parts += [f"{each['name']} {each['probability']:.1%}" for each in best]
    parts += [answer(record), more, codes(record.get("warnings", ()))]
    return "  ".join(part for part in parts if part)


def answer(record: Mapping[str, Any]) -> str:
    """Whether the prediction is the true class, in words; "" where that is not known."""
    if record.get("true") is None or record.get("right") is None:
        return ""
    return "right" if record["right"] else f"wrong, true: {record['true']}"


def asked_classes(records: Sequence[Mapping[str, Any]]) -> str:
    """The probabilities of the classes that were asked beside the predicted one; "" if none was.

    records: of one photo, as in JSON.
    """
    best = [each["name"] for record in records for each in record.get("predictions", ())[:1]]
    asked = {
        target["name"]: target["probability"]
        for target in (record.get("target") or {} for record in records)
        if target.get("probability") is not None and target["name"] not in best
    }
    told = [
        f"{name} {'< 0.1%' if 0 < probability < 0.0005 else f'{probability:.1%}'}"
        for name, probability in list(asked.items())[:_ASKED]
    ]
    more = [f"{len(asked) - _ASKED} more"] if len(asked) > _ASKED else []
    return f"asked: {', '.join([*told, *more])}" if told else ""


def codes(warnings: Sequence[str]) -> str:
    """The names of warnings, which stand in front of their texts."""
    names = dict.fromkeys(text.partition(":")[0] for text in warnings)
    return f"[{', '.join(names)}]" if names else ""


def column(paths: Sequence[str]) -> int:
    """How wide the column of paths is."""
    return min(WIDEST, max(map(len, paths), default=0))


def tell_line(text: str) -> None:
    """One line on stdout, made visible."""
    typer.echo(session.visible(text))
