"""The command `seewhy reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion
from seewhy.cli.arguments.flags import ASKED, Backend, Json, Quiet
from seewhy.cli.arguments.options import use_backend

if TYPE_CHECKING:
    from seewhy.studies.reproduce import Reproduction

EXAMPLES = """
[bold]Examples[/bold]

  seewhy reproduce cat_gradcam.jpg
  seewhy reproduce why.json --model my.keras --photo scans/017.png
"""


def reproduce(
    file: Annotated[
        str,
        typer.Argument(
            help="What seewhy wrote: a picture (.png, .jpg, .webp, .svg), .json or .jsonl.",
            show_default=False,
            metavar="FILE",
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
            help="The photo; the one of the record's name, beside FILE or in the current folder, "
            "if not given.",
            metavar="PHOTO",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = None,
    backend: Backend = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make what a picture or result shows again, and say whether it is the same.

    Files that seewhy writes hold a record of the photo, the model and the question. For each map it
    prints identical (every bit), within 1e-4 (of the map's range), or differs with what is known of
    the cause: other weights, another photo, version, backend or device. The status is 1 if one
    differs.
    """
    use_backend(backend)
    from seewhy.results.records.read_file import read_records

    read_records(file)  # what is wrong with it is told before a backend is loaded
    session.load_backend()
    with session.results_only():
        from seewhy.studies.reproduce import reproduce as study

        found = study(file, model, photo)
    session.finish(
        found.as_dict(),
        lambda: _show(found, quiet=quiet),
        as_json=json,
        failed=found.verdict == "differs",
    )


def _show(found: Reproduction, *, quiet: bool) -> None:
    for line in found.lines if not quiet else [found.verdict]:
        session.echo(line)
