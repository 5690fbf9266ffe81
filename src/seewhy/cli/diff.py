"""The command `seewhy diff`."""

from __future__ import annotations

import contextlib
import heapq
import json as to_json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLES = """
[bold]Examples[/bold]

  seewhy diff before.keras after.keras photos --labels names.txt --preprocess unit
  seewhy diff efficientnet-lite0 tuned.keras cat.jpg dog.jpg --target cat --pictures 2
"""


def diff(  # noqa: PLR0913  (one parameter a flag)
    model_a: Annotated[str, typer.Argument(help="A preset or a .keras file.", show_default=False)],
    model_b: Annotated[str, typer.Argument(help="The model to compare.", show_default=False)],
    photos: Annotated[
        list[str], typer.Argument(help="Photos, or folders of photos.", show_default=False)
    ],
    target: Annotated[
        str, typer.Option(help="What is asked of both; of top it is the top class of model A.")
    ] = "top",
    method: Annotated[
        str, typer.Option(help="How to explain (see [cyan]seewhy methods[/cyan]).")
    ] = "grad-cam",
    layer: Annotated[
        str | None, typer.Option(help="Target layer of both models, or of A with --layer-b.")
    ] = None,
    layer_b: Annotated[str | None, typer.Option(help="Target layer of model B.")] = None,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the networks' input in pixels.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Names of the classes of both: .txt, .csv or .json.")
    ] = None,
    preprocess: Annotated[
        str | None,
        typer.Option(help="How both want their pixels: none, unit, tf, torch, caffe, lite."),
    ] = None,
    preprocess_b: Annotated[
        str | None, typer.Option(help="The same of model B, where it differs.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights for model A, a preset.")] = None,
    weights_b: Annotated[Path | None, typer.Option(help="Weights for model B, a preset.")] = None,
    pictures: Annotated[
        int, typer.Option(min=0, help="How many of the most different photos are drawn.")
    ] = 10,
    common_scale: Annotated[
        bool, typer.Option("--common-scale", help="Draw both maps of a photo on one scale.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Folder for pictures and diff.csv.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Show where two models look differently: before and after a change, photo by photo.

    Lists the photos, the most different first, and writes NAME_diff.jpg of the first ones and
    diff.csv of all. The figure is 1 less the correlation of both maps: 0 for the same map.
    """
    settings: dict[str, Any] = {
        "method": method,
        "layer": _number(layer),
        "size": size,
        "labels": labels,
        "preprocess": preprocess,
        "weights": weights,
    }
    other = settings | {
        "layer": _number(layer_b or layer),
        "preprocess": preprocess_b or preprocess,
        "weights": weights_b,
    }
    flags = {"output": output, "pictures": pictures, "common": common_scale, "json": json}
    status = _run((model_a, settings), (model_b, other), photos, target, flags)
    raise typer.Exit(status)


def _number(layer: str | None) -> str | int | None:
    return int(layer) if layer and layer.removeprefix("-").isdecimal() else layer


def _run(
    one: tuple[str, dict[str, Any]],
    other: tuple[str, dict[str, Any]],
    photos: list[str],
    target: str,
    flags: dict[str, Any],
) -> int:
    from seewhy import backend, render
    from seewhy.cli.explain import quiet, with_progress
    from seewhy.cli.picture_files import Drawing
    from seewhy.errors import OptionError
    from seewhy.explainer.explainer import Explainer
    from seewhy.images import folders
    from seewhy.render.files import Filenames
    from seewhy.studies.diff import differences_as_csv, iterate_differences

    folder: Path = flags["output"]
    Drawing(output=folder).check()
    paths = folders.list_photos(photos)
    with quiet():
        backend.load()
    problems: list[str] = []
    records: list[dict[str, Any]] = []
    # only those that will be drawn are kept with their pixels
    kept: list[tuple[float, int, Any]] = []
    with contextlib.redirect_stdout(sys.stderr):
        both = [Explainer(model, **settings) for model, settings in (one, other)]
        found = iterate_differences(both[0], both[1], paths, target, problems)
        for difference in with_progress(found, len(paths)):
            records.append(difference.as_dict())
            heapq.heappush(kept, (difference.figure, -len(records), difference))
            if len(kept) > flags["pictures"]:
                heapq.heappop(kept)
    for problem in problems:
        sys.stderr.write(f"seewhy: {problem}\n")
    if not records:
        raise OptionError("no photo could be compared.")
    names = Filenames(folder, paths)
    for _, place, difference in sorted(kept, key=lambda row: row[:2], reverse=True):
        path = names.claim(difference.photo, ["_diff.jpg"])[0]
        render.save(difference.picture(flags["common"]), path)
        records[-place - 1]["files"] = [str(path)]
    records.sort(key=lambda record: -record["figure"])
    table = names.claim("diff", [".csv"])[0]
    table.write_text(differences_as_csv(records), encoding="utf-8")
    if flags["json"]:
        sys.stdout.write(to_json.dumps(records, indent=1, ensure_ascii=False) + "\n")
    else:
        _show(records)
        sys.stdout.write(f"{table}\n")
    return int(bool(problems))


def _show(records: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column("photo")
    table.add_column("class")
    table.add_column("difference", justify="right")
    table.add_column("pixels apart", justify="right")
    table.add_column("note")
    for one in records:
        far = "–" if one["distance"] is None else f"{one['distance']:.0f}"
        photo = Text(Path(one["photo"]).name)
        table.add_row(photo, Text(one["target"]), f"{one['figure']:.3f}", far, Text(one["note"]))
    Console(highlight=False).print(table)
    for one in records:
        sys.stdout.writelines(f"{path}\n" for path in one.get("files", []))
