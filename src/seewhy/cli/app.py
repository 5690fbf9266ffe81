"""The command `seewhy` with its subcommands; what they do is imported when it is needed."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from seewhy._version import __version__
from seewhy.cli import session
from seewhy.cli.commands import (
    benchmark,
    compare,
    concepts,
    debug,
    diff,
    evaluate,
    explain,
    layers,
    lists,
    locate,
    reproduce,
    web_app,
)
from seewhy.cli.commands.datasets import audit, card, gallery, run
from seewhy.cli.help import Command, Group
from seewhy.errors import SeewhyError

EXPLAIN, MEASURE, LISTS = "Explain photos", "Measure and compare", "What there is"
GREETING = """\
seewhy {version}: see why a network decided.

  seewhy demo                     explain the photo and the network that come with it
  seewhy explain cat.jpg          which parts of a photo made the network decide as it did
  seewhy debug cat.jpg --true dog why a prediction went wrong
  seewhy locate cat.jpg           boxes around what speaks for a class
  seewhy methods                  the ways to explain

seewhy --help lists all commands, seewhy explain --help all that one can do.
"""

app = typer.Typer(
    name="seewhy",
    cls=Group,
    help="See why a network decided: heatmaps over photos, for Keras 3 models.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for panel, commands in {
    EXPLAIN: (
        (explain.explain, explain.EXAMPLES),
        (debug.debug, debug.EXAMPLES),
        (compare.compare, compare.EXAMPLES),
        (locate.locate, locate.EXAMPLES),
        (concepts.concepts, concepts.EXAMPLES),
        (run.run, run.EXAMPLES),
        (gallery.gallery, gallery.EXAMPLES),
        (web_app.app, web_app.EXAMPLES),
        (reproduce.reproduce, reproduce.EXAMPLES),
        (explain.demo, None),
    ),
    MEASURE: (
        (audit.audit, audit.EXAMPLES),
        (card.card, card.EXAMPLES),
        (diff.diff, diff.EXAMPLES),
        (evaluate.evaluate, evaluate.EXAMPLES),
        (benchmark.benchmark, benchmark.EXAMPLES),
    ),
    LISTS: ((lists.models, None), (layers.layers, None), (lists.methods, None)),
}.items():
    for command, examples in commands:
        app.command(cls=Command, epilog=examples, rich_help_panel=panel)(command)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"seewhy {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _common(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(GREETING.format(version=__version__), nl=False)


def main() -> None:
    """Run the command; what is wrong with the user's input is told in one line."""
    # TensorFlow writes its start-up notes to stderr otherwise
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except SeewhyError as error:
        sys.exit(session.error_text(error))
