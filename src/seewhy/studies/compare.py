"""Methods, layers and targets side by side: `seewhy.compare` and its labelled sheet."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from PIL import Image, ImageDraw

from seewhy.errors import LayerError, MapError, MethodError, OptionError, SeewhyWarning
from seewhy.explainer.arguments.describe import accepts_options
from seewhy.explainer.arguments.types import ExplainerArguments
from seewhy.explainer.batching import TOP, given_question, group_by_key
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.one_shot import explainer_of
from seewhy.images.argument_order import check_order
from seewhy.methods.registry import read_method
from seewhy.models.samples import read_files
from seewhy.render import pictures
from seewhy.render.legends import below, legend, readable
from seewhy.render.looks import Look, SheetDrawing, choose_look
from seewhy.render.notebooks.frames import data_frame
from seewhy.render.notebooks.html import Figure, notebook_html
from seewhy.render.sheets import labelled_sheet
from seewhy.render.text import font, wrap_text
from seewhy.results.explanation import Explanation
from seewhy.results.records.make_record import records_text
from seewhy.results.saving import save_result
from seewhy.results.shared_scale import on_one_scale
from seewhy.studies.measuring import check_list

if TYPE_CHECKING:
    from pandas import DataFrame

WIDEST = 2400
"""Pixels a side of a sheet in a notebook."""
METHODS = ("grad_cam", "hires_cam", "layer_cam", "eigen_cam", "recipro_cam")


@dataclass(frozen=True)
class Cell:
    """One method at one layer, asked one question."""

    target: str
    layer: str
    method: str
    explanation: Explanation | None
    problem: str = ""
    """Why there is no explanation."""


@dataclass(frozen=True)
class Comparison:
    """Explanations of one image, row by row: for each target and layer, one a method."""

    cells: tuple[Cell, ...]
    columns: int
    """How many methods there are."""

    def __iter__(self) -> Iterator[Explanation]:
        """The explanations that could be made."""
        return (cell.explanation for cell in self.cells if cell.explanation is not None)

    def sheet(self, **drawing: Unpack[SheetDrawing]) -> Image.Image:
        """All overlays on one sheet: a row for each target and layer, in front of it the photo.

        drawing: look, colormap, alpha, blend and cells, as `Explanation.overlay` takes them.
        The maps of one method at one layer share a scale over all targets: the colours of its
        column compare. Where a method could not explain, its place says why.
        """
        look = choose_look(**drawing)
        first = next(iter(self), None)
        if first is None:
            raise OptionError(f"nothing could be explained: {self.cells[0].problem}")
        plain = pictures.plain_picture(first.photo)
        scaled = _on_scales_of_columns(self.cells)
        tiles, titles = [], []
        for at, cell in enumerate(self.cells):
            if at % self.columns == 0:
                tiles.append(plain)
                titles.append(f"{_asked(cell)} · {cell.layer}")
            tiles.append(_tile(scaled[at], plain.shape, look))
            titles.append(_heading(cell))
        sheet = labelled_sheet(tiles, titles, self.columns + 1)
        several = len({cell.target for cell in self.cells}) > 1
        scale = ", the classes of a method and layer on one scale" if several else ""
        about = f"{Path(first.photo.name).name} · {first.options.get('model', 'model')}{scale}"
        return below(sheet, legend(sheet.width, (about,), look))

    def save(
        self, path: str | Path, *, record: bool = True, **drawing: Unpack[SheetDrawing]
    ) -> Path:
        """Write the sheet, or the results as .json; the suffix of the path tells. Returns it.

        record: whether the file holds the record of each, as `Explanation.save` has it.
        """
        return save_result(
            path,
            lambda: self.sheet(**drawing),
            record=lambda: {"cells": self.as_dicts(record=record)},
            text=lambda: records_text(each.record for each in self) if record else None,
        )

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each cell. Raises DependencyError without pandas."""
        columns = ("target", "layer", "method", "probability", "score", "warnings", "problem")
        return data_frame([_as_row(cell) for cell in self.cells], columns)

    def _repr_html_(self) -> str:
        problems = [
            f"{cell.method} at {cell.layer}: {cell.problem}" for cell in self.cells if cell.problem
        ]
        if next(iter(self), None) is None:
            return notebook_html("Nothing could be explained.", notes=problems)
        return notebook_html(figures=[Figure(self.sheet())], notes=problems, largest=WIDEST)

    def as_dicts(self, *, record: bool = True) -> list[dict[str, Any]]:
        """The results as plain values for JSON; those that failed with their "error"."""
        return [
            cell.explanation.as_dict(record=record)
            if cell.explanation
            else {
                "target": {"name": cell.target},
                "layer": cell.layer,
                "method": cell.method,
                "error": cell.problem,
            }
            for cell in self.cells
        ]


