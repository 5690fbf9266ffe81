"""One model's methods and controls, measured photo by photo: the work of `seewhy.benchmark`."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.annotations.records import Annotated
from seewhy.errors import LayerError, MethodError, OptionError, SeewhyWarning
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.recording.run_record import run_record
from seewhy.studies import measuring
from seewhy.studies.benchmark import results_file, timing
from seewhy.studies.benchmark.case import PhotoContext, measured_control_map, measured_method_map
from seewhy.studies.benchmark.identities.identity import Identity
from seewhy.studies.benchmark.identities.model_identity import keras_parts
from seewhy.studies.benchmark.measures import Measure, MeasuredMap
from seewhy.studies.benchmark.photos import BenchmarkPhoto, PhotoBatch, RunOptions

Grid = tuple[int, ...]


@dataclass
class Row:
    """One row: a method at a layer, or a control on one grid."""

    method: str
    layer: str
    options: dict[str, Any]
    explainer: Explainer | None = None
    """None for controls, and for methods that cannot explain the model."""
    control: bool = False
    problem: str = ""
    grid: Grid = ()
    """(rows, cols) of its maps."""
    cost: tuple[float, float] | None = None
    """Seconds for a photo, and forward passes in the same time."""
    found: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    """By photo (its path), by measure."""
    code: str | None = None
    """What tells a method of the user's own from others."""


