"""Methods, layers and models beside each other, and beside chance: `seewhy.benchmark`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from seewhy import progress
from seewhy.errors import OptionError
from seewhy.explainer.arguments.describe import accepts_options
from seewhy.explainer.arguments.types import ExplainerArguments
from seewhy.explainer.explainer import Explainer
from seewhy.images.argument_order import check_order
from seewhy.methods.registry import get_method, read_method
from seewhy.results.records.read_file import BENCHMARK
from seewhy.studies import measuring
from seewhy.studies.benchmark import measures, statistics
from seewhy.studies.benchmark.best_and_worst import best_and_worst
from seewhy.studies.benchmark.measures import Measure, shown_measure
from seewhy.studies.benchmark.model_run import ModelRun, Row
from seewhy.studies.benchmark.photos import (
    BenchmarkPhoto,
    RunOptions,
    count_of_photos,
    list_benchmark_photos,
)
from seewhy.studies.benchmark.results_file import ResultsFile
from seewhy.studies.benchmark.statistics import TableRow
from seewhy.studies.benchmark.tables import Benchmark
from seewhy.studies.locating_explainer import locating_explainer

METHODS = ("grad_cam", "hires_cam", "layer_cam", "eigen_cam", "recipro_cam")
FEW = 10
"""With fewer photos, percentile intervals are too narrow."""
RESULTS = "results.jsonl"


@accepts_options(leave_out=("layer", "method", "options"))
def benchmark(  # noqa: PLR0913  (the façade: every choice has its default)
    models: Any,
    photos: Any,
    *,
    methods: Sequence[Any] = METHODS,
    layers: Sequence[Any] = (None,),
    metrics: Sequence[Any] | None = None,
    boxes: Any = None,
    target: Any = "top",
    seed: int = 0,
    folder: str | Path | None = None,
    **settings: Unpack[ExplainerArguments],
) -> Benchmark:
    """Measure methods at layers of models on the same photos, with controls beside them.

    models: one or a list of what `Explainer` takes, or a dictionary by name, or an Explainer.
    photos: a file, a folder, or a list of them. methods: each as `Explainer` takes one. layers: as
    `Explainer` takes them; None for the default. metrics: names of `measures.all_measures()` or
    pairs (name, options); None for a quick set.
    boxes: a file or folder that `seewhy.ground_truth.read` knows, for measures of localisation:
    all of a photo's things count. target: one question for all photos; "top" is each photo's top
    class. seed: of all chance: controls, measures, resamples, and methods that have a seed.
    folder: where results are written as they come, so that a run that was stopped goes on, and
    the tables and plots in the end. settings: the other arguments of `Explainer`.
    Controls (random map, centre Gaussian, edge detector) are on the grid of each method's maps. A
    method that cannot explain a model leaves its reason in its row.
    Raises OptionError and MethodError for unknown names at once, before anything is measured.
    """
    check_order("seewhy.benchmark(models, photos)", models, photos)
    measuring.check_list("methods", methods)
    measuring.check_list("layers", layers)
    chosen = measures.choose_measures(metrics, boxes is not None)
    labelled = [_method_with_label(method, seed) for method in methods]
    problems: dict[str, None] = {}
    paths = list(dict.fromkeys(measuring.list_paths(photos)))
    listed = list_benchmark_photos(paths, boxes, problems)
    results = ResultsFile(None if folder is None else Path(folder) / RESULTS)
    common = RunOptions(chosen, target, seed, results, lambda text: problems.update({text: None}))
    runs = [
        _run(name, model, settings, common, (labelled, layers), listed)
        for name, model in _named_models(models)
    ]
    rows = [row for run in runs for row in _table_rows(run, chosen, seed)]
    measured = {path for run in runs for row in run.methods for path in row.found}
    if not measured:
        why = "; ".join([*problems, *(row.problem for row in rows if row.problem)][:3])
        raise OptionError(f"nothing could be measured: {why or 'no photo is given'}")
    recorded = {"target": str(target), "seed": seed, "photos": len(measured)}
    if boxes is not None:
        recorded["boxes"] = getattr(boxes, "source", str(boxes))
    notes = [*_notes(len(measured), listed, boxes, rows)]
    if folder is not None:
        notes += [_note_of_new(run) for run in runs if run.always_new]
    table = Benchmark(
        *(tuple(rows), chosen, len(measured), recorded, tuple(notes), tuple(problems)),
        record=_record(runs, labelled, chosen, (target, seed)),
        draw=lambda: tuple(
            best_and_worst(
                runs, shown_measure(chosen), target, None if folder is None else Path(folder)
            )
        ),
    )
    if folder is not None:
        table.save(folder)
    return table


def _record(
    runs: Sequence[ModelRun],
    methods: Sequence[tuple[str, Any, dict[str, Any]]],
    chosen: Sequence[Measure],
    asked: tuple[Any, int],
) -> dict[str, Any]:
    """asked: the target and the seed."""
    return {
        "kind": BENCHMARK,
        "schema": 1,
        "models": [run.record for run in runs],
        "methods": [label for label, *_ in methods],
        "measures": [each.label for each in chosen],
        "target": str(asked[0]),
        "seed": asked[1],
    }


def _run(
    name: str,
    model: Any,
    settings: Mapping[str, Any],
    common: RunOptions,
    choices: tuple[Sequence[tuple[str, Any, dict[str, Any]]], Sequence[Any]],
    photos: Sequence[BenchmarkPhoto],
) -> ModelRun:
    """Measure one model's methods and controls. choices: methods with labels, and layers."""
    methods, layers = choices
    first = locating_explainer(model, settings)
    total = len(photos) * (len(methods) * len(layers) + len(measuring.CONTROLS))
    with progress.steps(total, f"Measuring {name}") as step, progress.hidden():
        run = ModelRun(name, first, replace(common, step=step))
        run.enter(methods, layers)
        run.run(photos)
    return run


