"""The command `seewhy concepts`."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments.early_checks import check_folder, check_models
from seewhy.cli.arguments.flags import (
    ASKED,
    BUNDLED,
    Json,
    Model,
    Photos,
    PictureOrFolder,
    Quiet,
    Record,
)
from seewhy.cli.arguments.options import takes_options
from seewhy.cli.arguments.photos import GivenPhotos, given_photos
from seewhy.errors import ImageError, OptionError, SeewhyWarning

if TYPE_CHECKING:
    from seewhy.images.folders import ReadBatch
    from seewhy.results.concepts import Concepts

EXAMPLES = """
[bold]Examples[/bold]

  seewhy concepts cat.jpg
  seewhy concepts pets --count 8 --output pets.png
  seewhy concepts "scans/*.png" --model my.keras --layer conv3 --json
"""


@takes_options(
    *("layer", "size", "fit", "batch_size", "labels", "preprocess", "range", "weights", "top"),
    help={
        "layer": "Layer (see [cyan]seewhy layers[/cyan]): name, path or index such as -1; the last "
        "with space, if not given.",
        "top": "How many classes to name a concept by.",
    },
    old={"--sheet": "output"},
)
def concepts(  # noqa: PLR0913  (one parameter a flag)
    photos: Photos,
    *,
    model: Model = BUNDLED,
    count: Annotated[
        int,
        typer.Option(
            min=1, help="How many concepts to look for.", metavar="COUNT", rich_help_panel=ASKED
        ),
    ] = 5,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            help="Seed of the factorisation's start.",
            metavar="NUMBER",
            rich_help_panel=ASKED,
        ),
    ] = 0,
    settings: dict[str, Any],
    output: PictureOrFolder = Path(),
    record: Record = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find what a layer sees in photos, in a few parts, and the classes that each speaks for.

    The activations of all photos are factorised together, so that a colour means the same in all
    of them. A photo that cannot be read is reported, the others are done, and the status is 1.
    """

    if isinstance(settings["layer"], list):
        named = ", ".join(map(str, settings["layer"]))
        raise OptionError(f"concepts are those of one layer; got {named}. Give one.")
    given = given_photos(photos)
    given.require()
    path = session.picture_path(output, given.paths[0], "_concepts.jpg")
    check_models(settings, model)
    check_folder(path.parent)

    def work() -> session.Report:
        from seewhy.explainer import one_shot

        batch = _read(given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # they are told below
            readable = [photo for _, photo in batch.photos]
            result = one_shot.concepts(model, readable, count=count, seed=seed, **settings)
        session.save_to(path, partial(result.save, record=record), "sheet", "--output")
        errors = [{"photo": photo, "error": str(error)} for photo, error in batch.problems]
        told = result.as_dict(record=record) | {"files": [str(path)], "errors": errors}
        problems = [str(error) for _, error in batch.problems]
        return session.Report(told, lambda: _show(result, path), problems)

    session.command(work, as_json=json, quiet=quiet)


def _read(given: GivenPhotos) -> ReadBatch:
    """The photos, read together. Raises ImageError if none can be read."""
    from seewhy.images.folders import read_in_batches

    batch = next(read_in_batches(given.paths, len(given.paths)))
    if not batch.photos:
        for _, error in batch.problems:
            session.tell_problem(error)
        raise ImageError(f"none of the {len(given.paths)} photos can be read.")
    return batch


def _show(concepts: Concepts, path: Path) -> None:
    for text in concepts.warnings:
        session.tell_problem(text)
    session.echo(
        f"{len(concepts.share)} concepts hold {sum(concepts.share):.0%} of the activations of "
        f"{concepts.layer}"
    )
    for k, (share, labels) in enumerate(zip(concepts.share, concepts.labels, strict=True)):
        names = ", ".join(f"{name} {part:.0%}" for name, part in labels) or "no class"
        session.echo(f"  {k + 1}  {share:4.0%}  {names}")
    session.echo(path)
