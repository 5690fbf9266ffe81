"""The command `seewhy layers`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion
from seewhy.cli.arguments.early_checks import check_models
from seewhy.cli.arguments.flags import BUNDLED, OUTPUT
from seewhy.cli.arguments.options import takes_options


@takes_options("size", "grid")
def layers(
    model: Annotated[
        str,
        typer.Argument(
            help="A preset or a .keras file.", metavar="MODEL", autocompletion=completion.models
        ),
    ] = BUNDLED,
    *,
    settings: dict[str, Any],
    json: Annotated[
        bool, typer.Option("--json", help="Print the list as JSON.", rich_help_panel=OUTPUT)
    ] = False,
) -> None:
    """List the layers of a model that can carry a map, as a tree.

    Each with its grid, its units, and the share of the work that lies behind it; the default is
    marked. Layers with grids of one size stand together.
    """
    check_models({}, model)

    def work() -> session.Report:
        from seewhy.plan import layer_table

        table = layer_table.layers(model, **settings)
        return session.Report([vars(row) for row in table], lambda: session.echo_lines(table))

    session.command(work, as_json=json)
