"""The command `seewhy concepts`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.options import BUNDLED, Json, Model, takes_options
from seewhy.errors import ImageError, SeewhyWarning

if TYPE_CHECKING:
    from seewhy.images.folders import ReadBatch
    from seewhy.results.concepts import Concepts

EXAMPLES = """
[bold]Examples[/bold]

  seewhy concepts cat.jpg
  seewhy concepts pets/*.jpg --count 8 --sheet pets.png
  seewhy concepts scans/*.png --model my.keras --labels names.txt --layer conv3 --json
"""


@takes_options(
    *("layer", "labels", "preprocess", "range", "weights", "size", "top"),
    help={
        "layer": "Layer (see [cyan]seewhy layers[/cyan]): name, path or index such as -1; the last "
        "with space, if not given.",
        "top": "How many classes to name a concept by.",
    },
)
def concepts(  # noqa: PLR0913  (one parameter a flag)
    photos: Annotated[
        list[str], typer.Argument(help="Photos to look at together.", show_default=False)
    ],
    *,
    count: Annotated[int, typer.Option(min=1, help="How many concepts to look for.")] = 5,
    model: Model = BUNDLED,
    settings: dict[str, Any],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the factorisation's start.")] = 0,
    sheet: Annotated[
        Path | None,
        typer.Option(help="The picture to write; NAME_concepts.jpg of the first photo's name."),
    ] = None,
    json: Json = False,
) -> None:
    """Find what a layer sees in photos, in a few parts, and the classes that each speaks for.

    The activations of all photos are factorised together, so that a colour means the same in all
    of them. A photo that cannot be read is reported, the others are done, and the status is 1.
    """

    def work() -> session.Report:
        from seewhy.explainer import one_shot
        from seewhy.render.files import file_name

        batch = _read(photos)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # they are told below
            readable = [photo for _, photo in batch.photos]
            result = one_shot.concepts(model, readable, count=count, seed=seed, **settings)
        path = sheet or Path(file_name(Path(batch.photos[0][0]).stem, "_concepts.jpg"))
        session.save_to(path, result.save, "sheet", "--sheet")
        errors = [{"photo": photo, "error": str(error)} for photo, error in batch.problems]
        record = result.as_dict() | {"files": [str(path)], "errors": errors}
        problems = [str(error) for _, error in batch.problems]
        return session.Report(record, lambda: _show(result, path), problems)

    session.command(work, as_json=json)


def _read(photos: Sequence[str]) -> ReadBatch:
    """The photos, read together. Raises ImageError if none can be read."""
    from seewhy.images.folders import read_in_batches

    batch = next(read_in_batches(photos, len(photos)))
    if not batch.photos:
        for _, error in batch.problems:
            session.tell_problem(error)
        raise ImageError(f"none of the {len(photos)} photos can be read.")
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
