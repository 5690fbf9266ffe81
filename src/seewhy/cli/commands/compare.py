"""The command `seewhy compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.options import BUNDLED, Json, Layers, Model, split_at_commas, takes_options
from seewhy.explainer.options import index_or_text

EXAMPLES = """
[bold]Examples[/bold]

  seewhy compare cat.jpg
  seewhy compare cat.jpg --methods grad-cam,layer-cam,rise --targets tabby,tiger_cat
  seewhy compare scan.png --model my.keras --layers conv3,conv5 --sheet compared.png
"""


@takes_options(
    *("labels", "preprocess", "range", "weights", "top"),
    help={"top": "How many classes all-top asks for."},
)
def compare(  # noqa: PLR0913  (one parameter a flag)
    photo: Annotated[str, typer.Argument(help="Photo to explain.", show_default=False)],
    *,
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, separated by commas (see [cyan]seewhy methods[/cyan])."),
    ] = None,
    layers: Layers = None,
    targets: Annotated[
        str | None, typer.Option(help="Classes, separated by commas, or top or all-top.")
    ] = None,
    model: Model = BUNDLED,
    settings: dict[str, Any],
    sheet: Annotated[
        Path | None, typer.Option(help="The picture to write; NAME_compared.jpg if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw methods, layers and targets side by side on one labelled sheet.

    A row for each target and layer, a column for each method. A method that cannot explain the
    model leaves its reason in its place.
    """

    def work() -> session.Report:
        from seewhy.render.files import file_name
        from seewhy.studies import compare as study

        comparison = study.compare(
            model,
            photo,
            methods=split_at_commas(methods) or study.METHODS,
            layers=[index_or_text(part) for part in split_at_commas(layers)] or [None],
            targets=[index_or_text(part) for part in split_at_commas(targets)] or ["top"],
            **settings,
        )
        path = sheet or Path(file_name(Path(photo).stem, "_compared.jpg"))
        session.save_to(path, comparison.save, "sheet", "--sheet")
        records = [each | {"photo": photo, "files": [str(path)]} for each in comparison.as_dicts()]

        def show() -> None:
            for cell in comparison.cells:
                if cell.problem:
                    session.tell_problem(f"{cell.method} at {cell.layer}: {cell.problem}")
            session.echo(path)

        return session.Report(records, show)

    session.command(work, as_json=json)
