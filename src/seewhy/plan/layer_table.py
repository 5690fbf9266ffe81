"""The layers of a model that can carry a map, as a tree: `seewhy.layers(model)`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seewhy import backend
from seewhy.errors import LayerError, ModelError
from seewhy.models import presets
from seewhy.models.wrapped_model import WrappedModel, wrap_model
from seewhy.network import calls
from seewhy.network import layers as layers_module
from seewhy.network.calls import Call
from seewhy.network.layers import SpatialLayer
from seewhy.network.split import Split
from seewhy.plan.layer_tree import tree_lines
from seewhy.plan.trace import Trace, trace_model
from seewhy.render.notebooks.frames import data_frame
from seewhy.render.notebooks.html import HtmlTable, notebook_html

if TYPE_CHECKING:
    from pandas import DataFrame

WHY = {
    False: "the last layer with a grid in front of the head",
    True: "the normalisation in front of the last attention: behind it the patches' tokens get "
    "no gradient from a class token",
}


@dataclass(frozen=True)
class Layer:
    """A layer that can carry a map."""

    path: str
    """What `layer=` takes: "outer/inner", with "#2" for the second call of a shared layer."""
    kind: str
    grid: tuple[int, ...]
    """Cells of the map, such as (rows, cols)."""
    units: int
    """Channels, or values of each token."""
    behind: float
    """0..1: the share of the model's multiplications that lie behind it, which is what one
    gradient costs beside the forward pass."""
    default: bool = False
    why: str = ""
    """Why it is the default."""


@dataclass(frozen=True)
class Layers:
    """The usable layers of a model, in the order in which they run. Prints as a tree."""

    model: str
    rows: tuple[Layer, ...]
    size: tuple[int, ...] = field(default=())
    """Sizes of the image that the grids are for."""

    @property
    def default(self) -> Layer:
        return next(row for row in self.rows if row.default)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Layer:
        return self.rows[index]

    def __str__(self) -> str:
        return "\n".join(tree_lines(self.model, self.size, self.rows))

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each layer. Raises DependencyError without pandas."""
        return data_frame([vars(row) for row in self.rows])

    def _repr_html_(self) -> str:
        rows = [
            (row.path, row.kind, " × ".join(map(str, row.grid)), row.units, f"{row.behind:.1%}")
            for row in self.rows
        ]
        marks = ["strong" if row.default else "" for row in self.rows]
        headings = ("layer", "kind", "grid", "units", "behind")
        why = f"default: {self.default.path}, {self.default.why}"
        table = HtmlTable(headings, rows, title=why, marks=marks)
        return notebook_html(tree_lines(self.model, self.size, self.rows)[0], tables=[table])


def layers(
    model: Any,
    *,
    size: int | tuple[int, int] | None = None,
    grid: tuple[int, ...] | None = None,
    image: Any = None,
) -> Layers:
    """The layers of a model that can carry a map, with the default marked and why.

    model: a Keras model, a preset's name or a file. size: of the images, for models that take
    any. grid: of the tokens, where it cannot be found. image: one input (an array, or several in a
    dictionary or tuple), for a model that does not declare its inputs.
    Raises LayerError if there are none, ModelError if the model cannot be run.
    """
    module = backend.load()
    seen = wrap_model(model if isinstance(model, Split) else presets.structure(model), size=size)
    if not seen.inputs:
        seen = _learning(seen, image)
    traced = trace_model(module, seen, seen.specs(), None if grid is None else tuple(grid))
    usable = [place for place in traced.places if not place.container]
    if not usable:
        layers_module.default_layer(traced.calls, traced.places)  # says what is missing
        raise LayerError(f"model {seen.name!r} has no layer with a spatial grid.")
    chosen = layers_module.default_layer(traced.calls, traced.places)
    costs = [_cost(call) for call in traced.calls]
    rows = tuple(_row(place, chosen, traced, costs) for place in usable)
    return Layers(seen.name, rows, traced.view.image)


def _row(place: SpatialLayer, chosen: SpatialLayer, traced: Trace, costs: Sequence[float]) -> Layer:
    at = next(k for k, call in enumerate(traced.calls) if call is place.call)
    whole = sum(costs)
    shape = place.call.shape or ()
    return Layer(
        path=place.call.address,
        kind=place.call.kind,
        grid=place.layout.space,
        units=int(shape[place.layout.units_axis]),
        behind=sum(costs[at + 1 :]) / whole if whole else 0.0,
        default=place is chosen,
        why=WHY[place.layout.tokens and "Norm" in place.call.kind] if place is chosen else "",
    )


def _cost(call: Call) -> float:
    """Multiplications of one call for one image, those of calls within it left out; about."""
    if call.shape is None or len(call.shape) < 2:
        return 0.0
    cells = math.prod(call.shape[1:])
    if call.kind == "Embedding":
        return float(cells)
    units = max(1, call.shape[-1])
    positions = cells / units
    inner = {id(w) for op in calls.operations(call.operation) for w in _weights(op)}
    kernels = [w for w in _weights(call.operation) if id(w) not in inner and len(w.shape) > 1]
    if not kernels:
        return float(cells) if not inner else 0.0
    return float(sum(math.prod(w.shape) * positions for w in kernels))


def _weights(operation: Any) -> list[Any]:
    return list(getattr(operation, "weights", ()))


def _learning(seen: WrappedModel, image: Any) -> WrappedModel:
    if image is None:
        raise ModelError(
            f"model {seen.name!r} does not declare its inputs: give one, as in "
            f"seewhy.layers(model, image=array)."
        )
    learnt = seen.learning(image)
    return replace(learnt, size=learnt.size or learnt.inputs[learnt.image].seen)
