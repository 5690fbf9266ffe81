"""The commands that list what there is: `seewhy models` and `seewhy methods`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion
from seewhy.cli.arguments.flags import OUTPUT
from seewhy.progress import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from seewhy.methods.registry import Method

WIDE, WIDEST_COST = 100, 18
"""Letters of a terminal in which costs are shown, and of their column."""
JsonList = Annotated[
    bool, typer.Option("--json", help="Print the list as JSON.", rich_help_panel=OUTPUT)
]


def models(json: JsonList = False) -> None:
    """List the models that are known by name."""
    from seewhy.cli import report
    from seewhy.models import presets

    known = presets.presets()
    records = report.preset_records(known)
    session.finish(records, lambda: report.show_presets(known), as_json=json, failed=False)


def methods(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A method to show in full, in any spelling.",
            show_default=False,
            metavar="NAME",
            autocompletion=completion.methods,
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Print all of each method.", rich_help_panel=OUTPUT),
    ] = False,
    brief: Annotated[bool, typer.Option("--brief", hidden=True)] = False,
    json: JsonList = False,
) -> None:
    """List the methods, one a line: its name, its cost where there is room, and its use."""
    from seewhy.methods import registry

    if name is not None:
        registry.read_method(name)  # tells of unknown ones before Keras is imported
    with quiet():
        entries = registry.all_methods() if name is None else (registry.get_method(name),)
    records = [_record(entry) for entry in entries]

    def show() -> None:
        if name is not None:
            _show_record(records[0])
        else:
            _show_methods(entries, verbose and not brief)

    session.finish(records, show, as_json=json, failed=False)


def _show_record(record: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for key, value in record.items():
        console.print(session.words(f"{key}: {_words(value)}"))


def _show_methods(entries: Sequence[Method], verbose: bool) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if verbose:
        for entry in entries:
            _print(console, entry)
    else:
        _print_lines(console, entries)
    told = "[cyan]seewhy methods NAME[/cyan] tells all of one"
    console.print(f"{told}, its cost in forward passes too.")


def _print_lines(console: Console, entries: Sequence[Method]) -> None:
    """A line each under the heading of its family, cut off at the terminal's width.

    Costs are shown where there is room.
    """
    from rich.text import Text

    names = max(len(entry.name) for entry in entries)
    costs = min(WIDEST_COST, max(len(entry.cost) for entry in entries))
    shown = console.width >= WIDE
    for family in dict.fromkeys(entry.family for entry in entries):
        console.print(Text(family, style="bold cyan"))
        for entry in entries:
            if entry.family == family:
                cost = entry.cost if len(entry.cost) <= costs else f"{entry.cost[: costs - 1]}…"
                line = Text(f"  {entry.name:<{names}}  ", style="bold")
                line.append(f"{cost:<{costs}}  " if shown else "", style="not bold dim")
                line.append(entry.use, style="not bold")
                console.print(line, no_wrap=True, overflow="ellipsis")
    console.print()


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
