"""The command `seewhy locate`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.options import BUNDLED, FullSize, Json, Model, takes_options
from seewhy.errors import SeewhyError

if TYPE_CHECKING:
    from seewhy.annotations.records import LocatedPhoto
    from seewhy.render.files import Filenames
    from seewhy.results.explanation import Explanation
    from seewhy.studies.locate import BoxFiles

EXAMPLES = """
[bold]Examples[/bold]

  seewhy locate cat.jpg
  seewhy locate pets/*.jpg --target dog --target cat --format yolo --output labels
  seewhy locate scan.png --model my.keras --labels names.txt --threshold 0.5 --max-boxes 1
"""


class BoxFormat(StrEnum):
    coco = "coco"
    yolo = "yolo"
    voc = "voc"


@takes_options(
    *("size", "sizes", "fuse", "sharpen", "method", "layer", "scores", "upsampling"),
    *("labels", "preprocess", "range", "weights"),
    help={
        "size": "One side of the network's input; more gives a finer grid.",
        "sizes": "Sides of the network's input, whose maps are fused. If no size is given, 224,384 "
        "for the bundled network, and likewise for others that take any size.",
        "fuse": "How the maps of several sizes or layers become one; geometric for the two sizes "
        "above.",
        "sharpen": "Power to which the map is raised; 1.5 for the two sizes above.",
        "scores": "probabilities sets a class against all others, logits does not.",
    },
    default={"fuse": None, "sharpen": None},
)
def locate(  # noqa: PLR0913  (one parameter a flag)
    photos: Annotated[list[str], typer.Argument(help="Photos.", show_default=False)],
    *,
    model: Model = BUNDLED,
    target: Annotated[
        list[str],
        typer.Option(
            help="What to look for: index, WordNet id, name, a word such as dog; "
            "[cyan]top[/cyan] if not given. Repeatable."
        ),
    ] = [],  # noqa: B006  (Typer copies it)
    threshold: Annotated[
        float,
        typer.Option(min=0, max=1, help="Fraction of the map's maximum that is inside of boxes."),
    ] = 0.2,
    max_boxes: Annotated[
        int | None, typer.Option(min=1, help="Boxes at most for each target, the hottest first.")
    ] = None,
    min_score: Annotated[
        float,
        typer.Option(min=0, max=1, help="Least share of a target's heat that makes a box."),
    ] = 0.05,
    settings: dict[str, Any],
    format: Annotated[
        BoxFormat, typer.Option(help="One COCO JSON, or a YOLO text or VOC XML for each photo.")
    ] = BoxFormat.coco,
    output: Annotated[Path, typer.Option(help="Folder for pictures and boxes.")] = Path(),
    full_size: FullSize = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of boxes that are there already.")
    ] = False,
    json: Json = False,
) -> None:
    """Draw boxes around what speaks for a class, without boxes to train on.

    For each photo it prints the boxes and writes NAME_boxes.jpg; all boxes go into boxes.json
    (COCO), or into NAME.txt and classes.txt (YOLO), or NAME.xml (Pascal VOC).
    """
    limits = {"threshold": threshold, "max_boxes": max_boxes, "min_score": min_score}

    def work() -> session.Report:
        from seewhy.cli.picture_files import Drawing
        from seewhy.render.files import Filenames
        from seewhy.studies.locate import box_files
        from seewhy.studies.locating_explainer import locating_explainer

        Drawing(output=output).check()
        names = Filenames(output, photos)
        files = box_files(photos, format.value, names)
        if not overwrite:
            files.check()
        explainer = locating_explainer(model, settings)
        targets = explainer.questions(target or ["top"])
        located: list[tuple[Path, LocatedPhoto]] = []
        records: list[dict[str, Any]] = []
        results = session.explained_photos(explainer, photos, targets)
        rows = zip(session.with_progress(results, len(photos)), files.each, strict=True)
        for (path, result), file in rows:
            if isinstance(result, SeewhyError):
                records.append({"photo": path, "error": str(result)})
                continue
            boxes, record = _locate(path, result, explainer.labels, limits, (names, full_size))
            located.append((file, boxes))
            records.append(record)
        written = _write(located, explainer.labels, files)
        problems = [record["error"] for record in records if "error" in record]
        return session.Report(records, lambda: _show(records, written), problems)

    session.command(work, as_json=json)


def _locate(
    path: str,
    explanations: Sequence[Explanation],
    labels: Any,
    limits: dict[str, Any],
    drawing: tuple[Filenames, bool],
) -> tuple[LocatedPhoto, dict[str, Any]]:
    """The boxes of one photo, drawn into a picture, and their record.

    drawing: the names of files, and whether a large photo is drawn whole.
    A picture that cannot be written is told in the record; the boxes stay.
    """
    from seewhy import render
    from seewhy.render import pictures
    from seewhy.render.boxes_and_regions import draw_boxes
    from seewhy.render.drawn_size import MOST_DRAWN
    from seewhy.studies.locate import boxes_as_dict, locate_boxes

    located = locate_boxes(path, explanations, labels, **limits)
    names, full_size = drawing
    picture = names.claim(path, ["_boxes.jpg"])[0]
    boxes = [(entry.name, entry.box) for entry in located.found]
    drawn = draw_boxes(pictures.plain_picture(explanations[0].photo), boxes)
    if not full_size:
        drawn.thumbnail((MOST_DRAWN, MOST_DRAWN))
    record = boxes_as_dict(located, explanations)
    problem = session.problem_of_writing(lambda: render.save(drawn, picture), path)
    if problem:
        return located, record | {"files": [], "error": problem}
    return located, record | {"files": [str(picture)]}


def _write(
    located: Sequence[tuple[Path, LocatedPhoto]], labels: Any, files: BoxFiles
) -> list[Path]:
    from seewhy.studies.locate import write_boxes

    try:
        return write_boxes(located, labels, files) if located else []
    except OSError as error:
        raise SeewhyError(f"the boxes cannot be written: {error}.") from error


def _show(records: Sequence[dict[str, Any]], files: Sequence[Path]) -> None:
    for record in records:
        if "boxes" in record:  # what went wrong is told already
            _show_photo(record)
    for path in files:
        session.echo(path)


def _show_photo(record: dict[str, Any]) -> None:
    session.echo(f"{record['photo']} ({record['width']} × {record['height']})")
    for box in record["boxes"]:
        corners = f"{box['left']}, {box['top']}, {box['right']}, {box['bottom']}"
        session.echo(f"  {box['score']:.2f}  {box['name']}: {corners}")
    if not record["boxes"]:
        session.echo("  no boxes: nothing speaks for the target")
    for note in record["warnings"]:
        session.echo(f"  warning: {note}")
    for path in record["files"]:
        session.echo(f"  {path}")
