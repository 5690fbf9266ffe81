"""The commands `seewhy explain` and `seewhy demo`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.cli.options import (
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
    Targets,
    Verbose,
    takes_options,
)

EXAMPLES = """
[bold]Examples[/bold]

  seewhy explain cat.jpg
  seewhy explain pets.jpg --target dog --target cat
  seewhy explain dalmatian.jpg --model vgg16 --target dalmatian --layer block5_conv3
  seewhy explain scans "more/**/*.png" @list.txt --model my.keras --labels names.txt --output out
  seewhy explain validation --labels-from folder --output out
  seewhy explain photo.jpg --target all-top --top 5 --json > why.json
  seewhy explain husky.jpg --why "Siberian husky" --rather-than "Alaskan malamute"
"""


class Blend(StrEnum):
    add = "add"
    mix = "mix"


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
        typer.Option("--common-scale", help="Draw all maps of a photo on one scale."),
    ] = False,
    blend: Annotated[Blend, typer.Option(help="How the map is laid over the photo.")] = Blend.add,
    alpha: Annotated[
        float, typer.Option(min=0, max=1, help="Strength of the map in the overlay.")
    ] = 0.4,
    colormap: Annotated[
        str, typer.Option(help="OpenCV's jet, or a name that Matplotlib knows.")
    ] = "jet",
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
            help="Check whether each map can be trusted, and say why.",
            rich_help_panel=HOW,
        ),
    ] = False,
    output: Output = Path(),
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

    drawing = Drawing(blend.value, alpha, colormap, output, format.value, common_scale, full_size)
    words = [f"{flag} {text}" for flag, text in _beside(why, rather_than, against).items() if text]
    asked = Asked(
        model,
        settings,
        target,
        more=lambda: _margins(why, rather_than, against),
        words=words,
        trust=trust,
        labels_from_folder=labels_from is not None,
    )
    explain_photos(photos, asked, drawing, Told(json, quiet, verbose))


def _beside(why: str | None, rather_than: str | None, against: str | None) -> dict[str, str | None]:
    return {"why": why, "rather than": rather_than, "against": against}


def demo(*, output: Output = Path(), json: Json = False, quiet: Quiet = False) -> None:
    """Explain the bundled photo of a cat with the bundled network."""
    from seewhy.cli.explain_photos import Asked, Told, explain_photos
    from seewhy.cli.picture_files import Drawing
    from seewhy.data import FOLDER

    photo = str(FOLDER / "chelsea.png")
    explain_photos([photo], Asked(BUNDLED, {}, []), Drawing(output=output), Told(json, quiet))


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
