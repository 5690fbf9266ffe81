"""The command `seewhy diff`."""

from __future__ import annotations

import heapq
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session, teller
from seewhy.cli.arguments import completion, grammar
from seewhy.cli.arguments.early_checks import check_classes, check_folder, check_models
from seewhy.cli.arguments.flags import (
    ASKED,
    HOW,
    OUTPUT,
    PICTURES,
    Json,
    OneTarget,
    Photos,
    Quiet,
    Record,
)
from seewhy.cli.arguments.options import takes_options
from seewhy.cli.arguments.photos import given_photos
from seewhy.cli.store_diff import are_stores, check_stores_flags, store_diff
from seewhy.errors import OptionError

if TYPE_CHECKING:
    from seewhy.explainer.explainer import Explainer
    from seewhy.render.files import Filenames
    from seewhy.studies.diff import Difference

EXAMPLES = """
[bold]Examples[/bold]

  seewhy diff before.keras after.keras photos --labels names.txt
  seewhy diff efficientnet-lite0 tuned.keras pets --target cat --pictures 2
  seewhy diff store_before store_after --output diff.csv
"""


@takes_options(
    *("method", "options", "layer", "size", "fit", "scores", "batch_size"),
    *("labels", "preprocess", "range", "weights"),
    help={
        "layer": "Target layer of both models, or of A with --layer-b. Several, repeated or with "
        "commas, are fused.",
        "size": "Side of the networks' input in pixels.",
        "labels": "Names of the classes of both: .txt, .csv or .json.",
        "preprocess": "How both want their pixels: none, unit, tf, torch, caffe, lite.",
        "weights": "Weights for model A, a preset.",
    },
)
def diff(  # noqa: PLR0913  (one parameter a flag)
    model_a: Annotated[
        str,
        typer.Argument(
            help="A preset or a .keras file, or a store of seewhy run.",
            show_default=False,
            metavar="MODEL_A",
            autocompletion=completion.models,
        ),
    ],
    model_b: Annotated[
        str,
        typer.Argument(
            help="The model to compare, or another store.",
            show_default=False,
            metavar="MODEL_B",
            autocompletion=completion.models,
        ),
    ],
    photos: Photos = [],  # noqa: B006  (Typer copies it)
    *,
    context: typer.Context,
    target: OneTarget = [],  # noqa: B006  (Typer copies it)
    settings: dict[str, Any],
    layer_b: Annotated[
        list[str],
        typer.Option(
            help="Target layer of model B; that of A, if not given.",
            metavar="NAME",
            rich_help_panel=HOW,
            show_default=False,
        ),
    ] = [],  # noqa: B006
    preprocess_b: Annotated[
        str | None,
        typer.Option(
            help="The preprocessing of model B, where it differs.",
            metavar="HOW",
            rich_help_panel=HOW,
        ),
    ] = None,
    weights_b: Annotated[
        Path | None,
        typer.Option(help="Weights for model B, a preset.", metavar="FILE", rich_help_panel=ASKED),
    ] = None,
    pictures: Annotated[
        int,
        typer.Option(
            min=0,
            help="How many of the most different photos are drawn; of stores, listed.",
            metavar="COUNT",
            rich_help_panel=PICTURES,
        ),
    ] = 10,
    common_scale: Annotated[
        bool,
        typer.Option(
            "--common-scale",
            help="Draw both maps of a photo on one scale.",
            rich_help_panel=PICTURES,
        ),
    ] = False,
    look: Any,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder for all files that are written; of stores, also a .csv or .json file.",
            metavar="FOLDER",
            rich_help_panel=OUTPUT,
        ),
    ] = Path(),
    record: Record = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show where two models, or two stores of them, look differently, photo by photo.

    Lists the photos, the most different first, and writes NAME_diff.jpg of the first ones and
    diff.csv of all; if no photo differs, it says so and writes nothing. The figure is 1 less the
    correlation of both maps: 0 for the same map. Of two stores it compares the rows of the same
    photos and targets, and needs neither the models nor the photos.
    """
    if are_stores(model_a, model_b):
        sources = {name: context.get_parameter_source(name) for name in context.params}
        check_stores_flags(
            name for name, source in sources.items() if getattr(source, "name", "") == "COMMANDLINE"
        )
        store_diff(model_a, model_b, output, pictures, as_json=json, quiet=quiet)
    if not photos:
        raise OptionError("two models are compared on photos: give photos, or a folder of them.")
    layers = grammar.layer_list(layer_b)
    others = settings | {"layer": layers[0] if len(layers) == 1 else layers or settings["layer"]}
    others["preprocess"] = preprocess_b or settings["preprocess"]
    others["weights"] = weights_b
    given = given_photos(photos)
    given.require()
    check_models(settings, model_a)
    check_models(others, model_b)
    check_classes(settings, model_a, target)
    check_folder(output)

    def work() -> session.Report:
        from seewhy.explainer.explainer import Explainer
        from seewhy.render.files import Filenames

        tally = teller.Tally()
        both = Explainer(model_a, **settings), Explainer(model_b, **others)
        problems: list[str] = []
        asked = grammar.one_target(target, both[0].labels)
        records, drawn = _differences(both, list(given.paths), asked, pictures, problems)
        differing = sum(map(_differs, records))
        tally.done, tally.unread = len(records), len(problems)
        closing = tally.closing(output) if len(given.paths) > 1 else ""
        if not differing:
            return session.Report(records, _show_none, problems, closing)
        how = {"common_scale": common_scale, "look": look}
        names = Filenames(output, given.paths)
        table = _write(records, drawn, names, how, problems, record=record)
        return session.Report(records, lambda: _show(records, table), problems, closing)

    session.command(work, as_json=json, quiet=quiet)


def _differs(record: dict[str, Any]) -> bool:
    """Whether the models look elsewhere, or decide otherwise."""
    decisions = [[each["name"] for each in record[side]["predictions"][:1]] for side in "ab"]
    return record["figure"] > 0 or decisions[0] != decisions[1]


def _differences(
    both: tuple[Explainer, Explainer],
    paths: list[str],
    target: str,
    pictures: int,
    problems: list[str],
) -> tuple[list[dict[str, Any]], list[tuple[int, Difference]]]:
    """A record for each photo, and the most different ones with their places among the records.

    Only those that will be drawn are kept with their pixels.
    """
    from seewhy.studies.diff import iterate_differences

    records: list[dict[str, Any]] = []
    largest: list[tuple[float, int, Difference]] = []
    differences = iterate_differences(*both, paths, target, problems)
    for difference in session.with_progress(differences, len(paths)):
        records.append(difference.as_dict())
        if not _differs(records[-1]):
            continue
        heapq.heappush(largest, (difference.figure, -len(records), difference))
        if len(largest) > pictures:
            heapq.heappop(largest)
    if not records:
        for problem in problems:
            session.tell_problem(problem)
        raise OptionError("no photo could be compared.")
    ordered = sorted(largest, key=lambda entry: entry[:2], reverse=True)
    return records, [(-place - 1, difference) for _, place, difference in ordered]


def _write(
    records: list[dict[str, Any]],
    drawn: list[tuple[int, Difference]],
    names: Filenames,
    how: dict[str, Any],
    problems: list[str],
    *,
    record: bool,
) -> Path | None:
    """Write the pictures and the table; the path of the table. Sorts the records.

    how: as `Difference.picture` takes it. problems: gets a line for each file that cannot be
    written. record: whether pictures hold the records of both explanations.
    """
    from seewhy import render
    from seewhy.render.files import write
    from seewhy.results.records.make_record import records_text
    from seewhy.studies.diff import differences_as_csv

    for place, difference in drawn:
        path = names.claim(difference.photo, ["_diff.jpg"])[0]
        picture = difference.picture(**how)
        both = (difference.a, difference.b)
        text = records_text(each.record for each in both) if record else None
        save = partial(render.save, picture, path, text=text)
        problem = session.problem_of_writing(save, difference.photo)
        if problem:
            problems.append(problem)
        else:
            records[place]["files"] = [str(path)]
    records.sort(key=lambda record: -record["figure"])
    table = names.claim("diff", [".csv"])[0]
    try:
        return write(table, differences_as_csv(records))
    except OSError as error:
        problems.append(f"{str(table)!r} cannot be written: {error.strerror or error}.")
        return None


def _show_none() -> None:
    session.echo("no photo differs: both models look at the same places and decide the same")


def _show(records: list[dict[str, Any]], csv: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    table.add_column("photo")
    table.add_column("class")
    table.add_column("difference", justify="right")
    table.add_column("pixels apart", justify="right")
    table.add_column("note")
    differing = [record for record in records if _differs(record)]
    names = [Path(record["photo"]).name for record in differing]
    unique = len(set(names)) == len(names)
    for name, record in zip(names, differing, strict=True):
        far = "–" if record["distance"] is None else f"{record['distance']:.0f}"
        photo, label = (
            session.words(text) for text in (name if unique else record["photo"], record["target"])
        )
        table.add_row(photo, label, f"{record['figure']:.3f}", far, session.words(record["note"]))
    Console(highlight=False).print(table)
    if len(differing) < len(records):
        session.echo(f"{len(records) - len(differing)} photos do not differ")
    for record in records:
        for path in record.get("files", []):
            session.echo(path)
    if csv is not None:
        session.echo(csv)
