"""Make the plan of a model with an explainer's choices, and find where its maps lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from seewhy.enhance.augmentations import Flips, Scales, parse_enhancements
from seewhy.errors import OptionError
from seewhy.explainer.options import ExplainerOptions
from seewhy.images.geometry import Extent
from seewhy.methods.registry import Method, get_method, refuse_gradients
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
        _check_sizes(wrapped, plan, wrapped.space_sides(specs, plan.shown))
    _check_enhancements(options, plan, wrapped.space_sides(specs, plan.shown))
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


def _check_sizes(wrapped: WrappedModel, plan: Plan, size: Sequence[int]) -> None:
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
    if not _sees_all(plan.extents, size):
        raise OptionError(
            "sizes are for models that look at the whole picture; this one crops, pads or turns it "
            "by itself. Leave sizes out."
        )


def _sees_all(extents: Sequence[Extent], sides: Sequence[int]) -> bool:
    """Up to a border that strides or shifts leave."""
    return not extents or all(
        max(abs(extent.start), abs(extent.stop - side)) <= max(2, side / 50)
        for extent, side in zip(extents, sides, strict=True)
    )


def sees_the_middle(extents: Sequence[Extent], sides: Sequence[int]) -> bool:
    """Whether a mirror image shows a layer the mirror image of what it saw before."""
    return not extents or abs(extents[-1].low + extents[-1].high - sides[-1]) < 2


def _check_enhancements(options: ExplainerOptions, plan: Plan, sides: Sequence[int]) -> None:
    """Raises OptionError where changed copies of the image would show the layer other parts."""
    enhancements, _ = parse_enhancements(options.enhance)
    scales = any(isinstance(each, Scales) for each in enhancements)
    flips = any(isinstance(each, Flips) for each in enhancements)
    if (scales and not _sees_all(plan.extents, sides)) or (
        flips and not sees_the_middle(plan.extents, sides)
    ):
        raise OptionError(
            "enhance moves the picture, and this model crops, pads or turns it by itself, so that "
            "the copies would show other parts. Leave flips and scales out; noise can be had."
        )


def _grid(options: ExplainerOptions) -> tuple[int, ...] | None:
    return None if options.grid is None else tuple(options.grid)


def method_of(options: ExplainerOptions, module: ModuleType) -> Method:
    """The method with its options. Raises MethodError where the backend cannot run it."""
    method = get_method(options.method, options.options)
    if not module.GRADIENTS:
        refuse_gradients(method, module.NAME)
    if parse_enhancements(options.enhance)[1]:
        from seewhy.methods.eigen import eigen_smoothed  # which imports Keras

        return eigen_smoothed(method)
    return method
