"""The command `seewhy locate`."""

from __future__ import annotations

import contextlib
import json as to_json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLES = """
[bold]Examples[/bold]

  seewhy locate cat.jpg
  seewhy locate pets/*.jpg --target dog --target cat --format yolo --output labels
  seewhy locate scan.png --model my.keras --labels names.txt --threshold 0.5 --max-boxes 1
"""


class Format(StrEnum):
    coco = "coco"
    yolo = "yolo"
    voc = "voc"


class Scores(StrEnum):
    logits = "logits"
    probabilities = "probabilities"


class Upsampling(StrEnum):
    linear = "linear"
    guided = "guided"


def locate(  # noqa: PLR0913  (one parameter a flag)
    photos: Annotated[list[str], typer.Argument(help="Photos.", show_default=False)],
    model: Annotated[str, typer.Option(help="A preset or a .keras file.")] = "efficientnet-lite0",
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
    size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Side of the network's input; more gives a finer grid. If not given, "
            "288 for the bundled network, and the model's own for others.",
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="How to explain (see [cyan]seewhy methods[/cyan]).")
    ] = "grad-cam",
    layer: Annotated[
        str | None, typer.Option(help="Target layer (see [cyan]seewhy layers[/cyan]).")
    ] = None,
    scores: Annotated[
        Scores | None,
        typer.Option(
            help="probabilities sets a class against all others, logits does not. If not given, "
            "probabilities for the bundled network, and logits for others."
        ),
    ] = None,
    upsampling: Annotated[
        Upsampling, typer.Option(help="How maps are enlarged; guided follows the photo's edges.")
    ] = Upsampling.linear,
    labels: Annotated[
        Path | None, typer.Option(help="Names of the model's classes: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How the model wants its pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for a preset.")] = None,
    format: Annotated[
        Format, typer.Option(help="One COCO JSON, or a YOLO text or VOC XML for each photo.")
    ] = Format.coco,
    output: Annotated[Path, typer.Option(help="Folder for pictures and boxes.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print the boxes as JSON.")] = False,
) -> None:
    """Draw boxes around what speaks for a class, without boxes to train on.

    For each photo it prints the boxes and writes NAME_boxes.jpg; all boxes go into boxes.json
    (COCO), or into NAME.txt and classes.txt (YOLO), or NAME.xml (Pascal VOC).
    """
    from seewhy.cli.picture_files import Drawing
    from seewhy.models import presets

    Drawing(output=output).check()
    settings: dict[str, Any] = {
        "model": model,
        "method": method,
        "layer": int(layer) if layer and layer.removeprefix("-").isdecimal() else layer,
        "upsampling": upsampling.value,
        "labels": labels,
        "preprocess": preprocess,
        "weights": weights,
    }
    settings |= presets.locate_settings(model)
    settings |= {"size": size} if size else {}
    settings |= {"scores": scores.value} if scores else {}
    cut = {"threshold": threshold, "max_boxes": max_boxes, "min_score": min_score}
    status, found, files = _run(photos, target or ["top"], settings, cut, (output, format.value))
    if json:
        sys.stdout.write(to_json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    else:
        for record in found:
            _show(record)
        sys.stdout.writelines(f"{path}\n" for path in files)
    raise typer.Exit(status)


def _run(
    photos: list[str],
    targets: list[str],
    settings: dict[str, Any],
    cut: dict[str, Any],
    where: tuple[Path, str],
) -> tuple[int, list[dict[str, Any]], list[Path]]:
    """Write pictures and boxes; the exit status, a record for each photo, and the boxes' files."""
    from seewhy import backend, render
    from seewhy.cli.explain import answers, quiet, with_progress
    from seewhy.errors import SeewhyError
    from seewhy.explainer.explainer import Explainer
    from seewhy.render import boxes_and_regions, pictures
    from seewhy.render.files import Filenames
    from seewhy.studies import locate as locate_module
    from seewhy.studies.locate import locate_boxes, write_boxes

    folder, how = where
    with quiet():
        backend.load()
    with contextlib.redirect_stdout(sys.stderr):
        explainer = Explainer(**settings)
        questions = explainer.questions(targets)
    names = Filenames(folder, photos)
    done, found, failed = [], [], False
    for path, answer in with_progress(answers(explainer, photos, questions), len(photos)):
        if isinstance(answer, SeewhyError):
            failed = True
            sys.stderr.write(f"seewhy: {answer}\n")
            found.append({"photo": path, "error": str(answer)})
            continue
        place = locate_boxes(path, answer, explainer.labels, **cut)
        picture = names.claim(path, ["_boxes.jpg"])[0]
        boxes = [(one.name, one.box) for one in place.found]
        render.save(
            boxes_and_regions.draw_boxes(pictures.plain_picture(answer[0].photo), boxes), picture
        )
        done.append(place)
        found.append(locate_module.boxes_as_dict(place, answer) | {"files": [str(picture)]})
    try:
        files = write_boxes(done, explainer.labels, how, folder, names) if done else []
    except OSError as error:
        raise SeewhyError(f"the boxes cannot be written: {error}.") from error
    return int(failed), found, files


def _show(record: dict[str, Any]) -> None:
    if "error" in record:  # told already
        return
    sys.stdout.write(f"{record['photo']} ({record['width']} × {record['height']})\n")
    for box in record["boxes"]:
        corners = f"{box['left']}, {box['top']}, {box['right']}, {box['bottom']}"
        sys.stdout.write(f"  {box['score']:.2f}  {box['name']}: {corners}\n")
    if not record["boxes"]:
        sys.stdout.write("  no boxes: nothing speaks for the target\n")
    for note in record["warnings"]:
        sys.stdout.write(f"  warning: {note}\n")
    sys.stdout.writelines(f"  {path}\n" for path in record["files"])
