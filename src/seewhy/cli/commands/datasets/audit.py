"""The command `seewhy audit`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
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
    OUTPUT,
    Json,
    LabelsFrom,
    Model,
    Quiet,
    Record,
)
from seewhy.cli.arguments.options import takes_options

if TYPE_CHECKING:
    from seewhy.audit.audit_options import AuditOptions
    from seewhy.audit.finding import Audit
    from seewhy.datasets.open_store import Store
    from seewhy.explainer.explainer import Explainer

EXAMPLES = """
[bold]Examples[/bold]

  seewhy audit store --model my.keras --output audit
  seewhy audit photos --labels-from folder --model my.keras --labels names.txt --output audit
  seewhy audit store --class melanoma --fail-on confirmed --output audit
  seewhy audit store --boxes masks --against store-of-may --output audit
"""
FAILED = 3
"""The status where a finding is of the kind that --fail-on names."""


class FailOn(StrEnum):
    confirmed = "confirmed"


@takes_options(default={"batch_size": 32})
def audit(  # noqa: PLR0913  (one parameter a flag)
    sources: Annotated[
        list[str],
        typer.Argument(
            help="A store of seewhy run; or photos as that takes them, which are explained first, "
            "into a store in the folder of the audit.",
            show_default=False,
            metavar="STORE|PHOTOS",
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            help="Folder of the audit; where it has a part of the same audit, the rest is done.",
            show_default=False,
            metavar="DIR",
            rich_help_panel=OUTPUT,
        ),
    ],
    model: Model = BUNDLED,
    classes: Annotated[
        list[str],
        typer.Option(
            "--class",
            help="Class that is looked at, all if none is given. Repeatable.",
            autocompletion=completion.targets,
            metavar="CLASS",
            rich_help_panel=ASKED,
            show_default=False,
        ),
    ] = [],  # noqa: B006  (Typer copies it)
    labels_from: LabelsFrom = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            help="Boxes or masks of the photos, to tell whose evidence lies outside: COCO JSON, a "
            "folder of VOC XML or YOLO text, or one of PNG masks.",
            show_default=False,
            metavar="PATH",
            rich_help_panel=ASKED,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Another store, of other photos or another model, to tell which classes' "
            "evidence lies elsewhere there.",
            show_default=False,
            metavar="STORE_B",
            rich_help_panel=ASKED,
        ),
    ] = None,
    duplicates: Annotated[
        bool | None,
        typer.Option(
            "--duplicates/--no-duplicates",
            help="Whether photos that lie in two folders are looked for, also among very many: all "
            "are read once. If not given, of up to 20,000 photos.",
            show_default=False,
            rich_help_panel=ASKED,
        ),
    ] = None,
    settings: dict[str, Any],
    confirm: Annotated[
        int,
        typer.Option(
            min=1,
            help="Put so many candidates to the test, the strongest first.",
            metavar="COUNT",
            rich_help_panel=HOW,
        ),
    ] = 10,
    recipients: Annotated[
        int,
        typer.Option(
            min=8,
            help="Photos of other classes that a region is pasted into.",
            metavar="COUNT",
            rich_help_panel=HOW,
        ),
    ] = 64,
    seed: Annotated[
        int,
        typer.Option(
            min=0, help="Of all that is drawn at random.", metavar="NUMBER", rich_help_panel=HOW
        ),
    ] = 0,
    listed: Annotated[
        int,
        typer.Option(
            min=1,
            help="List so many errors, photos outside of boxes, duplicates and classes in the "
            "files.",
            metavar="COUNT",
            rich_help_panel=OUTPUT,
        ),
    ] = 50,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="confirmed: the status is 3 if a shortcut is confirmed.",
            metavar="confirmed",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    export_masks: Annotated[
        bool,
        typer.Option(
            "--export-masks",
            help="Write masks of the regions of confirmed shortcuts, a PNG file for each of their "
            "photos, for training without them.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    record: Record = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find what a model has learned of many photos, and whether it needs it.

    Photos of a class whose evidence lies at one place are found. Then the place is cut out and
    pasted into photos of other classes: where these become the class, and do not with pieces from
    elsewhere, the model needs no more than what lies there. Run again, the same command goes on
    where it was stopped.

    Beside the findings it tells the most confident errors, photos that lie in two folders,
    and, where asked, evidence outside of boxes and classes whose evidence moved.
    """
    from seewhy.audit.audit_options import AuditOptions
    from seewhy.audit.audit_photos import as_store, check_beside
    from seewhy.audit.find.clusters import hdbscan

    check_models(settings, model)
    check_classes(settings, model, classes)
    check_folder(output)
    hdbscan()
    options = AuditOptions(
        classes=tuple(classes),
        confirm=confirm,
        recipients=recipients,
        seed=seed,
        labels_from_folder=labels_from is not None,
        record=record,
        boxes=boxes,
        against=against,
        duplicates=duplicates,
        listed=listed,
    )
    check_beside(options)
    store = as_store(sources[0]) if len(sources) == 1 else None
    try:
        found, store = _audit(store, sources, model, settings, (output, options), quiet=quiet)
        if export_masks:
            _export(found, store, output)
    except KeyboardInterrupt:
        session.tell_problem("stopped; the same command goes on, and keeps what is tested.")
        raise typer.Exit(130) from None
    for problem in found.problems[:20]:
        session.tell_problem(problem)
    _finish(found, output, as_json=json, quiet=quiet, fail_on=fail_on)


