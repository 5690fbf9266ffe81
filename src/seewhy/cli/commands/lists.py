"""The commands that list what there is: `seewhy models`, `seewhy layers`, `seewhy methods`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.options import BUNDLED, takes_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from seewhy.methods.registry import Method

JsonList = Annotated[bool, typer.Option("--json", help="Print the list as JSON.")]


def models(json: JsonList = False) -> None:
    """List the models that are known by name."""
    from seewhy.cli import report
    from seewhy.models import presets

    known = presets.presets()
    records = report.preset_records(known)
    session.finish(records, lambda: report.show_presets(known), as_json=json, failed=False)


@takes_options("size", "grid")
def layers(
    model: Annotated[str, typer.Argument(help="A preset or a .keras file.")] = BUNDLED,
    *,
    settings: dict[str, Any],
    json: JsonList = False,
) -> None:
    """List the layers of a model that can carry a map, as a tree.

    Path, grid, units, and the share of the work that lies behind each; the default is marked.
    """

    def work() -> session.Report:
        from seewhy.plan import layer_table

        table = layer_table.layers(model, **settings)
        return session.Report([vars(row) for row in table], lambda: session.echo_lines(table))

    session.command(work, as_json=json)


def methods(
    name: Annotated[
        str | None, typer.Argument(help="A method to show in full.", show_default=False)
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="Print one line a method.")] = False,
    json: JsonList = False,
) -> None:
    """List the methods: family, needs, cost in forward passes, paper, when to use and when not."""
    from seewhy.methods import registry

    with session.quiet():
        entries = registry.all_methods() if name is None else (registry.get_method(name),)
    records = [_record(entry) for entry in entries]

    def show() -> None:
        if name is None:
            _show_methods(entries, brief)
        else:
            _show_record(records[0])

    session.finish(records, show, as_json=json, failed=False)


def _show_record(record: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for key, value in record.items():
        console.print(session.words(f"{key}: {_words(value)}"))


def _show_methods(entries: Sequence[Method], brief: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if brief:
        table = Table()
        for heading in ("method", "family", "cost", "when"):
            table.add_column(heading, no_wrap=heading == "method")
        for entry in entries:
            table.add_row(entry.name, entry.family, entry.cost, Text(entry.use))
        console.print(table)
    else:
        for entry in entries:
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
