"""The command `seewhy locate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session, teller
from seewhy.cli.arguments import grammar
from seewhy.cli.arguments.early_checks import check_classes, check_folder, check_models
from seewhy.cli.arguments.flags import (
    BUNDLED,
    HOW,
    OUTPUT,
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
from seewhy.cli.arguments.photos import FolderClasses, given_photos
from seewhy.errors import SeewhyError

if TYPE_CHECKING:
    from seewhy.annotations.records import LocatedPhoto
    from seewhy.render.files import Filenames
    from seewhy.results.explanation import Explanation
    from seewhy.studies.locate import BoxFiles

_TOLD = 3
"""Classes whose boxes are told in the line of a photo."""
EXAMPLES = """
[bold]Examples[/bold]

  seewhy locate cat.jpg
  seewhy locate pets --target dog,cat --format yolo --output labels
  seewhy locate scan.png --model my.keras --threshold 0.5 --max-boxes 1
"""


class BoxFormat(StrEnum):
    coco = "coco"
    yolo = "yolo"
    voc = "voc"


@takes_options(
    *("size", "sizes", "fit", "fuse", "sharpen", "method", "options", "layer", "scores"),
    *("upsampling", "batch_size", "labels", "preprocess", "range", "weights"),
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
    photos: Photos,
    *,
    model: Model = BUNDLED,
    target: Targets = [],  # noqa: B006  (Typer copies it)
    labels_from: LabelsFrom = None,
    threshold: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Fraction of the map's maximum that is inside of boxes.",
            metavar="FRACTION",
            rich_help_panel=HOW,
        ),
    ] = 0.2,
    max_boxes: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Boxes at most for each target, the hottest first.",
            metavar="COUNT",
            rich_help_panel=HOW,
        ),
    ] = None,
    min_score: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Least share of a target's heat that makes a box.",
            metavar="SHARE",
            rich_help_panel=HOW,
        ),
    ] = 0.05,
    settings: dict[str, Any],
    full_size: FullSize = False,
    format: Annotated[
        BoxFormat,
        typer.Option(
            help="coco: one JSON; yolo: a text, voc: an XML for each photo.",
            metavar="FORMAT",
            rich_help_panel=OUTPUT,
        ),
    ] = BoxFormat.coco,
    output: Output = Path(),
    record: Record = True,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace files of boxes that are there already.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw boxes around what speaks for a class, without boxes to train on.

    For each photo it prints the boxes and writes NAME_boxes.jpg; all boxes go into boxes.json
    (COCO), or into NAME.txt and classes.txt (YOLO), or NAME.xml (Pascal VOC).

    Beside each box stand the probability of the class and the share of the class's heat that lies
    in the box; the two say nothing of each other.
    """
    limits = {"threshold": threshold, "max_boxes": max_boxes, "min_score": min_score}

    given = given_photos(photos)
    given.require()
    check_models(settings, model)
    check_classes(settings, model, target)
    check_folder(output)
    told = teller.detail(len(given.paths), quiet=quiet, verbose=verbose)

    def work() -> session.Report:
        from seewhy.render.files import Filenames
        from seewhy.studies.locate import box_files
        from seewhy.studies.locating_explainer import locating_explainer

        drawing = _Drawing(Filenames(output, given.paths), full_size, record)
        files = box_files(given.paths, format.value, drawing.names)
        if not overwrite:
            files.check()
        tally = teller.Tally()
        explainer = locating_explainer(model, settings)
        targets = explainer.questions(grammar.target_list(target, explainer.labels) or ["top"])
        folders = FolderClasses(explainer.labels) if labels_from else None
        located: list[tuple[Path, LocatedPhoto]] = []
        records: list[dict[str, Any]] = []
        results = session.explained_photos(explainer, given.paths, targets)
        rows = session.with_progress(results, len(given.paths), with_json=json)
        for (path, result), file in zip(rows, files.each, strict=True):
            if isinstance(result, SeewhyError):
                records.append({"photo": path, "error": str(result)})
                tally.unread += 1
                continue
            boxes, found = _locate(path, result, explainer.labels, limits, drawing)
            found |= folders.as_dict(path, result) if folders else {}
            tally.done += 1
            tally.count_answer(found)
            located.append((file, boxes))
            records.append(found)
        written = _write(located, explainer.labels, files)
        problems = [each["error"] for each in records if "error" in each]
        several = len(given.paths) > 1 or quiet
        closing = tally.closing(output) if several else ""
        return session.Report(records, lambda: _show(records, written, told), problems, closing)

    session.command(work, as_json=json, quiet=quiet)


