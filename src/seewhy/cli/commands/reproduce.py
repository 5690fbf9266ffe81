"""The command `seewhy reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion
from seewhy.cli.arguments.flags import ASKED, HOW, Backend, Json, Quiet
from seewhy.cli.arguments.options import use_backend
from seewhy.errors import OptionError

if TYPE_CHECKING:
    from seewhy.studies.reproduce import Reproduction

EXAMPLES = """
[bold]Examples[/bold]

  seewhy reproduce cat_gradcam.jpg
  seewhy reproduce why.json --model my.keras --photo scans/017.png
  seewhy reproduce store --rows 20
"""
ROWS = 8
"""Rows of a store that are made again if nothing else is said."""


def reproduce(  # noqa: PLR0913  (one parameter a flag)
    file: Annotated[
        str,
        typer.Argument(
            help="What seewhy wrote: a picture (.png, .jpg, .webp, .svg, .pdf), a page (.html), "
            ".json, .jsonl or .npz; or a store of seewhy run, of which some rows are made again.",
            show_default=False,
            metavar="FILE|STORE",
        ),
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="Preset or .keras file; that of the record, beside FILE or in the current "
            "folder, if not given.",
            autocompletion=completion.models,
            metavar="MODEL",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = None,
    photo: Annotated[
        Path | None,
        typer.Option(
            help="The photo, or a folder in which photos of the records' names are looked for; "
            "beside FILE and in the current folder, if not given.",
            metavar="PHOTO",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Of a store, make so many rows again, drawn at random; {ROWS} if not given.",
            metavar="COUNT",
            rich_help_panel=HOW,
            show_default=False,
        ),
    ] = None,
    ids: Annotated[
        list[str],
        typer.Option(
            "--id",
            help="Of a store, make the rows of this id again. Repeatable.",
            metavar="ID",
            rich_help_panel=HOW,
            show_default=False,
        ),
    ] = [],  # noqa: B006  (Typer copies it)
    seed: Annotated[
        int,
        typer.Option(min=0, help="By which rows are drawn.", metavar="NUMBER", rich_help_panel=HOW),
    ] = 0,
    backend: Backend = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make what a picture or result shows again, and say whether it is the same.

    Files that seewhy writes hold a record of the photo, the model and the question. For each map it
    prints identical (every bit), within 1e-4 (of the map's range), or differs with what is known of
    the cause: other weights, another photo, version, backend or device. The status is 1 if one
    differs. A store keeps maps rounded to 1/1024 of their largest value: its rows are compared
    beyond that.
    """
    use_backend(backend)
    from seewhy.cli.store_diff import are_stores

    if are_stores(file):
        found = _rows_again(file, model, photo, (rows or ROWS, ids, seed))
    else:
        found = _file_again(file, model, photo, of_stores=rows is not None or bool(ids))
    session.finish(
        found.as_dict(),
        lambda: _show(found, quiet=quiet),
        as_json=json,
        failed=found.verdict == "differs",
    )


def _file_again(
    file: str, model: str | None, photo: Path | None, *, of_stores: bool
) -> Reproduction:
    from seewhy.results.records.read_file import read_records

    if of_stores:
        raise OptionError(f"--rows and --id go with a store, and {file!r} is none: leave them out.")
    read_records(file)  # what is wrong with it is told before a backend is loaded
    session.load_backend()
    with session.results_only():
        from seewhy.studies.reproduce import reproduce as study

        return study(file, model, photo)


def _rows_again(
    store: str, model: str | None, photo: Path | None, which: tuple[int, list[str], int]
) -> Reproduction:
    """which: how many rows, ids, and the seed."""
    from seewhy.datasets.again.reproduce_store import chosen_rows, reproduce_store
    from seewhy.datasets.open_store import open_store

    if photo is not None:
        raise OptionError("--photo goes with a picture or result; a store knows its photos' paths.")
    rows, ids, seed = which
    opened = open_store(store)
    chosen_rows(opened, rows, ids, seed)  # what is wrong is told before a backend is loaded
    session.load_backend()
    with session.results_only():
        return reproduce_store(opened, model, rows=rows, ids=ids, seed=seed)


def _show(found: Reproduction, *, quiet: bool) -> None:
    for line in found.lines if not quiet else [found.verdict]:
        session.echo(line)