@accepts_options(leave_out=("layer", "method", "options"))
def compare(
    model: Any,
    image: Any,
    *,
    methods: Sequence[Any] = METHODS,
    layers: Sequence[Any] = (None,),
    targets: Any = TOP,
    target: Any = TOP,
    **settings: Unpack[ExplainerArguments],
) -> Comparison:
    """One image explained by several methods, at several layers, asked several questions.

    model: as `Explainer` takes it, or an Explainer. image: one photo, as `explain` takes it.
    methods: each as `Explainer` takes one, as "rise:masks=300" or a pair (name, options).
    layers: as `Explainer` takes them; None for each method's default.
    targets: one question, or several as `Explainer.ask` takes them. target: the same.
    settings: the other arguments of `Explainer`. The model is loaded once.
    A method that cannot explain this model (LayerError, MethodError, MapError) leaves its reason
    in its cell. Raises MethodError at once for one that does not exist, SeewhyError for what
    concerns all, and OptionError if there is nothing to compare.
    """
    check_order("seewhy.compare(model, photo)", model, image)
    asked = given_question(target, targets)
    targets = asked if isinstance(asked, list | tuple) else [asked]
    for name, values in (("methods", methods), ("layers", layers), ("targets", targets)):
        check_list(name, values)
    named = [read_method(each) for each in methods]
    first = explainer_of(model, settings)
    rows: dict[tuple[int, int], list[Cell]] = {}
    sample = read_files(image)
    for at, layer in enumerate(layers):
        for method, options in named:
            cells = _cells_of_method(
                first, sample, targets, {"layer": layer, "method": method}, options
            )
            for k, cell in enumerate(cells):
                rows.setdefault((k, at), []).append(cell)
    ordered = sorted(rows)
    return Comparison(tuple(cell for key in ordered for cell in rows[key]), len(named))


def _cells_of_method(
    first: Explainer,
    sample: Any,
    targets: Sequence[Any],
    choice: dict[str, Any],
    options: dict[str, Any],
) -> list[Cell]:
    """One method at one layer: a cell for each target."""
    questions = first.questions(targets)
    name = choice["method"]
    try:
        explainer = first.having(**choice, options=options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # each is in its explanation
            explanations = explainer.ask([sample], questions)[0]
    except (LayerError, MethodError, MapError) as error:
        layer = "default" if choice["layer"] is None else str(choice["layer"])
        label = name if isinstance(name, str) else getattr(name, "__name__", "method")
        return [Cell(str(target), layer, label, None, str(error)) for target in targets]
    return [
        Cell(explanation.target.name, explanation.layer, explanation.method, explanation)
        for explanation in explanations
    ]


def _as_row(cell: Cell) -> dict[str, Any]:
    made = cell.explanation
    return {
        **{name: getattr(cell, name) for name in ("target", "layer", "method", "problem")},
        "probability": made and made.probability,
        "score": made and made.score,
        "warnings": "; ".join(note.partition(":")[0] for note in made.warnings) if made else "",
    }


def _on_scales_of_columns(cells: Sequence[Cell]) -> list[Cell]:
    """The cells, those of one method and layer on one scale: only their maps compare."""
    scaled = list(cells)
    for members in group_by_key([(cell.method, cell.layer) for cell in cells]):
        made = [k for k in members if cells[k].explanation is not None]
        if len(made) < 2:  # alone, a map keeps its own scale
            continue
        together = on_one_scale(each for k in made if (each := cells[k].explanation) is not None)
        for k, explanation in zip(made, together, strict=True):
            scaled[k] = replace(cells[k], explanation=explanation)
    return scaled


def _asked(cell: Cell) -> str:
    return cell.explanation.target_words if cell.explanation else readable(cell.target)


def _heading(cell: Cell) -> str:
    if cell.explanation is None or (cell.explanation.map > 0).any():
        return cell.method
    return f"{cell.method}: no evidence"


def _tile(cell: Cell, shape: tuple[int, ...], look: Look) -> np.ndarray:
    if cell.explanation is None:
        return _text_tile(cell.problem, shape)
    try:
        return cell.explanation.picture(look)
    except MapError as error:
        return _text_tile(str(error), shape)


def _text_tile(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """A grey picture that says why there is none."""
    scale = max(1.0, 480 / min(shape[:2]))  # of a small photo the words would be cut off
    width, height = round(scale * shape[1]), round(scale * shape[0])
    image = Image.new("RGB", (width, height), (230, 230, 230))
    draw = ImageDraw.Draw(image)
    letters = font(max(10, width // 28))
    lines = wrap_text(text, letters, 0.9 * width)
    corner = (width // 20, height // 20)
    draw.multiline_text(corner, "\n".join(lines), fill="black", font=letters)
    return np.asarray(image)
