"""The command `seewhy debug`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seewhy.cli import session
from seewhy.cli.arguments import completion
from seewhy.cli.arguments.early_checks import check_classes, check_folder, check_models
from seewhy.cli.arguments.flags import (
    ASKED,
    BUNDLED,
    HOW,
    Json,
    Model,
    Output,
    Quiet,
    Record,
)
from seewhy.cli.arguments.options import takes_options
from seewhy.cli.arguments.photos import given_photo
from seewhy.errors import OptionError
from seewhy.explainer.options import index_or_text

if TYPE_CHECKING:
    from seewhy.studies.debug_report import Debugging

EXAMPLES = """
[bold]Examples[/bold]

  seewhy debug cat.jpg --true "tiger cat"
  seewhy debug scan.png --true benign --model my.keras --labels names.txt
"""


@takes_options(
    *("method", "options", "layer", "size", "fit", "batch_size"),
    *("labels", "preprocess", "range", "weights"),
)
def debug(  # noqa: PLR0913  (one parameter a flag)
    photo: Annotated[
        str, typer.Argument(help="Photo to look at.", show_default=False, metavar="PHOTO")
    ],
    *,
    true: Annotated[
        str,
        typer.Option(
            help="The class that it shows: index, WordNet id or name.",
            autocompletion=completion.targets,
            metavar="CLASS",
            rich_help_panel=ASKED,
        ),
    ],
    model: Model = BUNDLED,
    settings: dict[str, Any],
    trust: Annotated[
        bool,
        typer.Option(
            help="Check whether the map is faithful to the model: 39 passes.", rich_help_panel=HOW
        ),
    ] = True,
    look: Any,
    output: Output = Path(),
    record: Record = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show why a prediction went wrong: predicted against true class, side by side.

    Writes NAME_debug.jpg and NAME_debug.html, one page that holds everything. They show both maps
    on one scale, what spoke for the predicted class rather than the true one, the smallest region
    without which the decision turns, whether the map is faithful to the model, and the nearest
    classes.
    """

    path_of_photo = given_photo(photo)
    check_models(settings, model)
    check_classes(settings, model, [true.replace(",", "\\,")])
    check_folder(output)

    def work() -> session.Report:
        from seewhy.studies import debug as study

        label = index_or_text(true)
        result = study.debug(model, path_of_photo, label, trust=trust, **settings)
        write = partial(result.save, look=look, record=record)
        files = _save(write, output, Path(path_of_photo).stem)
        told = result.as_dict(record=record) | {"files": [str(path) for path in files]}
        return session.Report(told, lambda: _show(result, files))

    session.command(work, as_json=json, quiet=quiet)


def _save(write: Callable[[Path], Path], folder: Path, stem: str) -> list[Path]:
    from seewhy.render.files import file_name

    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [file_name(stem, f"_debug{suffix}") for suffix in (".jpg", ".html")]
        return [write(folder / name) for name in names]
    except OSError as error:
        raise OptionError(
            f"the result cannot be written to {str(folder)!r} ({error.strerror}). "
            f"Give a folder that can be written with --output."
        ) from error


def _show(result: Debugging, files: list[Path]) -> None:
    for line in result.summary:
        session.echo(line)
    if result.trust is not None:
        session.echo_lines(result.trust)
    session.echo("Nearest classes:")
    for prediction in result.confusions:
        session.echo(f"  {prediction.probability:6.1%}  {prediction.name}")
    for path in files:
        session.echo(path)