@dataclass(frozen=True)
class _Drawing:
    """How pictures are written."""

    names: Filenames
    full_size: bool
    """Whether a large photo is drawn whole."""
    record: bool
    """Whether they hold the records of what they show."""


def _locate(
    path: str,
    explanations: Sequence[Explanation],
    labels: Any,
    limits: dict[str, Any],
    drawing: _Drawing,
) -> tuple[LocatedPhoto, dict[str, Any]]:
    """The boxes of one photo, drawn into a picture, and their record.

    A picture that cannot be written is told in the record; the boxes stay.
    """
    from seewhy import render
    from seewhy.render import pictures
    from seewhy.render.boxes_on_photos import NamedBox, at_most, draw_boxes
    from seewhy.render.drawn_size import MOST_DRAWN
    from seewhy.results.records.make_record import records_text
    from seewhy.studies.locate import boxes_as_dict, locate_boxes

    located = locate_boxes(path, explanations, labels, **limits)
    picture = drawing.names.claim(path, ["_boxes.jpg"])[0]
    boxes = [NamedBox(entry.name, entry.box, entry.probability) for entry in located.found]
    plain = pictures.plain_picture(explanations[0].photo)
    drawn = draw_boxes(
        *((plain, boxes) if drawing.full_size else at_most(plain, boxes, MOST_DRAWN))
    )
    record = boxes_as_dict(located, explanations)
    text = None
    if drawing.record:
        text = records_text(each.record for each in explanations)
        record["records"] = [each.record.as_dict() for each in explanations]
    problem = session.problem_of_writing(lambda: render.save(drawn, picture, text=text), path)
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


def _show(records: Sequence[dict[str, Any]], files: Sequence[Path], told: teller.Detail) -> None:
    width = teller.column([record["photo"] for record in records])
    for record in records:
        if "boxes" not in record:  # what went wrong is told already
            continue
        if told is teller.Detail.full:
            _show_photo(record)
        else:
            session.echo(teller.photo_line(record, width, _boxes_in_words(record["boxes"])))
    for path in files:
        session.echo(path)


def _boxes_in_words(boxes: Sequence[dict[str, Any]]) -> str:
    """How many boxes there are, and of each class what its first box holds of its heat."""
    if not boxes:
        return "no boxes"
    count = "1 box" if len(boxes) == 1 else f"{len(boxes)} boxes"
    firsts = {box["name"]: box for box in reversed(boxes)}
    names = list(dict.fromkeys(box["name"] for box in boxes))
    shares = [f"{name}{_sure(firsts[name])}: {_heat(firsts[name])}" for name in names[:_TOLD]]
    more = [f"and {len(names) - _TOLD} more classes"] if names[_TOLD:] else []
    return ", ".join([count, *shares, *more])


def _sure(box: Mapping[str, Any]) -> str:
    """The probability of a box's class in brackets; "" for questions that have none."""
    return "" if box["probability"] is None else f" (class probability {box['probability']:.1%})"


def _heat(box: Mapping[str, Any]) -> str:
    return f"{box['share_of_heat']:.0%} of its heat"


def _show_photo(record: dict[str, Any]) -> None:
    session.echo(f"{record['photo']} ({record['width']} × {record['height']})")
    if teller.answer(record):
        session.echo(f"  prediction {record['predictions'][0]['name']}: {teller.answer(record)}")
    for box in record["boxes"]:
        corners = f"{box['left']}, {box['top']}, {box['right']}, {box['bottom']}"
        session.echo(f"  {box['name']}{_sure(box)}: box {corners} holds {_heat(box)}")
    if not record["boxes"]:
        session.echo("  no boxes: nothing speaks for the target")
    for note in record["warnings"]:
        session.echo(f"  warning: {note}")
    for path in record["files"]:
        session.echo(f"  {path}")
