"""The command `seewhy run`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from seewhy.cli import session, teller
from seewhy.cli.arguments import grammar
from seewhy.cli.arguments.early_checks import (
    RANKS,
    check_classes,
    check_folder,
    check_models,
    known_labels,
)
from seewhy.cli.arguments.flags import (
    ASKED,
    BUNDLED,
    HOW,
    OUTPUT,
    Json,
    LabelsFrom,
    Model,
    Quiet,
    Targets,
)
from seewhy.cli.arguments.options import takes_options

Engine = Literal["local", "ray"]

if TYPE_CHECKING:
    from seewhy.datasets.engines.recipe import Recipe
    from seewhy.datasets.places.places import Place
    from seewhy.datasets.run_options import RunOptions
    from seewhy.datasets.run_photos import RunState
    from seewhy.explainer.explainer import Explainer

EXAMPLES = """
[bold]Examples[/bold]

  seewhy run validation --labels-from folder --output store
  seewhy run photos.csv --model my.keras --labels names.txt --output store
  seewhy run "shards/*.tar" --model vgg16 --output store
  seewhy run "scans/**/*.png" --method layer-cam --target top,2 --output store
  seewhy run archive --shard 3/16 --output /shared/store
  seewhy run s3://bucket/photos --engine ray --output s3://bucket/store
"""


@takes_options(default={"batch_size": 32})
def run(  # noqa: PLR0913  (one parameter a flag)
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders, searched with all folders in them; quoted patterns; lists of paths "
            "(@list.txt, list.txt); tables (.csv, .tsv) with a column path and, if they have "
            "them, label and id; .tar files (WebDataset); .parquet files with a column of paths "
            "or of images; or addresses of these, as s3://bucket/photos.",
            show_default=False,
            metavar="SOURCE",
        ),
    ],
    *,
    output: Annotated[
        str,
        typer.Option(
            help="Folder of the store, or its address; where it has parts of the same run, the "
            "rest is done.",
            show_default=False,
            metavar="STORE",
            rich_help_panel=OUTPUT,
        ),
    ],
    model: Model = BUNDLED,
    target: Targets = [],  # noqa: B006  (Typer copies it)
    labels_from: LabelsFrom = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Take so many photos, the first ones.",
            metavar="COUNT",
            rich_help_panel=ASKED,
        ),
    ] = None,
    settings: dict[str, Any],
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Threads that read photos; one a processor, if not given. With --engine ray, "
            "processes that explain; one a GPU, or without GPUs, one a machine.",
            metavar="COUNT",
            rich_help_panel=HOW,
        ),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="Who explains: this process, or the machines of the Ray cluster that RAY_ADDRESS "
            "names (without it, processes on this machine).",
            rich_help_panel=HOW,
        ),
    ] = "local",
    shard_size: Annotated[
        int,
        typer.Option(
            min=1,
            help="Photos in a part of the store.",
            metavar="COUNT",
            rich_help_panel=OUTPUT,
        ),
    ] = 1024,
    shard: Annotated[
        str | None,
        typer.Option(
            help="Do some of the parts only, as 3/16: the third of sixteen runs that share a "
            "store.",
            metavar="K/N",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    features: Annotated[
        bool,
        typer.Option(
            "--features",
            help="Store evidence-weighted features, too: the layer's activations, averaged with "
            "the positive evidence as weights.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact/--reduced",
            help="Decode JPEG files whole, or those of four times the size that is needed, or "
            "more, at a reduced scale: faster, and maps change by about 3 % of their range.",
            rich_help_panel=OUTPUT,
        ),
    ] = True,
    retry_errors: Annotated[
        bool,
        typer.Option(
            "--retry-errors",
            help="Do parts again that have photos which could not be read.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain very many photos into a store of Parquet files.

    The store has a row for each photo and target, with its scores, warnings and map, and is read
    with DuckDB, Polars, pandas or seewhy.datasets.open. Run again, the same command goes on where
    it was stopped, and does no finished part twice. The status is 1 if photos could not be read.
    """
    from seewhy.datasets.run_options import RunOptions, read_shard
    from seewhy.datasets.store_files import store_place

    check_models(settings, model)
    check_classes(settings, model, target)
    store = store_place(output)
    if isinstance(store, Path):
        check_folder(store)
    labels = known_labels(settings, model)
    texts = list(target) if labels is None else grammar.target_list(target, labels)
    options = RunOptions(
        targets=texts or ["top"],
        labels_from_folder=labels_from is not None,
        limit=limit,
        shard_size=shard_size,
        shard=read_shard(shard),
        workers=workers,
        features=features,
        exact=exact,
        retry_errors=retry_errors,
        engine=engine,
    )
    _run(sources, store, model, settings, options, as_json=json, quiet=quiet)


def _run(  # noqa: PLR0913
    sources: Sequence[str],
    store: Place,
    model: str,
    settings: dict[str, Any],
    options: RunOptions,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from seewhy.cli.run_bar import run_bar, stopping
    from seewhy.datasets.engines.choose_engine import run_dataset
    from seewhy.datasets.run_photos import check_sources, check_store, planned

    began = time.monotonic()
    if options.engine == "ray":
        from seewhy.datasets.engines.ray_cluster import ray_package

        ray_package()  # before millions of photos are listed
    check_store(store, sources, options, settings)
    unknown = known_labels(settings, model) is None and set(options.targets) - set(RANKS)
    if unknown and options.engine == "local":
        check_sources(sources)  # nothing is written before the model has said what classes it has
    else:
        planned(store, sources, options)
    try:
        with session.results_only(), run_bar(shown=not quiet) as told, stopping() as stop:
            explainer = _explainer(model, settings, options.engine)
            state = run_dataset(explainer, sources, store, options, told=told, stop=stop)
    except KeyboardInterrupt:
        session.tell_problem("stopped; the same command goes on behind the last finished part.")
        raise typer.Exit(130) from None
    closing = _closing(state, store, time.monotonic() - began)
    if state.stopped:
        session.tell_problem(f"{closing}: stopped; the same command goes on from here.")
        raise typer.Exit(130)
    record = {
        "store": str(store),
        "photos": state.photos,
        "done": state.done,
        "done_before": state.before,
        "unreadable": state.unreadable,
    }
    session.finish(
        record, lambda: session.echo(closing), as_json=as_json, failed=state.unreadable > 0
    )


def _explainer(model: str, settings: dict[str, Any], engine: str) -> Explainer | Recipe:
    """The explainer; for workers elsewhere, the recipe of one, so that this process, which may
    share its devices with them, loads none."""
    if engine != "local":
        from seewhy.datasets.engines.recipe import recipe_of_words

        return recipe_of_words(model, settings)
    session.load_backend()
    from seewhy.explainer.explainer import Explainer

    return Explainer(model, **settings)


def _closing(state: RunState, store: Place, seconds: float) -> str:
    parts = [f"{state.done} done"]
    if state.before:
        parts.append(f"{state.before} done before")
    if state.unreadable:
        parts.append(f"{state.unreadable} of them could not be read")
    return ", ".join([*parts, teller.duration(seconds), f"{store}/"])
