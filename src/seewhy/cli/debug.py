"""The command `seewhy debug`."""

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

  seewhy debug cat.jpg --true "tiger cat"
  seewhy debug scan.png --true benign --model my.keras --labels names.txt --preprocess unit
"""


def debug(  # noqa: PLR0913  (one parameter a flag)
    photo: Annotated[str, typer.Argument(help="Photo to look at.", show_default=False)],
    true: Annotated[str, typer.Option(help="The class that it shows: index, WordNet id or name.")],
    model: Annotated[str, typer.Option(help="A preset or a .keras file.")] = "efficientnet-lite0",
    method: Annotated[
        str, typer.Option(help="How to explain (see [cyan]seewhy methods[/cyan]).")
    ] = "grad-cam",
    layer: Annotated[
        str | None, typer.Option(help="Target layer (see [cyan]seewhy layers[/cyan]).")
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the network's input in pixels.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Names of the model's classes: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How the model wants its pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for a preset.")] = None,
    trust: Annotated[
        bool, typer.Option(help="Check whether the map can be trusted: 17 forward passes.")
    ] = True,
    output: Annotated[Path, typer.Option(help="Folder for the picture and the page.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Show why a prediction went wrong: predicted against true class, side by side.

    Writes NAME_debug.jpg and NAME_debug.html, one page that holds everything. They show both maps
    on one scale, what spoke for the predicted class rather than the true one, the smallest region
    without which the decision turns, whether the map can be trusted, and the nearest classes.
    """
    from seewhy import backend
    from seewhy.cli.explain import quiet
    from seewhy.studies.debug import debug as look

    with quiet():
        backend.load()
    settings: dict[str, Any] = {
        "method": method,
        "layer": int(layer) if layer and layer.removeprefix("-").isdecimal() else layer,
        "size": size,
        "labels": labels,
        "preprocess": preprocess,
        "weights": weights,
    }
    with contextlib.redirect_stdout(sys.stderr):
        found = look(model, photo, int(true) if true.isdecimal() else true, trust=trust, **settings)
    stem = Path(photo).stem
    try:
        output.mkdir(parents=True, exist_ok=True)
        files = [found.save(output / f"{stem}_debug{suffix}") for suffix in (".jpg", ".html")]
    except OSError as error:
        raise OptionError(
            f"the result cannot be written to {str(output)!r} ({error.strerror}). "
            f"Give a folder that can be written with --output."
        ) from error
    if json:
        record = found.as_dict() | {"files": [str(path) for path in files]}
        sys.stdout.write(to_json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        return
    for line in found.summary:
        sys.stdout.write(f"{line}\n")
    if found.trust is not None:
        sys.stdout.write(f"{found.trust}\n")
    sys.stdout.write("Nearest classes:\n")
    for one in found.confusions:
        sys.stdout.write(f"  {one.probability:6.1%}  {one.name}\n")
    for path in files:
        sys.stdout.write(f"{path}\n")