def _audit(
    store: Store | None,
    sources: Sequence[str],
    model: str,
    settings: dict[str, Any],
    asked: tuple[Path, AuditOptions],
    *,
    quiet: bool,
) -> tuple[Audit, Store]:
    from seewhy.cli.audit_bar import audit_bar

    output, options = asked
    session.load_backend()
    with session.results_only():
        from seewhy.audit.audit_photos import explainer_for
        from seewhy.audit.run_audit import audit_store
        from seewhy.explainer.explainer import Explainer

        if store is not None:
            explainer = explainer_for(store, model, settings)
        else:
            explainer = Explainer(model, **settings)
            store = _explained(sources, explainer, asked, quiet=quiet)
        with audit_bar(shown=not quiet) as told:
            return audit_store(store, explainer, output, options, told), store


def _explained(
    sources: Sequence[str],
    explainer: Explainer,
    asked: tuple[Path, AuditOptions],
    *,
    quiet: bool,
) -> Store:
    from seewhy.audit.audit_photos import STORE, explained
    from seewhy.cli.run_bar import run_bar, stopping

    output, options = asked
    with run_bar(shown=not quiet) as told, stopping() as stop:
        store, state = explained(
            list(sources), explainer, output / STORE, options, told=told, stop=stop
        )
    if state.stopped:
        raise KeyboardInterrupt
    return store


def _export(found: Audit, store: Store, output: Path) -> None:
    from seewhy.audit.write.export_masks import FOLDER, export_masks

    count = export_masks(found, store, output)
    session.tell_problem(f"{count} masks of confirmed shortcuts, {output}/{FOLDER}/")


def _finish(
    found: Audit, output: Path, *, as_json: bool, quiet: bool, fail_on: FailOn | None
) -> None:
    from seewhy.cli.audit_lines import line_of, lines_beside

    confirmed = len(found.confirmed)
    if as_json:
        sys.stdout.write(session.json_text(found.as_dict()) + "\n")
    elif not quiet:
        for finding in found:
            session.echo(line_of(finding))
        for line in lines_beside(found.beside):
            session.echo(line)
    for note in found.notes:
        session.tell_problem(note)
    closing = (
        f"{found.photos} photos, {len(found)} findings, {confirmed} confirmed, {output}/audit.html"
    )
    session.tell_closing(closing, as_json=as_json)
    raise typer.Exit(FAILED if fail_on is not None and confirmed else 0)