class ModelRun:
    """The rows of one model."""

    def __init__(self, name: str, first: Explainer, options: RunOptions) -> None:
        # copies of network inputs are explained again, and are preprocessed
        self.name, self._first, self._options = name, first.having(prepared=True), options
        self.methods: list[Row] = []
        self._controls: dict[Grid, list[Row]] = {}
        pipeline = first.pipeline
        settings = {k: v for k, v in pipeline.options.as_dict().items() if k not in OWN}
        wrapped = pipeline.wrapped
        self._identity = Identity(keras_parts())
        about = run_record(pipeline, [])
        del about["questions"], about["method"], about["layer"], about["layers"]  # told beside it
        self.record: dict[str, Any] = {"called": name, **about} | {
            "versions": pipeline.info().versions,
            "backend": pipeline.backend.NAME,
            "device": pipeline.backend.device(),
        }
        """What the record of the benchmark tells of the model."""
        # told once, since what cannot be told from others is another one each time
        self._common = self._identity.of(
            {
                "seewhy": pipeline.info().versions.get("seewhy"),
                "backend": pipeline.backend.NAME,
                "model": name,
                "weights": about["model"]["weights_sha256"],
                "structure": wrapped.model,
                "preset": None if wrapped.preset is None else wrapped.preset.name,
                "size": wrapped.size,
                "classes": [label.name for label in first.labels.entries],
                "target": options.target,
                "seed": options.seed,
                "settings": settings,
            }
        )

    def enter(
        self, methods: Sequence[tuple[str, Any, dict[str, Any]]], layers: Sequence[Any]
    ) -> None:
        """Add a row for each method (label, method, options) at each layer.

        A method at the input has one row, whatever the layers.
        """
        seen = set()
        for layer in layers:
            for label, method, options in methods:
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", SeewhyWarning)
                        explainer = self._first.having(layer=layer, method=method, options=options)
                    where, problem = explainer.layer, ""
                except (LayerError, MethodError) as error:
                    where = "default" if layer is None else str(layer)
                    explainer, problem = None, str(error)
                if (where, label) not in seen:
                    row = Row(label, where, options, explainer, problem=problem)
                    row.code = self._identity.of((method, options))
                    self.methods.append(row)
                seen.add((where, label))

    @property
    def always_new(self) -> list[str]:
        """Types of values that cannot be told from others, so that no earlier figure is taken."""
        return list(self._identity.unknown)

    @property
    def rows(self) -> list[Row]:
        """The methods, then the controls of each grid."""
        return [*self.methods, *(row for of_grid in self._controls.values() for row in of_grid)]

    def controls(self, grid: Grid) -> list[Row]:
        """The controls on one grid, new ones where there are none yet."""
        if grid not in self._controls:
            where = "grid " + " × ".join(map(str, grid))
            self._controls[grid] = [
                Row(name, where, {}, control=True, grid=grid) for name in measuring.CONTROLS
            ]
        return self._controls[grid]

    def run(self, photos: Sequence[BenchmarkPhoto]) -> None:
        """Measure what is not known yet of all photos."""
        for start in range(0, len(photos), self._first.batch_size):
            batch = PhotoBatch(
                self._first, photos[start : start + self._first.batch_size], self._options
            )
            for row in self.methods:
                if row.explainer is not None:
                    self._method(row, row.explainer, batch)
                self._options.step(len(batch.listed))
            for grid in dict.fromkeys(row.grid for row in self.methods if row.grid):
                for row, way in zip(
                    self.controls(grid), range(len(measuring.CONTROLS)), strict=True
                ):
                    self._control(row, way, batch)
            self._options.step(len(batch.listed) * len(measuring.CONTROLS))

    def drawing_key(self, row: Row, path: str) -> str:
        """What names the picture of one photo under the map of one row."""
        with Path(path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return results_file.result_key(
            common=self._common, row=self._row(row), photo=digest, what="drawing"
        )

    def _method(self, row: Row, explainer: Explainer, batch: PhotoBatch) -> None:
        lacking = self._lacking(row, batch)
        unmeasured = [
            (photo, key, left) for photo, key, left in lacking if photo.path in batch.photos
        ]
        if unmeasured:
            photos = [batch.photos[photo.path].photo for photo, _, _ in unmeasured]
            try:
                explanations = measuring.explain_quietly(explainer, photos, self._options.target)
            except (LayerError, MethodError) as error:
                row.problem, row.explainer = str(error), None
                return
            for (photo, key, left), explanation in zip(unmeasured, explanations, strict=True):
                measured = measured_method_map(self._context(photo, batch), explainer, explanation)
                self._note(row, photo, (key, left), measured)
        self._collect(row, batch)
        if row.found and row.cost is None:
            row.cost = self._cost(row, explainer, batch)

    def _control(self, row: Row, way: int, batch: PhotoBatch) -> None:
        for photo, key, left in self._lacking(row, batch):
            if photo.path in batch.photos:
                measured = measured_control_map(self._context(photo, batch), row.grid, way)
                self._note(row, photo, (key, left), measured)
        self._collect(row, batch)

    def _lacking(
        self, table_row: Row, batch: PhotoBatch
    ) -> list[tuple[BenchmarkPhoto, str, list[Measure]]]:
        """Photos with their keys and what is not measured of them."""
        lacking = []
        for photo in batch.listed:
            key = self._key(table_row, photo)
            values = self._options.results.get(key).get("values", {})
            left = [
                each for each in self._options.measures if _measure_key(each, photo) not in values
            ]
            lacking.append((photo, key, left))
        return [row for row in lacking if row[2]]

    def _note(
        self,
        row: Row,
        photo: BenchmarkPhoto,
        lacking: tuple[str, list[Measure]],
        measured: MeasuredMap | str,
    ) -> None:
        """Measure one photo and write it down. measured: the map, or what is wrong with it."""
        key, left = lacking
        values = {}
        for measure in left:
            figure = np.array([np.nan])
            if isinstance(measured, str):
                self._options.problem(f"{photo.path}: {row.method}: {measured}")
            else:
                try:
                    figure = measure(measured)
                except (OptionError, LayerError, MethodError) as error:
                    self._options.problem(f"{measure.label} of {row.method}: {error}")
            values[_measure_key(measure, photo)] = results_file.run_length(figure)
        grid = list(row.grid) if isinstance(measured, str) else list(measured.grid)
        record: dict[str, Any] = {"model": self.name, "layer": row.layer, "method": row.method}
        record |= {"photo": photo.path, "grid": grid, "values": values}
        self._options.results.add(key, record)

    def _collect(self, row: Row, batch: PhotoBatch) -> None:
        for photo in batch.listed:
            record = self._options.results.get(self._key(row, photo))
            if record:
                values = record["values"]
                row.grid = tuple(record["grid"]) or row.grid
                row.found[photo.path] = {
                    each.label: results_file.from_run_length(values[_measure_key(each, photo)])
                    for each in self._options.measures
                }

    def _cost(
        self, row: Row, explainer: Explainer, batch: PhotoBatch
    ) -> tuple[float, float] | None:
        key = results_file.result_key(common=self._common, row=self._row(row), what="cost")
        known = self._options.results.get(key)
        if not known and batch.photos:
            photo = batch.images[0]
            seconds, passes = timing.time_explanation(
                explainer, batch.scorer, photo, self._options.target
            )
            record = {"model": self.name, "layer": row.layer, "method": row.method}
            self._options.results.add(key, record | {"seconds": seconds, "passes": passes})
            known = self._options.results.get(key)
        return (known["seconds"], known["passes"]) if known else None

    def _context(self, photo: BenchmarkPhoto, batch: PhotoBatch) -> PhotoContext:
        drawn_photo = batch.photos[photo.path]
        try:
            drawn = drawn_photo.boxes_and_mask() or (None, None)
        except OptionError as error:
            self._options.problem(f"{photo.path}: {error}")
            drawn = (None, None)
        geometry = batch.geometry(photo.path)
        chance = hashlib.sha256(f"{self._options.seed} {photo.digest}".encode()).digest()
        place = batch.place(photo.path)
        seeds = (self._options.seed, int.from_bytes(chance[:6]))
        target = self._options.target
        return PhotoContext(drawn_photo.photo, geometry, batch.scorer, place, drawn, seeds, target)

    def _key(self, row: Row, photo: BenchmarkPhoto) -> str:
        return results_file.result_key(common=self._common, row=self._row(row), photo=photo.digest)

    def _row(self, row: Row) -> dict[str, Any]:
        identity = {"method": row.method, "layer": row.layer, "code": row.code}
        return identity | {"grid": row.grid if row.control else None}


OWN = ("layer", "method", "options", "batch_size", "top")


def _measure_key(measure: Measure, photo: BenchmarkPhoto) -> str:
    """A measure in the results: of other boxes it is another one."""
    if not measure.drawn:
        return measure.label
    drawn = photo.drawn
    things = (
        []
        if drawn is None
        else [(thing.label, thing.corners, thing.fault) for thing in drawn.things]
    )
    painted = [] if drawn is None else [_boxes_and_mask(drawn, k) for k in range(len(things))]
    size = None if drawn is None else drawn.size
    return f"{measure.label} {results_file.result_key(things=things, painted=painted, size=size)}"


def _boxes_and_mask(drawn: Annotated, k: int) -> Any:
    try:
        return drawn.painted(k, 64, 64)
    except OptionError as error:  # it is told where it is measured
        return str(error)
