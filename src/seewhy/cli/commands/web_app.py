"""The command `seewhy app`."""

from __future__ import annotations

import signal
import threading
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion
from seewhy.cli.arguments.early_checks import check_models
from seewhy.cli.arguments.flags import ASKED, OUTPUT, PICTURES
from seewhy.cli.arguments.options import takes_options

EXAMPLES = """
[bold]Examples[/bold]

  seewhy app
  seewhy app photos --model my.keras --labels names.txt
  seewhy app --store store --audit audit --colormap cividis
"""


@takes_options("labels", "preprocess", "weights", "fit", "range")
def app(  # noqa: PLR0913  (one parameter a flag)
    photos: Annotated[
        Path | None,
        typer.Argument(
            help="A folder whose photos can be picked.", metavar="FOLDER", show_default=False
        ),
    ] = None,
    *,
    models: Annotated[
        list[str],
        typer.Option(
            "--model",
            help="Preset or .keras file that is offered, the first at first; if none is given, the "
            "bundled network and the presets whose weights are here. Repeatable.",
            autocompletion=completion.models,
            metavar="MODEL",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = [],  # noqa: B006  (Typer copies it)
    settings: dict[str, Any],
    store: Annotated[
        Path | None,
        typer.Option(
            help="A store of seewhy run, to browse.", metavar="STORE", rich_help_panel=ASKED
        ),
    ] = None,
    audit: Annotated[
        Path | None,
        typer.Option(
            help="The folder of an audit, to open its findings.",
            metavar="DIR",
            rich_help_panel=ASKED,
        ),
    ] = None,
    colormap: Annotated[
        str,
        typer.Option(
            help="Colours at the start: clear, jet, cividis (which colour-blind people read alike) "
            "or a name that Matplotlib knows.",
            metavar="NAME",
            rich_help_panel=PICTURES,
        ),
    ] = "clear",
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Port on this machine; the first free one from 7860 on, if not given.",
            metavar="PORT",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    most_megabytes: Annotated[
        int,
        typer.Option(
            "--max-megabytes",
            min=1,
            help="Largest photo that can be dropped.",
            metavar="COUNT",
            rich_help_panel=OUTPUT,
        ),
    ] = 50,
    mcp: Annotated[
        bool,
        typer.Option(
            "--mcp",
            help="Let programs ask, too: by HTTP, and as a tool of MCP clients.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    browser: Annotated[
        bool,
        typer.Option("--browser/--no-browser", help="Open the page.", rich_help_panel=OUTPUT),
    ] = True,
) -> None:
    """Serve a page on this machine: drop a photo, ask for a class or a spot, see the map.

    Nothing leaves the machine. The page is for this machine's users alone (127.0.0.1); it runs one
    photo at a time, and says who waits. Ctrl-C ends it and removes the photos that were dropped.
    """
    from seewhy.app.app_options import AppOptions

    check_models(settings, *models)
    _check_beside(store, audit)
    given = {name: value for name, value in settings.items() if value is not None}
    options = AppOptions(
        models=tuple(models),
        settings=given,
        photos=photos,
        store=store,
        audit=audit,
        colormap=colormap,
        port=port,
        most_megabytes=most_megabytes,
        mcp=mcp,
    )
    _serve(options, browser=browser)


def _check_beside(store: Path | None, audit: Path | None) -> None:
    """Raises StoreError and OptionError for what is none, before a backend is loaded."""
    if store is not None:
        from seewhy.datasets.open_store import open_store

        open_store(store)
    if audit is not None:
        from seewhy.app.page_parts.audit_tab import read_findings

        read_findings(audit)


def _serve(options: Any, *, browser: bool) -> None:
    session.load_backend()
    with session.results_only():
        from seewhy.app.serve import served

        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        try:
            with served(options) as address:
                session.tell_problem(f"seewhy is at {address} (Ctrl-C ends it)")
                if browser:
                    webbrowser.open(address)
                ended.wait()
        except KeyboardInterrupt:
            pass
