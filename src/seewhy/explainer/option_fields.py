"""How one choice of an explainer is declared: its default, its check, its line, its flag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from seewhy import checks

Check = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Flag:
    """How an option is given on the command line."""

    help: str = ""
    """None given: the option's own line."""
    name: str = ""
    """Without the dashes; none given: the option's own name."""
    type: Any = None
    """Of one value, as Typer takes it; none given: the default's own, or text."""
    least: int | None = None
    """The smallest number that is allowed."""
    repeated: bool = False
    """Whether the flag may be given several times; then the option gets a list."""
    read: Callable[[Any], Any] | None = None
    """Makes the option's value of what Typer gives, where that is another."""


def option(
    default: Any,
    doc: str,
    *,
    flag: Flag | None = Flag(),
    words: Sequence[str] = (),
    check: Check | None = None,
) -> Any:
    """A field of `ExplainerOptions`.

    doc: what it does, for docstrings and, where the flag has no help of its own, for the command.
    flag: how the command takes it; None for what only Python takes. words: the words that are
    known, others are refused. check: (name, value), which raises OptionError.
    """
    if words:
        check = partial(_check_word, known=tuple(words))
    about = {"doc": doc, "flag": flag, "words": tuple(words), "check": check}
    return field(default=default, metadata=about)


def _check_word(name: str, value: str, known: Sequence[str]) -> None:
    checks.one_of(name, value, known)
