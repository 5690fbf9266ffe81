"""The fields of `ExplainerOptions` in the signatures and docstrings of what passes them on."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from seewhy.explainer.options import FIELDS

Function = TypeVar("Function", bound=Callable[..., Any])


def describe_options(leave_out: Iterable[str] = ()) -> str:
    """A paragraph a field, for docstrings."""
    lines = []
    for each in FIELDS:
        if each.name not in leave_out:
            text = f"{each.name}: {each.metadata['doc']}"
            lines += textwrap.wrap(text, 92, subsequent_indent="    ")
    return "\n".join(lines)


def accepts_options(*, leave_out: Iterable[str] = ()) -> Callable[[Function], Function]:
    """Let a function's `**options` show as the fields of `ExplainerOptions`.

    Adds them to its signature, and their lines in place of "{options}" in its docstring.
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        kept = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        added = [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=each.default,
                annotation=each.type,
            )
            for each in FIELDS
            if each.name not in (*leave_out, *(parameter.name for parameter in kept))
        ]
        function.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*kept, *added]
        )
        function.__doc__ = with_options_described(function.__doc__, leave_out)
        return function

    return decorate


def with_options_described(doc: str | None, leave_out: Iterable[str] = ()) -> str:
    """A docstring with the fields' lines in place of "{options}"."""
    lines = []
    for line in (doc or "").splitlines():
        if line.strip() == "{options}":
            indent = line[: len(line) - len(line.lstrip())]
            lines += [f"{indent}{text}" for text in describe_options(leave_out).splitlines()]
        else:
            lines.append(line)
    return "\n".join(lines)
