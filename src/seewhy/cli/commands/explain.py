"""The commands `seewhy explain` and `seewhy demo`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.cli.arguments.flags import (
    ASKED,
    BUNDLED,
    HOW,
    PICTURES,
    FullSize,
    Json,
    LabelsFrom,
    Model,
    Output,
    Photos,
    Quiet,
    Record,
    Targets,
    Verbose,
)
from seewhy.cli.arguments.options import takes_options

EXAMPLES = """
[bold]Examples[/bold]

  seewhy explain cat.jpg
  seewhy explain pets.jpg --target dog,cat
  seewhy explain dog.jpg --model vgg16 --method rise:masks=500
  seewhy explain scans "more/**/*.png" @list.txt --model my.keras
  seewhy explain validation --labels-from folder --output out
  seewhy explain photo.jpg --target all-top --top 5 --json > why.json
  seewhy explain dog.jpg --why "Siberian husky" --rather-than malamute
"""


class Format(StrEnum):
    jpg = "jpg"
    png = "png"


@takes_options()
def explain(  # noqa: PLR0913  (one parameter a flag)
    photos: Photos,
    *,
    model: Model = BUNDLED,
    target: Targets = [],  # noqa: B006  (Typer copies it)
    why: Annotated[
        str | None,
        typer.Option(
            help="Same as --target; with --rather-than, against that class.",
            metavar="CLASS",
            rich_help_panel=ASKED,
        ),
    ] = None,
    rather_than: Annotated[
        str | None,
        typer.Option(
            help="Class to compare with: what speaks for --why, not for it.",
            metavar="CLASS",
            rich_help_panel=ASKED,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Class to show the evidence against.", metavar="CLASS", rich_help_panel=ASKED
        ),
    ] = None,
    labels_from: LabelsFrom = None,
    settings: dict[str, Any],
    common_scale: Annotated[
        bool,
        typer.Option(
            "--common-scale/--own-scales",
            help="Draw all maps of a photo on one scale, or each on its own.",
            rich_help_panel=PICTURES,
        ),
    ] = True,
    look: Any,
    legend: Annotated[
        bool,
        typer.Option(
            "--legend", help="Say below each picture what it shows.", rich_help_panel=PICTURES
        ),
    ] = False,
    format: Annotated[
        Format,
        typer.Option(
            help="Format of the pictures: jpg or png.", metavar="FORMAT", rich_help_panel=PICTURES
        ),
    ] = Format.jpg,
    full_size: FullSize = False,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust",
            help="Check whether each map is faithful to the model.",
            rich_help_panel=HOW,
        ),
    ] = False,
    output: Output = Path(),
    record: Record = True,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show which parts of each photo made the network decide as it did.

    For each photo it prints the top classes and writes NAME_heatmap and NAME_gradcam, the map
    alone and over the photo, at the photo's own size (up to 4096 pixels a side).

    Of several photos it prints a line each, and writes results.csv and results.jsonl beside the
    pictures as it goes. Run again, it goes on where it was stopped.
    """
    from seewhy.cli.explain_photos import Asked, Told, explain_photos
    from seewhy.cli.picture_files import Drawing

    drawing = Drawing(look, output, format.value, common_scale, legend, full_size, record=record)
    beside = {"why": why, "rather than": rather_than, "against": against}
    words = [f"{flag} {text}" for flag, text in beside.items() if text is not None]
    asked = Asked(
        model,
        settings,
        target,
        more=lambda: _margins(why, rather_than, against),
        words=words,
        beside=[text.replace(",", "\\,") for text in beside.values() if text is not None],
        trust=trust,
        labels_from_folder=labels_from is not None,
    )
    explain_photos(photos, asked, drawing, Told(json, quiet, verbose))


@takes_options("top", "batch_size")
def demo(
    *,
    settings: dict[str, Any],
    output: Output = Path(),
    record: Record = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain the bundled photo of a cat with the bundled network.

    Writes the map alone and over the photo, in both looks: chelsea_heatmap and chelsea_gradcam, and
    as the Grad-CAM tutorial draws them, chelsea_tutorial_heatmap and chelsea_tutorial_gradcam.
    """
    from seewhy.cli.explain_photos import Asked, Told, explain_photos
    from seewhy.cli.picture_files import Drawing
    from seewhy.data import FOLDER
    from seewhy.render.looks import TUTORIAL

    photo = str(FOLDER / "chelsea.png")
    tutorial = Drawing(TUTORIAL, output, mark="_tutorial", record=record)
    drawing = Drawing(output=output, besides=tutorial, record=record)
    explain_photos([photo], Asked(BUNDLED, settings, []), drawing, Told(json, quiet))


def _margins(why: str | None, rather_than: str | None, against: str | None) -> list[Any]:
    """What the flags beside --target ask."""
    from seewhy.targets import counterfactual, margin

    questions: list[Any] = []
    if rather_than is not None:
        questions.append(margin(why or "top", rather_than))
    elif why is not None:
        questions.append(why)
    if against is not None:
        questions.append(counterfactual(against))
    return questions
