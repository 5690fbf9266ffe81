"""The command `seewhy methods`, and options of methods as the command line takes them."""

from __future__ import annotations

import json as to_json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.errors import MethodError

if TYPE_CHECKING:
    from rich.console import Console

    from seewhy.methods.registry import Method


def methods(
    name: Annotated[
        str | None, typer.Argument(help="A method to show in full.", show_default=False)
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Print one line a method.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the methods: family, needs, cost in forward passes, paper, when to use and when not."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from seewhy.cli.explain import quiet
    from seewhy.methods import registry

    with quiet():
        found = registry.all_methods() if name is None else (registry.get_method(name),)
    if json:
        records = [_record(entry) for entry in found]
        sys.stdout.write(to_json.dumps(records, indent=1, ensure_ascii=False) + "\n")
        return
    console = Console(highlight=False)
    if name is not None:
        for key, value in _record(found[0]).items():
            console.print(Text(f"{key}: {_words(value)}"))
        return
    if brief:
        table = Table()
        for heading in ("method", "family", "cost", "when"):
            table.add_column(heading, no_wrap=heading == "method")
        for entry in found:
            table.add_row(entry.name, entry.family, entry.cost, Text(entry.use))
        console.print(table)
    else:
        for entry in found:
            _print(console, entry)
    console.print(
        "Costs are in forward passes. [cyan]seewhy methods NAME[/cyan] tells the options."
    )


def _print(console: Console, entry: Method) -> None:
    """All but the options of one method."""
    from rich.padding import Padding
    from rich.text import Text

    head = Text(entry.name, style="bold")
    head.append(f"  {entry.family}", style="cyan")
    console.print(head)
    rows = {
        "": entry.summary,
        "needs": ", ".join(entry.needs),
        "cost": entry.cost,
        "paper": entry.paper,
        "use": entry.use,
        "not": entry.avoid,
    }
    for key, value in rows.items():
        line = Text(f"{key}: " if key else "", style="dim")
        line.append(value, style="not dim")
        console.print(Padding(line, (0, 0, 0, 2)))
    console.print()


def _record(entry: Method) -> dict[str, Any]:
    return {
        "name": entry.name,
        "summary": entry.summary,
        "family": entry.family,
        "needs": list(entry.needs),
        "cost": entry.cost,
        "options": dict(entry.options),
        "paper": entry.paper,
        "use": entry.use,
        "avoid": entry.avoid,
    }


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={default!r}" for key, default in value.items()) or "none"
    return ", ".join(value) if isinstance(value, list) else str(value)


def options(method: str, given: Sequence[str]) -> dict[str, Any]:
    """Options of a method from NAME=VALUE, of the types of their defaults.

    Raises MethodError for what has no "=", is unknown, or is of another type.
    """
    if not given:
        return {}
    from seewhy.cli.explain import quiet
    from seewhy.methods import registry

    with quiet():
        entry = registry.get_method(method)
    pairs = [text.partition("=") for text in given]
    bare = [name for name, mark, _ in pairs if not mark]
    if bare:
        raise MethodError(f"an option is NAME=VALUE; got {bare[0]!r}.")
    texts = {name.strip(): value.strip() for name, _, value in pairs}
    entry.having(texts)  # says which it does not have
    return {name: _typed(name, text, entry.options[name]) for name, text in texts.items()}


def _typed(name: str, text: str, default: Any) -> Any:
    truths = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        if isinstance(default, bool):
            return truths[text.lower()]
        return type(default)(text)
    except (KeyError, ValueError):
        kind = {bool: "true or false", int: "a whole number", float: "a number"}
        expected = kind.get(type(default), "a word")
        raise MethodError(f"option {name!r} is {expected}; got {text!r}.") from None
