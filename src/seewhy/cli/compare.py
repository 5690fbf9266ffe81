"""The command `seewhy compare`."""

from __future__ import annotations

import contextlib
import json as to_json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.errors import OptionError

EXAMPLES = """
[bold]Examples[/bold]

  seewhy compare cat.jpg
  seewhy compare cat.jpg --methods grad-cam,layer-cam,rise --targets tabby,tiger_cat
  seewhy compare scan.png --model my.keras --layers conv3,conv5 --sheet compared.png
"""


def compare(  # noqa: PLR0913  (one parameter a flag)
    photo: Annotated[str, typer.Argument(help="Photo to explain.", show_default=False)],
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, separated by commas (see [cyan]seewhy methods[/cyan])."),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="Layers, separated by commas (see [cyan]seewhy layers[/cyan])."),
    ] = None,
    targets: Annotated[
        str | None, typer.Option(help="Classes, separated by commas, or top or all-top.")
    ] = None,
    model: Annotated[str, typer.Option(help="A preset or a .keras file.")] = "efficientnet-lite0",
    labels: Annotated[
        Path | None, typer.Option(help="Names of the model's classes: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How the model wants its pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for a preset.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes all-top asks for.")] = 3,
    sheet: Annotated[
        Path | None, typer.Option(help="The picture to write; NAME_compared.jpg if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Draw methods, layers and targets side by side on one labelled sheet.

    A row for each target and layer, a column for each method. A method that cannot explain the
    model leaves its reason in its place.
    """
    from seewhy import backend
    from seewhy.cli.explain import quiet
    from seewhy.studies.compare import METHODS
    from seewhy.studies.compare import compare as compared

    with quiet():
        backend.load()
    asked: list[Any] = [int(t) if t.isdecimal() else t for t in _parts(targets)] or ["top"]
    with contextlib.redirect_stdout(sys.stderr):
        done = compared(
            model,
            photo,
            methods=_parts(methods) or METHODS,
            layers=[_layer(one) for one in _parts(layers)] or [None],
            targets=asked,
            labels=labels,
            preprocess=preprocess,
            weights=weights,
            top=top,
        )
    path = sheet or Path(f"{Path(photo).stem}_compared.jpg")
    try:
        done.save(path)
    except OSError as error:
        raise OptionError(
            f"the sheet cannot be written to {str(path)!r} ({error.strerror}). "
            f"Give another file with --sheet."
        ) from error
    if json:
        records = [one | {"photo": photo, "files": [str(path)]} for one in done.as_dicts()]
        sys.stdout.write(to_json.dumps(records, indent=1, ensure_ascii=False) + "\n")
        return
    for cell in done.cells:
        if cell.problem:
            sys.stderr.write(f"seewhy: {cell.method} at {cell.layer}: {cell.problem}\n")
    sys.stdout.write(f"{path}\n")


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _layer(text: str) -> str | int:
    return int(text) if text.removeprefix("-").isdecimal() else text