def _method_with_label(method: Any, seed: int) -> tuple[str, Any, dict[str, Any]]:
    """A label, the method, and its options; raises MethodError for what is unknown."""
    named, method_options = read_method(method)
    entry = get_method(named)
    words = ", ".join(f"{name}={value}" for name, value in method_options.items())
    options = {"seed": seed, **method_options} if "seed" in entry.options else method_options
    return (f"{entry.name}({words})" if words else entry.name), named, options


def _named_models(models: Any) -> Iterator[tuple[str, Any]]:
    """Each model with its name."""
    if isinstance(models, Mapping):
        yield from models.items()
        return
    several = models if isinstance(models, list | tuple) else [models]
    if not several:
        raise OptionError("models is a list with at least one entry; got an empty one.")
    names: set[str] = set()
    for model in several:
        name = Path(model).stem if isinstance(model, str | Path) else None
        named_thing = model.pipeline.wrapped if isinstance(model, Explainer) else model
        plain = name = name or str(getattr(named_thing, "name", type(named_thing).__name__))
        number = 2
        while name in names:
            name, number = f"{plain} ({number})", number + 1
        names.add(name)
        yield name, model


def _table_rows(run: ModelRun, chosen: Sequence[Measure], seed: int) -> Iterator[TableRow]:
    for row in run.rows:
        rivals: dict[str, statistics.Values] = {}
        if row.found and not row.control:
            rivals = {rival.method: rival.found for rival in run.controls(row.grid)}
        figures = statistics.row_figures(row.found, rivals, chosen, seed) if row.found else {}
        same = () if row.control or not row.found else _same_rows(run, row)
        yield TableRow(
            *(run.name, row.layer, row.method, row.control, figures, *_cost_of(row), row.problem),
            next((f"{other.method} · {other.layer}" for other in same), ""),
        )


def _same_rows(run: ModelRun, row: Row) -> Iterator[Row]:
    """The methods before one whose figures are the same on every photo."""
    for other in run.methods:
        if other is row:
            return
        if other.found and statistics.same_values(row.found, other.found):
            yield other


def _note_of_new(run: ModelRun) -> str:
    return (
        f"{run.name} is measured anew each time: whether it was the same before cannot be told, "
        f"since it or a function uses {', '.join(run.always_new[:3])}."
    )


def _cost_of(row: Row) -> tuple[float, float]:
    return row.cost or (statistics.NAN, statistics.NAN)


def _notes(
    count: int, photos: Sequence[BenchmarkPhoto], boxes: Any, rows: Sequence[TableRow]
) -> Iterator[str]:
    if count < FEW:
        yield (
            f"{count_of_photos(count)} few: percentile intervals of fewer than {FEW} are too "
            f"narrow, so that a difference from the controls may be chance."
        )
    bare = sum(not (photo.drawn and photo.drawn.things) for photo in photos)
    if boxes is not None and bare:
        yield f"Photos without boxes, which do not count where boxes are needed: {bare}."
    for row in rows:
        if row.same_as:
            yield f"{row.name} has the same figures as {row.same_as} on every photo."
    if len({row.layer for row in rows if row.control}) > 1:
        yield "Maps lie on several grids; each method is compared with the controls on its own."
