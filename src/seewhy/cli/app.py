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
    lists,
    locate,
)
from seewhy.errors import SeewhyError

app = typer.Typer(
    name="seewhy",
    help="See why a network decided: heatmaps over photos, for Keras 3 models.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.command()(explain.demo)
app.command()(lists.models)
app.command()(lists.layers)
app.command(epilog=benchmark.EXAMPLES)(benchmark.benchmark)
app.command(epilog=compare.EXAMPLES)(compare.compare)
app.command(epilog=concepts.EXAMPLES)(concepts.concepts)
app.command(epilog=debug.EXAMPLES)(debug.debug)
app.command(epilog=diff.EXAMPLES)(diff.diff)
app.command(epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command(epilog=locate.EXAMPLES)(locate.locate)
app.command()(lists.methods)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"seewhy {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; what is wrong with the user's input is told in one line."""
    # TensorFlow writes its start-up notes to stderr otherwise
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except SeewhyError as error:
        sys.exit(session.error_text(error))
