"""The command `seewhy benchmark`."""

from __future__ import annotations

import ast
import contextlib
import json as to_json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.errors import OptionError

if TYPE_CHECKING:
    from seewhy.studies.benchmark.tables import Benchmark

EXAMPLES = """
[bold]Examples[/bold]

  seewhy benchmark photos --methods grad-cam,layer-cam,eigen-cam
  seewhy benchmark val2017 --boxes instances_val2017.json --metrics pointing-game,max-box-acc
  seewhy benchmark photos --models my.keras,vgg16 --methods grad-cam,rise:masks=500
"""


def benchmark(  # noqa: PLR0913  (one parameter a flag)
    photos: Annotated[
        list[str], typer.Argument(help="Photos, or folders of photos.", show_default=False)
    ],
    methods: Annotated[
        str | None,
        typer.Option(
            help="Methods, separated by commas (see [cyan]seewhy methods[/cyan]); options behind "
            "colons, as in rise:masks=500:seed=1."
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="Layers, separated by commas (see [cyan]seewhy layers[/cyan])."),
    ] = None,
    models: Annotated[
        str, typer.Option(help="Presets or .keras files, separated by commas.")
    ] = "efficientnet-lite0",
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Measures, separated by commas, with options behind colons; deletion, "
            "insertion, average-drop and increase if not given, and with --boxes pointing-game, "
            "energy-inside and box-iou."
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(help="COCO JSON, a folder of VOC XML or YOLO text, or one of PNG masks."),
    ] = None,
    target: Annotated[
        str, typer.Option(help="What is asked of all photos; top is each photo's top class.")
    ] = "top",
    seed: Annotated[int, typer.Option(min=0, help="Of all chance.")] = 0,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the networks' input in pixels.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Names of the models' classes: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How the models want their pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Folder for tables, plots, and results as they come.")
    ] = Path("benchmark"),
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Compare methods, layers and models on the same photos, with chance beside them.

    Each table carries controls: a random map, a Gaussian in the middle, and an edge detector.
    Means have bootstrap intervals over photos; ≈ marks what is not told from the best control.
    A run that was stopped goes on where it was, if it is started again.
    """
    from seewhy import backend
    from seewhy.cli.explain import quiet
    from seewhy.studies.benchmark.benchmark import METHODS
    from seewhy.studies.benchmark.benchmark import benchmark as measured

    with quiet():
        backend.load()
    settings = {"size": size, "labels": labels, "preprocess": preprocess}
    try:
        with contextlib.redirect_stdout(sys.stderr):
            done = measured(
                _parts(models),
                photos,
                methods=[_method(one) for one in _parts(methods)] or METHODS,
                layers=[_number_option(one) for one in _parts(layers)] or [None],
                metrics=[_metric(one) for one in _parts(metrics)] or None,
                boxes=boxes,
                target=_number_option(target),
                seed=seed,
                folder=output,
                **settings,
            )
    except OSError as error:
        if isinstance(error, ValueError):  # ours, such as that of a missing photo
            raise
        raise OptionError(
            f"the results cannot be written to {str(output)!r} ({error.strerror}). "
            f"Give a folder that can be written with --output."
        ) from error
    for problem in done.problems:
        sys.stderr.write(f"seewhy: {problem}\n")
    if json:
        sys.stdout.write(to_json.dumps(done.as_dict(), indent=1, ensure_ascii=False) + "\n")
    else:
        _show(done, output)
    raise typer.Exit(int(bool(done.problems)))


def _show(done: Benchmark, output: Path) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from seewhy.studies.benchmark import tables

    table = Table(
        title=f"photos: {done.photos}, seed {done.settings['seed']}", title_justify="left"
    )
    for at, heading in enumerate(tables.headings(done)):
        table.add_column(heading, justify="left" if at < 3 else "right", overflow="fold")
    told = []
    for row in done.rows:
        cells = tables.cells(done, row)
        if row.problem:
            told.append(f"{row.method} at {row.layer} of {row.model}: {row.problem}")
            cells = [*cells[:3], "cannot explain (see below)"]
        table.add_row(*map(Text, cells), style="dim" if row.control else "")
    console = Console(highlight=False)
    # columns of figures are of no use cut off
    console.width = max(console.width, 60 + 28 * len(done.measures))
    console.print(table)
    for line in (*told, tables.LEGEND, *done.notes, f"Tables and plots are in {output}."):
        console.print(Text(line), soft_wrap=True)


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _number_option(text: str) -> str | int:
    return int(text) if text.removeprefix("-").isdecimal() else text


def _method(text: str) -> Any:
    from seewhy.cli.lists import options

    name, *given = text.split(":")
    return (name, options(name, given)) if given else name


def _metric(text: str) -> Any:
    name, *given = text.split(":")
    pairs = [part.partition("=") for part in given]
    bare = [part for part, mark, _ in pairs if not mark]
    if bare:
        raise OptionError(f"an option of a metric is NAME=VALUE; got {bare[0]!r}.")
    return (name, {part: _value(value) for part, _, value in pairs}) if given else name


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
