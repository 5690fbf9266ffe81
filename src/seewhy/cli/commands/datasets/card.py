"""The command `seewhy card`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from seewhy.cli import session
from seewhy.cli.arguments.flags import OUTPUT

EXAMPLES = """
[bold]Examples[/bold]

  seewhy card audit
  seewhy card store --output card.md
  seewhy card audit --level 3 >> README.md
"""


def card(
    source: Annotated[
        str,
        typer.Argument(
            help="A store of seewhy run, or its address; the folder of seewhy audit, or the "
            "audit.json in it.",
            show_default=False,
            metavar="STORE|AUDIT",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write; printed, if not given.",
            show_default=False,
            metavar="FILE",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    level: Annotated[
        int,
        typer.Option(
            min=1,
            max=4,
            help="Level of the section's heading; those in it are one lower.",
            metavar="LEVEL",
            rich_help_panel=OUTPUT,
        ),
    ] = 2,
) -> None:
    """Write the section of a model card about what was explained, audited and found.

    Markdown, as for the README of a model on Hugging Face: the model with its weights' SHA-256, the
    method with its paper, the photos with the accuracy, where the evidence lies, and of an audit
    each finding in words, with what an audit cannot tell. Neither the model nor a backend is
    needed. Files are named without their folders.
    """
    from seewhy.audit.model_card.write_card import card as section
    from seewhy.render.files import write

    text = section(source, level=level)
    if output is None:
        sys.stdout.write(text)
        return
    session.save_to(output, lambda path: write(path, text), "card", "--output")
    session.echo(output)
