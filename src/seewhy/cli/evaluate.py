"""The command `seewhy evaluate`."""

from __future__ import annotations

import contextlib
import json as to_json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli.locate import Scores

if TYPE_CHECKING:
    from seewhy.studies.localisation_scores import Evaluation

EXAMPLES = """
[bold]Examples[/bold]

  seewhy evaluate val2017 --boxes instances_val2017.json
  seewhy evaluate photos --boxes voc/Annotations --method layer-cam --size 320
  seewhy evaluate scans --boxes masks --model my.keras --labels names.txt --target melanoma
"""


def evaluate(  # noqa: PLR0913  (one parameter a flag)
    photos: Annotated[
        list[str], typer.Argument(help="Photos, or folders of photos.", show_default=False)
    ],
    boxes: Annotated[
        Path,
        typer.Option(
            help="COCO JSON, a folder of VOC XML or YOLO text, or one of PNG masks.",
            show_default=False,
        ),
    ],
    model: Annotated[str, typer.Option(help="A preset or a .keras file.")] = "efficientnet-lite0",
    target: Annotated[
        str | None,
        typer.Option(
            help="What is asked of all photos; [cyan]label[/cyan] asks for the classes that the "
            "boxes tell, which is taken if the model has them, or else [cyan]top[/cyan]."
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="How to explain (see [cyan]seewhy methods[/cyan]).")
    ] = "grad-cam",
    layer: Annotated[
        str | None, typer.Option(help="Target layer (see [cyan]seewhy layers[/cyan]).")
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the network's input in pixels.")
    ] = None,
    enhance: Annotated[
        list[str],
        typer.Option(help="flips, noise, scales or eigen: steadier or finer maps. Repeatable."),
    ] = [],  # noqa: B006  (Typer copies it)
    upsampling: Annotated[
        str, typer.Option(help="How maps are enlarged: linear, or guided by the photo's edges.")
    ] = "linear",
    scores: Annotated[
        Scores,
        typer.Option(help="probabilities sets a class against all others; logits does not."),
    ] = Scores.logits,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Pixels by which a peak may miss in the pointing game.")
    ] = 15,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Fraction of the maximum that boxes are drawn at.")
    ] = 0.15,
    labels: Annotated[
        Path | None, typer.Option(help="Names of the model's classes: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How the model wants its pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for a preset.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure how well maps locate things that people drew boxes or masks of.

    Beside the method stand controls: the map of the least likely class, a random map, a Gaussian
    in the middle, and an edge detector. What is no better than they are has found nothing.
    """
    from seewhy import backend
    from seewhy.cli.explain import quiet
    from seewhy.studies.evaluate import evaluate as measured

    with quiet():
        backend.load()
    settings: dict[str, Any] = {
        "method": method,
        "layer": int(layer) if layer and layer.removeprefix("-").isdecimal() else layer,
        "size": size,
        "scores": scores.value,
        "enhance": enhance,
        "upsampling": upsampling,
        "labels": labels,
        "preprocess": preprocess,
        "weights": weights,
    }
    with contextlib.redirect_stdout(sys.stderr):
        found = measured(
            model,
            photos,
            boxes,
            target=target,
            tolerance=tolerance,
            threshold=threshold,
            **settings,
        )
    for problem in found.problems:
        sys.stderr.write(f"seewhy: {problem}\n")
    if json:
        sys.stdout.write(to_json.dumps(found.as_dict(), indent=1, ensure_ascii=False) + "\n")
    else:
        _show(found)
    raise typer.Exit(int(bool(found.problems)))


def _show(found: Evaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    from seewhy.studies.localisation_scores import COLUMNS

    asked = "each box's class" if found.settings["target"] == "label" else found.settings["target"]
    title = f"{found.photos} photos, {found.cases} questions ({asked}), {found.settings['layer']}"
    table = Table(title=title, title_justify="left")
    table.add_column("maps", no_wrap=True)
    for name in COLUMNS:
        arrow = "↓" if name.endswith("error") else "↑"
        table.add_column(f"{name.replace('_', ' ')} {arrow}", justify="right")
    table.add_column("without evidence", justify="right")
    for row in found.rows:
        figures = (row.figures[name] for name in COLUMNS)
        cells = ["–" if value != value else f"{value:.3f}" for value in figures]
        table.add_row(row.name, *cells, str(row.empty), style="dim" if row.control else "bold")
    console = Console(highlight=False)
    # columns of figures are of no use cut off
    console.width = max(console.width, 132)
    console.print(table)
    best = found.rows[0].best_threshold
    console.print(f"Most boxes fit at --threshold {best:g} of seewhy locate.")
    for note in found.notes:
        console.print(f"note: {note}")
