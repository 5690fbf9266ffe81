"""Make the plan of a model with an explainer's choices, and find where its maps lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from seewhy.errors import OptionError
from seewhy.explainer.options import ExplainerOptions
from seewhy.images.geometry import Extent
from seewhy.methods.registry import Method
from seewhy.models.wrapped_model import WrappedModel
from seewhy.plan.placement import extents_for
from seewhy.plan.plan import Plan, PlanOptions, make_plan
from seewhy.plan.trace import resizes_itself, trace_model

Specs = Sequence[tuple[Any, str]]


def plan_model(
    backend: ModuleType,
    wrapped: WrappedModel,
    options: ExplainerOptions,
    specs: Specs,
    method: Method,
) -> tuple[WrappedModel, Plan]:
    """The plan, and the model with what the plan told of it."""
    if options.size is None and not options.sizes:
        wrapped = _letting_it_resize(backend, wrapped, options, specs)
    grid = _grid(options)
    choices = PlanOptions(options.layer, options.labels, options.output, grid, options.scores)
    plan = make_plan(backend, wrapped, choices, specs, method)
    if options.sizes:
        _check_sizes(wrapped, plan)
    return wrapped, plan


def extents_of_size(
    backend: ModuleType, wrapped: WrappedModel, options: ExplainerOptions, plan: Plan, specs: Specs
) -> tuple[Extent, ...]:
    """Where maps lie in images of other sizes than the plan was made with."""
    traced = trace_model(backend, wrapped, specs, _grid(options), options.output)
    return extents_for(backend, traced, plan.cuts[0], specs, plan.shown)


def _letting_it_resize(
    backend: ModuleType, wrapped: WrappedModel, options: ExplainerOptions, specs: Specs
) -> WrappedModel:
    """A model that brings photos to its size by itself gets them as they are."""
    traced = trace_model(backend, wrapped, specs, _grid(options), options.output)
    if wrapped.resizes or not resizes_itself(backend, traced, specs):
        return wrapped
    resizing = dataclasses.replace(wrapped, resizes=True, size=None)
    resizing.traces.update(wrapped.traces)
    return resizing


def _check_sizes(wrapped: WrappedModel, plan: Plan) -> None:
    """Raises OptionError for a model whose input cannot have several sizes."""
    entry = wrapped.inputs[plan.shown]
    space = wrapped.space_range((None, *entry.shape))
    sides = (None, *entry.shape)[slice(*space)]
    if entry.rank != 2 or any(side is not None for side in sides):
        raise OptionError(
            f"sizes are for models of pictures of any size; input {entry.name!r} takes "
            f"{' × '.join(map(str, sides))} only. Take enhance='scales', which looks at windows of "
            f"the enlarged photo."
        )
    whole = all(
        abs(extent.start) < 1 and abs(extent.stop - extent.high) < 1 for extent in plan.extents
    )
    if not whole:
        raise OptionError(
            "sizes are for models that look at the whole picture; this one crops, pads or turns it "
            "by itself. Leave sizes out."
        )


def _grid(options: ExplainerOptions) -> tuple[int, ...] | None:
    return None if options.grid is None else tuple(options.grid)
