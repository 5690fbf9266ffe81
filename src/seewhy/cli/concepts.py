"""The command `seewhy concepts`."""

from __future__ import annotations

import contextlib
import json as to_json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seewhy.errors import ImageError, OptionError, SeewhyWarning

if TYPE_CHECKING:
    from seewhy.images.photo import Photo
    from seewhy.results.concepts import Concepts

EXAMPLES = """
[bold]Examples[/bold]

  seewhy concepts cat.jpg
  seewhy concepts pets/*.jpg --count 8 --sheet pets.png
  seewhy concepts scans/*.png --model my.keras --labels names.txt --layer conv3 --json
"""


def concepts(  # noqa: PLR0913  (one parameter a flag)
    photos: Annotated[
        list[str], typer.Argument(help="Photos to look at together.", show_default=False)
    ],
    count: Annotated[int, typer.Option(min=1, help="How many concepts to look for.")] = 5,
    layer: Annotated[
        str | None,
        typer.Option(
            help="Layer (see [cyan]seewhy layers[/cyan]): name, path or index such as -1; the last "
            "with space, if not given."
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="A preset or a .keras file.")] = "efficientnet-lite0",
    labels: Annotated[
        Path | None, typer.Option(help="Names of the model's classes: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How the model wants its pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for a preset.")] = None,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the network's input in pixels.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to name a concept by.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the factorisation's start.")] = 0,
    sheet: Annotated[
        Path | None,
        typer.Option(help="The picture to write; NAME_concepts.jpg of the first photo's name."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Find what a layer sees in photos, in a few parts, and the classes that each speaks for.

    The activations of all photos are factorised together, so that a colour means the same in all
    of them. A photo that cannot be read is reported, the others are done, and the status is 1.
    """
    from seewhy import backend
    from seewhy.cli.explain import quiet
    from seewhy.explainer.one_shot import concepts as found_in

    good, bad = _loaded(photos)
    with quiet():
        backend.load()
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)  # they are told below
        found = found_in(
            model,
            good,
            count=count,
            layer=_layer(layer),
            labels=labels,
            preprocess=preprocess,
            weights=weights,
            size=size,
            top=top,
            seed=seed,
        )
    path = sheet or Path(f"{Path(good[0].name).stem}_concepts.jpg")
    _save(found, path)
    if json:
        record = found.as_dict() | {"files": [str(path)], "errors": bad}
        sys.stdout.write(to_json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    else:
        _tell(found, path)
    raise typer.Exit(int(bool(bad)))


def _loaded(photos: Sequence[str]) -> tuple[list[Photo], list[dict[str, str]]]:
    """The photos that can be read, and what is wrong with the others, which is also told."""
    from seewhy import images

    good, bad = [], []
    for path in photos:
        try:
            good.append(images.load(path))
        except ImageError as error:
            bad.append({"photo": path, "error": str(error)})
            sys.stderr.write(f"seewhy: {error}\n")
    if not good:
        raise ImageError(f"none of the {len(photos)} photos can be read.")
    return good, bad


def _save(found: Concepts, path: Path) -> None:
    try:
        found.save(path)
    except OSError as error:
        raise OptionError(
            f"the sheet cannot be written to {str(path)!r} ({error.strerror}). "
            f"Give another file with --sheet."
        ) from error


def _tell(found: Concepts, path: Path) -> None:
    for text in found.warnings:
        sys.stderr.write(f"seewhy: {text}\n")
    sys.stdout.write(
        f"{len(found.share)} concepts hold {sum(found.share):.0%} of the activations of "
        f"{found.layer}\n"
    )
    for k, (share, labels) in enumerate(zip(found.share, found.labels, strict=True)):
        names = ", ".join(f"{name} {part:.0%}" for name, part in labels) or "no class"
        sys.stdout.write(f"  {k + 1}  {share:4.0%}  {names}\n")
    sys.stdout.write(f"{path}\n")


def _layer(text: str | None) -> str | int | None:
    return int(text) if text and text.removeprefix("-").isdecimal() else text
