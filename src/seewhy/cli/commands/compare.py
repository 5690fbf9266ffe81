"""The command `seewhy compare`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments import grammar
from seewhy.cli.arguments.early_checks import check_classes, check_folder, check_models
from seewhy.cli.arguments.flags import (
    BUNDLED,
    Json,
    Layers,
    Methods,
    Model,
    PictureOrFolder,
    Quiet,
    Record,
    Targets,
)
from seewhy.cli.arguments.options import takes_options
from seewhy.cli.arguments.photos import given_photo
from seewhy.errors import MethodError, OptionError

EXAMPLES = """
[bold]Examples[/bold]

  seewhy compare cat.jpg
  seewhy compare cat.jpg --method grad-cam,rise:masks=500 --target tabby,lynx
  seewhy compare scan.png --model my.keras --layer conv3,conv5 --output out.png
"""


@takes_options(
    *("size", "fit", "scores", "batch_size", "labels", "preprocess", "range", "weights", "top"),
    help={"top": "How many classes all-top asks for."},
    old={
        "--methods": "methods",
        "--layers": "layers",
        "--targets": "targets",
        "--sheet": "output",
    },
)
def compare(  # noqa: PLR0913  (one parameter a flag)
    photo: Annotated[
        str, typer.Argument(help="Photo to explain.", show_default=False, metavar="PHOTO")
    ],
    *,
    model: Model = BUNDLED,
    targets: Targets = [],  # noqa: B006  (Typer copies it)
    methods: Methods = [],  # noqa: B006
    layers: Layers = [],  # noqa: B006
    settings: dict[str, Any],
    look: Any,
    output: PictureOrFolder = Path(),
    record: Record = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw methods, layers and targets side by side on one labelled sheet.

    A row for each target and layer, a column for each method. A method that cannot explain the
    model leaves its reason in its place. If a method does not exist, the others are drawn, and the
    status is 1.

    The sheet is called NAME_compared.jpg, unless --output names a file.
    """
    path_of_photo = given_photo(photo)
    path = session.picture_path(output, photo, "_compared.jpg")
    check_models(settings, model)
    check_classes(settings, model, targets)
    check_folder(path.parent)
    known, unknown = _known(grammar.split_list(methods))

    def work() -> session.Report:
        from seewhy.explainer.explainer import Explainer
        from seewhy.studies import compare as study

        explainer = Explainer(model, **settings)
        comparison = study.compare(
            explainer,
            path_of_photo,
            methods=known or study.METHODS,
            layers=grammar.layer_list(layers) or [None],
            targets=grammar.target_list(targets, explainer.labels) or ["top"],
        )
        session.save_to(
            path, partial(comparison.save, look=look, record=record), "sheet", "--output"
        )
        cells = comparison.as_dicts(record=record)
        records = [each | {"photo": photo, "files": [str(path)]} for each in cells]
        records += [{"photo": photo, "method": text, "error": why} for text, why in unknown.items()]
        for cell in comparison.cells:
            if cell.problem:
                session.tell_problem(f"{cell.method} at {cell.layer}: {cell.problem}")
        return session.Report(records, lambda: session.echo(path), list(unknown.values()))

    session.command(work, as_json=json, quiet=quiet)


def _known(texts: list[str]) -> tuple[list[Any], dict[str, str]]:
    """Methods that there are, with their options; and the others, with what is wrong with them.

    Raises OptionError if all that are given are wrong.
    """
    from seewhy.methods.registry import read_method

    known: list[Any] = []
    problems: dict[str, str] = {}
    for text in texts:
        try:
            known.append(read_method(text))
        except MethodError as error:
            problems[text] = str(error)
    if problems and not known:
        raise OptionError("\n".join(problems.values()))
    return known, problems
