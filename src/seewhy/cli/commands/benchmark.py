"""The command `seewhy benchmark`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion, grammar
from seewhy.cli.arguments.early_checks import check_boxes, check_classes, check_folder, check_models
from seewhy.cli.arguments.flags import (
    ASKED,
    BUNDLED,
    Json,
    Layers,
    Methods,
    OneTarget,
    Output,
    Photos,
    Quiet,
)
from seewhy.cli.arguments.options import takes_options
from seewhy.cli.arguments.photos import given_photos
from seewhy.errors import OptionError
from seewhy.explainer.options import index_or_text

if TYPE_CHECKING:
    from seewhy.studies.benchmark.tables import Benchmark

EXAMPLES = """
[bold]Examples[/bold]

  seewhy benchmark photos --method grad-cam,layer-cam,eigen-cam
  seewhy benchmark val2017 --boxes instances.json --metric pointing-game
  seewhy benchmark photos --model my.keras,vgg16 --method rise:masks=500
"""


@takes_options(
    *("size", "sizes", "fit", "fuse", "sharpen", "batch_size", "labels", "preprocess", "range"),
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
    old={
        "--methods": "methods",
        "--layers": "layers",
        "--models": "models",
        "--metrics": "metrics",
        "--targets": "target",
    },
)
def benchmark(  # noqa: PLR0913  (one parameter a flag)
    photos: Photos,
    *,
    models: Annotated[
        list[str],
        typer.Option(
            "--model",
            help="Presets or .keras files, repeated or with commas; the bundled network, if not "
            "given.",
            autocompletion=completion.models,
            metavar="MODEL",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = [],  # noqa: B006  (Typer copies it)
    target: OneTarget = [],  # noqa: B006
    metrics: Annotated[
        list[str],
        typer.Option(
            "--metric",
            help="Measures, repeated or with commas, with options behind colons; deletion, "
            "insertion, average-drop and increase if not given, and with --boxes pointing-game, "
            "energy-inside and box-iou.",
            metavar="NAME",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = [],  # noqa: B006
    boxes: Annotated[
        Path | None,
        typer.Option(
            help="COCO JSON, a folder of VOC XML or YOLO text, or one of PNG masks.",
            metavar="PATH",
            rich_help_panel=ASKED,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of all chance.", metavar="NUMBER", rich_help_panel=ASKED)
    ] = 0,
    methods: Methods = [],  # noqa: B006
    layers: Layers = [],  # noqa: B006
    settings: dict[str, Any],
    output: Output = Path("benchmark"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare methods, layers and models on the same photos, with chance beside them.

    Each table carries controls: a random map, a Gaussian in the middle, and an edge detector.
    Means have bootstrap intervals over photos; ≈ marks what is not told from the best control.
    A run that was stopped goes on where it was, if it is started again.
    """

    named = grammar.split_list(models) or [BUNDLED]
    asked: dict[str, Any] = {
        "methods": [_method(part) for part in grammar.split_list(methods)],
        "metrics": [_metric(part) for part in grammar.split_list(metrics)] or None,
        "layers": grammar.layer_list(layers) or [None],
        "target": _target(target),
    }
    given = given_photos(photos)
    given.require()
    check_models(settings, *named)
    for each in named:
        check_classes(settings, each, target)
    _check_measures(asked["metrics"], boxes)
    check_folder(output)

    def work() -> session.Report:
        from seewhy.studies.benchmark import benchmark as study

        asked["methods"] = asked["methods"] or study.METHODS
        try:
            table = study.benchmark(
                named,
                list(given.paths),
                **asked,
                boxes=boxes,
                seed=seed,
                folder=output,
                **settings,
            )
        except OSError as error:
            raise _unwritten(error, output) from error
        return session.Report(
            table.as_dict(),
            lambda: _show(table),
            list(table.problems),
            closing=f"Tables and plots are in {output}/",
        )

    session.command(work, as_json=json, quiet=quiet)


def _show(benchmark: Benchmark) -> None:
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
    for line in (*problems, tables.LEGEND, *benchmark.notes):
        console.print(session.words(line), soft_wrap=True)


def _method(text: str) -> tuple[str, dict[str, Any]]:
    from seewhy.methods.registry import read_method

    name, options = read_method(text)
    return str(name), options


def _unwritten(error: OSError, output: Path) -> Exception:
    """What is told of an error of the file system; ours, as of a missing photo, are told as is."""
    if isinstance(error, ValueError):
        return error
    return OptionError(
        f"the results cannot be written to {str(output)!r} ({error.strerror}). "
        f"Give a folder that can be written with --output."
    )


def _target(texts: list[str]) -> Any:
    """The one question. Raises OptionError for several: a class may have a comma, a list none."""
    if len(texts) > 1:
        raise OptionError(
            f"this command asks one question of all photos; got {len(texts)}: {', '.join(texts)}."
        )
    return index_or_text(texts[0]) if texts else "top"


def _check_measures(metrics: list[Any] | None, boxes: Path | None) -> None:
    """Raises OptionError for measures that there are not, or not without boxes."""
    from seewhy.studies.benchmark.measures import choose_measures

    check_boxes(boxes)
    choose_measures(metrics, boxes is not None)


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
