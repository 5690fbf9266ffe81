"""The command `seewhy benchmark`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.options import (
    BUNDLED,
    Json,
    Layers,
    PhotosAndFolders,
    method_options,
    split_at_commas,
    takes_options,
)
from seewhy.errors import OptionError
from seewhy.explainer.options import index_or_text

if TYPE_CHECKING:
    from seewhy.studies.benchmark.tables import Benchmark

EXAMPLES = """
[bold]Examples[/bold]

  seewhy benchmark photos --methods grad-cam,layer-cam,eigen-cam
  seewhy benchmark val2017 --boxes instances_val2017.json --metrics pointing-game,max-box-acc
  seewhy benchmark photos --models my.keras,vgg16 --methods grad-cam,rise:masks=500
"""


@takes_options(
    *("size", "sizes", "fuse", "sharpen", "labels", "preprocess", "range"),
    help={
        "size": "Side of the networks' input in pixels.",
        "sizes": "Sides of the networks' input, whose maps are fused; as of seewhy locate, if no "
        "size is given.",
        "fuse": "How the maps of several sizes become one.",
        "sharpen": "Power to which the map is raised.",
        "labels": "Names of the models' classes: .txt, .csv or .json.",
        "preprocess": "How the models want their pixels: none, unit, tf, torch, caffe, lite.",
    },
    default={"fuse": None, "sharpen": None},
)
def benchmark(  # noqa: PLR0913  (one parameter a flag)
    photos: PhotosAndFolders,
    *,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Methods, separated by commas (see [cyan]seewhy methods[/cyan]); options behind "
            "colons, as in rise:masks=500:seed=1."
        ),
    ] = None,
    layers: Layers = None,
    models: Annotated[
        str, typer.Option(help="Presets or .keras files, separated by commas.")
    ] = BUNDLED,
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
    settings: dict[str, Any],
    output: Annotated[
        Path, typer.Option(help="Folder for tables, plots, and results as they come.")
    ] = Path("benchmark"),
    json: Json = False,
) -> None:
    """Compare methods, layers and models on the same photos, with chance beside them.

    Each table carries controls: a random map, a Gaussian in the middle, and an edge detector.
    Means have bootstrap intervals over photos; ≈ marks what is not told from the best control.
    A run that was stopped goes on where it was, if it is started again.
    """

    def work() -> session.Report:
        from seewhy.studies.benchmark import benchmark as study

        try:
            table = study.benchmark(
                split_at_commas(models),
                photos,
                methods=[_method(part) for part in split_at_commas(methods)] or study.METHODS,
                layers=[index_or_text(part) for part in split_at_commas(layers)] or [None],
                metrics=[_metric(part) for part in split_at_commas(metrics)] or None,
                boxes=boxes,
                target=index_or_text(target),
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
        return session.Report(table.as_dict(), lambda: _show(table, output), list(table.problems))

    session.command(work, as_json=json)


def _show(benchmark: Benchmark, output: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from seewhy.studies.benchmark import tables

    table = Table(
        title=f"photos: {benchmark.photos}, seed {benchmark.settings['seed']}", title_justify="left"
    )
    for at, heading in enumerate(tables.headings(benchmark)):
        table.add_column(heading, justify="left" if at < 3 else "right", overflow="fold")
    problems = []
    for row in benchmark.rows:
        cells = tables.cells(benchmark, row)
        if row.problem:
            problems.append(f"{row.method} at {row.layer} of {row.model}: {row.problem}")
            cells = [*cells[:3], "cannot explain (see below)"]
        table.add_row(*map(session.words, cells), style="dim" if row.control else "")
    console = Console(highlight=False)
    # columns of figures are of no use cut off
    console.width = max(console.width, 60 + 28 * len(benchmark.measures))
    console.print(table)
    for line in (*problems, tables.LEGEND, *benchmark.notes, f"Tables and plots are in {output}."):
        console.print(session.words(line), soft_wrap=True)


def _method(text: str) -> Any:
    name, *texts = text.split(":")
    return (name, method_options(name, texts)) if texts else name


def _metric(text: str) -> Any:
    name, *texts = text.split(":")
    pairs = [part.partition("=") for part in texts]
    bare = [part for part, mark, _ in pairs if not mark]
    if bare:
        raise OptionError(f"an option of a metric is NAME=VALUE; got {bare[0]!r}.")
    return (name, {part: _value(value) for part, _, value in pairs}) if texts else name


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
