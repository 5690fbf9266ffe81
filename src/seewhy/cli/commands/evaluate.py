"""The command `seewhy evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion
from seewhy.cli.arguments.early_checks import check_boxes, check_classes, check_models
from seewhy.cli.arguments.flags import ASKED, BUNDLED, HOW, Json, Model, Photos
from seewhy.cli.arguments.options import takes_options
from seewhy.cli.arguments.photos import given_photos
from seewhy.errors import OptionError

if TYPE_CHECKING:
    from seewhy.studies.localisation_scores import Evaluation

EXAMPLES = """
[bold]Examples[/bold]

  seewhy evaluate val2017 --boxes instances_val2017.json
  seewhy evaluate photos --boxes voc/Annotations --method layer-cam --size 320
  seewhy evaluate scans --boxes masks --model my.keras --target melanoma
"""


@takes_options(
    *("method", "options", "layer", "size", "sizes", "fit", "fuse", "sharpen", "enhance"),
    *("upsampling", "scores", "batch_size", "labels", "preprocess", "range", "weights"),
    help={
        "scores": "probabilities sets a class against all others; logits does not.",
        "sizes": "Sides of the network's input, whose maps are fused; as of seewhy locate, if no "
        "size is given.",
        "fuse": "How the maps of several sizes or layers become one.",
        "sharpen": "Power to which the map is raised.",
    },
    default={"fuse": None, "sharpen": None},
)
def evaluate(  # noqa: PLR0913  (one parameter a flag)
    photos: Photos,
    *,
    boxes: Annotated[
        Path,
        typer.Option(
            help="COCO JSON, a folder of VOC XML or YOLO text, or one of PNG masks.",
            show_default=False,
            metavar="PATH",
            rich_help_panel=ASKED,
        ),
    ],
    model: Model = BUNDLED,
    target: Annotated[
        list[str],
        typer.Option(
            help="What is asked of all photos; [cyan]label[/cyan] asks for the classes that the "
            "boxes tell, which is taken if the model has them, or else [cyan]top[/cyan].",
            autocompletion=completion.targets,
            metavar="CLASS",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = [],  # noqa: B006  (Typer copies it)
    settings: dict[str, Any],
    tolerance: Annotated[
        float,
        typer.Option(
            min=0,
            help="Pixels by which a peak may miss in the pointing game.",
            metavar="PIXELS",
            rich_help_panel=HOW,
        ),
    ] = 15,
    threshold: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Fraction of the maximum that boxes are drawn at.",
            metavar="FRACTION",
            rich_help_panel=HOW,
        ),
    ] = 0.15,
    json: Json = False,
) -> None:
    """Measure how well maps locate things that people drew boxes or masks of.

    Beside the method stand controls: the map of the least likely class, a random map, a Gaussian
    in the middle, and an edge detector. What is no better than they are has found nothing.
    """

    if len(target) > 1:
        raise OptionError(
            f"this command asks one question of all photos; got {len(target)}: {', '.join(target)}."
        )
    given = given_photos(photos)
    given.require()
    check_models(settings, model)
    check_classes(settings, model, target)
    check_boxes(boxes)

    def work() -> session.Report:
        from seewhy.studies import evaluate as study

        evaluation = study.evaluate(
            model,
            list(given.paths),
            boxes,
            target=target[0] if target else None,
            tolerance=tolerance,
            threshold=threshold,
            **settings,
        )
        return session.Report(
            evaluation.as_dict(), lambda: _show(evaluation), list(evaluation.problems)
        )

    session.command(work, as_json=json)


def _show(evaluation: Evaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    from seewhy.studies.localisation_scores import COLUMNS

    target, layer = evaluation.settings["target"], evaluation.settings["layer"]
    question = "each box's class" if target == "label" else target
    title = f"{evaluation.photos} photos, {evaluation.cases} questions ({question}), {layer}"
    table = Table(title=session.words(title), title_justify="left")
    table.add_column("maps", no_wrap=True)
    for name in COLUMNS:
        arrow = "↓" if name.endswith("error") else "↑"
        table.add_column(f"{name.replace('_', ' ')} {arrow}", justify="right")
    table.add_column("without evidence", justify="right")
    for row in evaluation.rows:
        figures = (row.figures[name] for name in COLUMNS)
        cells = ["–" if value != value else f"{value:.3f}" for value in figures]
        table.add_row(
            session.words(row.name), *cells, str(row.empty), style="dim" if row.control else "bold"
        )
    console = Console(highlight=False)
    # columns of figures are of no use cut off
    console.width = max(console.width, 132)
    console.print(table)
    best = evaluation.rows[0].best_threshold
    if best:  # at 0 all boxes are the whole photo
        console.print(f"Most boxes fit at --threshold {best:g} of seewhy locate.")
    else:
        console.print("No threshold fits more boxes than the whole photo does.")
    for note in evaluation.notes:
        console.print(session.words(f"note: {note}"))
