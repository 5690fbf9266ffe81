"""One run of a model without values: its calls, layers, outputs and logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

from seewhy.errors import LayerError, ModelError, SeewhyError
from seewhy.models.wrapped_model import WrappedModel
from seewhy.network import calls as calls_module
from seewhy.network import layers
from seewhy.network.branches import branches_beside
from seewhy.network.calls import Call, leaves_of, operations
from seewhy.network.frames.follow import follow_frames
from seewhy.network.frames.frame import Frame
from seewhy.network.grids import InputView
from seewhy.network.layers import SpatialLayer
from seewhy.network.logits import Closing, JoinedActivations
from seewhy.network.outputs import Output, choose_output, describe_outputs
from seewhy.network.split import Split

Tensor = Any

# Pixels that a padding in front of the first weights may add.
_BORDER = 8


@dataclass(frozen=True)
class Trace:
    """What was learned of a model while it ran abstractly."""

    wrapped: WrappedModel
    view: InputView
    calls: tuple[Call, ...]
    places: tuple[SpatialLayer, ...]
    outputs: tuple[Output, ...]
    steps: tuple[Any, ...]
    main: int
    """The output that is asked."""
    certain: bool
    """Whether no other could be meant."""
    largest: int = 0
    """Bytes of the largest activations of one image."""
    total: int = 0
    """Bytes of all activations of one image."""
    beside: tuple[SpatialLayer, ...] = ()
    """Of branches that lead to the output beside the default layer, the last layer of each."""
    stem: tuple[int, ...] | None = None
    """The shape in which the image comes to the first weights."""
    may_resize: bool = False
    """Whether something in front of these may bring images to a size."""


def trace_model(
    backend: ModuleType,
    wrapped: WrappedModel,
    specs: Sequence[tuple[Any, str]],
    tokens: tuple[int, ...] | None = None,
    output: str | int | None = None,
) -> Trace:
    """Run the model abstractly to find its calls, their grids, and its logits.

    specs: shape (batch, …) and dtype of each input. tokens: grid of token models, if it is known.
    output: the one that is asked, by name or index. What was found is kept with the model, so that
    it runs once for all explainers of it.
    Raises ModelError for outputs that cannot be asked.
    """
    key = (backend.NAME, tuple(map(tuple, specs)), tokens, output)
    if key not in wrapped.traces:
        wrapped.traces[key] = _trace(backend, wrapped, specs, tokens, output)
    trace: Trace = wrapped.traces[key]
    return trace


def final_with_operations(final: Closing, new: dict[int, Any]) -> Closing:
    """The closing steps with operations of another model, by the identities of their own."""
    if isinstance(final, JoinedActivations):
        parts = [replace(part, operation=new[id(part.operation)]) for part in final.parts]
        return replace(final, parts=tuple(parts))
    return replace(final, operation=new[id(final.operation)])


def _branches(
    calls: Sequence[Call], usable: Sequence[SpatialLayer], output: Tensor
) -> tuple[SpatialLayer, ...]:
    try:
        default = layers.default_layer(calls, usable)
    except LayerError:
        return ()
    if default.layout.tokens:  # in front of an attention, which the rest of the tokens pass by
        return ()
    return tuple(
        replace(place, call=place.call.without_tensors())
        for place in branches_beside(calls, usable, default, output)
    )


def resizes_itself(backend: ModuleType, trace: Trace, specs: Sequence[tuple[Any, str]]) -> bool:
    """Whether the model brings images of any size to one by itself, in front of its weights.

    specs: those of the trace. Where images come to the first weights in another size than they
    have, or something in front may have resized them, a run with a larger image tells whether they
    always come in the same size.
    """
    wrapped = trace.wrapped
    entry = wrapped.inputs[wrapped.image]
    space = slice(*wrapped.space_range((None, *entry.shape)))
    if any(side is not None for side in (None, *entry.shape)[space]):
        return False
    shape = specs[wrapped.image][0]
    if trace.stem is None or len(trace.stem) != len(shape):
        return False
    alike = all(abs(one - other) <= _BORDER for one, other in zip(trace.stem, shape, strict=True))
    if alike and not trace.may_resize:
        return False
    larger = list(shape)
    larger[space] = [side * 2 + 16 * k for k, side in enumerate(shape[space])]
    others = [*specs]
    others[wrapped.image] = (tuple(larger), specs[wrapped.image][1])
    try:
        _, calls, _ = _run_abstractly(backend, wrapped, tuple(operations(wrapped.model)), others)
    except SeewhyError:
        return False
    return _stem(calls) == trace.stem


def _may_resize(calls: Sequence[Call], frames: Sequence[Frame | None]) -> bool:
    for call, frame in zip(calls, frames, strict=True):
        if call.kind in ("Resizing", "Resize", "CenterCrop"):
            return True
        if hasattr(call.operation, "kernel"):
            return frame is None or bool(frame.doubts)
    return False


def _stem(calls: Sequence[Call]) -> tuple[int, ...] | None:
    """The shape of what comes to the first weights; None if there are none."""
    for call in calls:
        if hasattr(call.operation, "kernel") and call.inputs:
            return tuple(call.inputs[0].shape)
    return None


def reuse_traces(wrapped: WrappedModel, copy: WrappedModel) -> None:
    """Give a copy the traces of its model, if it has the same layers in the same order."""
    of_model, of_copy = operations(wrapped.model), operations(copy.model)
    if [type(operation) for operation in of_model] != [type(other) for other in of_copy]:
        return
    counterparts = {
        id(operation): other for operation, other in zip(of_model, of_copy, strict=True)
    }
    for key, trace in wrapped.traces.items():
        copy.traces[key] = _with_operations(trace, copy, counterparts)


def _with_operations(trace: Trace, wrapped: WrappedModel, new: dict[int, Any]) -> Trace:
    """The trace with operations of another model, by the identities of its own."""
    calls = {
        id(call): replace(call, operation=new.get(id(call.operation), call.operation))
        for call in trace.calls
    }
    return replace(
        trace,
        wrapped=wrapped,
        calls=tuple(calls.values()),
        places=tuple(replace(place, call=calls[id(place.call)]) for place in trace.places),
        outputs=tuple(
            replace(output, final=final_with_operations(output.final, new))
            if output.final
            else output
            for output in trace.outputs
        ),
        steps=tuple(new[id(step)] for step in trace.steps),
    )


def _trace(
    backend: ModuleType,
    wrapped: WrappedModel,
    specs: Sequence[tuple[Any, str]],
    tokens: tuple[int, ...] | None,
    output: str | int | None,
) -> Trace:
    steps = () if isinstance(wrapped.model, Split) else tuple(operations(wrapped.model))
    images, traced, outputs = _run_abstractly(backend, wrapped, steps, specs)
    described = describe_outputs(wrapped.model, traced, outputs)
    main, certain = choose_output(described, output)
    view = wrapped.view(specs[wrapped.image][0], tokens)
    spaces = [wrapped.space_range(shape) for shape, _ in specs]
    frames = follow_frames(traced, images, spaces)
    usable = layers.spatial_layers(traced, view, [leaves_of(outputs)[main]], frames)
    # the tensors of the abstract run would keep its whole graph alive
    calls = {id(call): call.without_tensors() for call in traced}
    bytes = [4 * math.prod(call.shape or ()) // view.batch for call in traced]
    return Trace(
        wrapped=wrapped,
        view=view,
        calls=tuple(calls.values()),
        places=tuple(replace(place, call=calls[id(place.call)]) for place in usable),
        outputs=described,
        steps=steps,
        main=main,
        certain=certain,
        largest=max(bytes),
        total=sum(bytes),
        beside=_branches(traced, usable, leaves_of(outputs)[main]),
        stem=_stem(traced),
        may_resize=_may_resize(traced, frames),
    )


def _run_abstractly(
    backend: ModuleType,
    wrapped: WrappedModel,
    steps: Sequence[Any],
    specs: Sequence[tuple[Any, str]],
) -> tuple[Sequence[Tensor], list[Call], Any]:
    """The inputs, the calls of all steps, and the outputs.

    Raises ModelError where the model does not run.
    """
    results: list[tuple[Sequence[Tensor], list[Call], Any]] = []

    def watch(*images: Tensor) -> None:
        if isinstance(wrapped.model, Split):
            results.append((images, *_split_parts(wrapped.model, images)))
        else:
            run = partial(wrapped.run, *images)
            results.append((images, *calls_module.trace_calls(steps, run, backend.owner_graph)))

    try:
        backend.run_abstractly(watch, wrapped.variables, specs)
    except SeewhyError:
        raise
    except Exception as error:
        raise ModelError(_why_not_run(wrapped, specs, error)) from error
    return results[-1]


def _why_not_run(wrapped: WrappedModel, specs: Sequence[tuple[Any, str]], error: Exception) -> str:
    shapes = ", ".join(str(shape) for shape, _ in specs)
    return (
        f"model {wrapped.name!r} could not be run on inputs of shape {shapes} to find its layers "
        f"({type(error).__name__}: {' '.join(str(error).split())[:300]}). TensorFlow and JAX "
        f"compile it, so that its call must not look at values (as in `if ops.any(x)`) and must "
        f"take this shape; give size=… for images of another."
    )


def _split_parts(model: Split, images: Sequence[Tensor]) -> tuple[list[Call], Any]:
    """A Split's head as the one call that there is."""
    activations, bypass = model.run_head(*images)
    call = Call(model, "activations", 0, tuple(activations.shape), (), activations)
    return [call], model.run_tail(activations, bypass)
