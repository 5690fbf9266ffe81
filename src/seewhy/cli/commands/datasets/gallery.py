"""The command `seewhy gallery`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments.early_checks import check_folder
from seewhy.cli.arguments.flags import OUTPUT, Json
from seewhy.errors import OptionError

EXAMPLES = """
[bold]Examples[/bold]

  seewhy gallery store
  seewhy gallery store --output pages --side 768 --limit 2000
"""
TOLD = 20
"""Photos that cannot be shown that are named; all stand in the page."""


def gallery(
    store: Annotated[
        str,
        typer.Argument(
            help="A store of seewhy run, or its address, as s3://bucket/store.",
            show_default=False,
            metavar="STORE",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the page; the folder gallery in the store, if not given.",
            show_default=False,
            metavar="DIR",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    side: Annotated[
        int,
        typer.Option(
            min=32,
            max=2048,
            help="Pixels of the longer side of pictures.",
            metavar="PIXELS",
            rich_help_panel=OUTPUT,
        ),
    ] = 384,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Show so many rows of the store, the first ones.",
            metavar="COUNT",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write one page with all photos of a store, to look through in a browser.

    It sorts and filters by class, confidence, right or wrong, warning and share of evidence, and
    opens one photo large under its map. Neither the model nor a server is needed. Pictures that are
    there are not made again. The status is 1 if photos are gone or broken, which the page says.
    """
    from seewhy.datasets.open_store import open_store
    from seewhy.datasets.places.address import is_address

    opened = open_store(store)
    if output is None and is_address(store):
        raise OptionError("the page of a store elsewhere is written here: give --output DIR.")
    folder = Path(store) / "gallery" if output is None else output
    check_folder(folder)
    try:
        done = opened.gallery(folder, side=side, limit=limit)
    except KeyboardInterrupt:
        session.tell_problem("stopped; the same command keeps the pictures that are made.")
        raise typer.Exit(130) from None
    for problem in done.problems[:TOLD]:
        session.tell_problem(problem)
    if len(done.problems) > TOLD:
        session.tell_problem(f"… and {len(done.problems) - TOLD} more, which the page names.")
    record: dict[str, Any] = {
        "page": str(done.page),
        "rows": done.rows,
        "pictures_made": done.made,
        "problems": list(done.problems),
    }
    closing = f"{done.rows} rows, {done.made} pictures made"
    if done.problems:
        closing += f", photos that cannot be shown: {len(done.problems)}"
    session.finish(
        record,
        lambda: session.echo(f"{closing}, {done.page}"),
        as_json=json,
        failed=bool(done.problems),
    )
