"""A traced model split where its evidence is taken: at layers, and at the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from seewhy.errors import LayerError
from seewhy.models import input_specs
from seewhy.models.wrapped_model import WrappedModel
from seewhy.network import layers, transformer_blocks
from seewhy.network.attention import AttentionRecorder
from seewhy.network.biases import Bias, BiasShifts
from seewhy.network.calls import Call
from seewhy.network.frames.frame import Frame
from seewhy.network.grids import GridLayout
from seewhy.network.logits import closing_parts
from seewhy.network.outputs import Output
from seewhy.network.split import Rule, Split, split, split_at_input
from seewhy.network.transformer_blocks import BlockStream
from seewhy.plan.trace import Trace, trace_model

Tensor = Any

AttentionRun = Callable[[Sequence[Tensor], Tensor | None], tuple[Any, Tensor]]
BiasRun = Callable[[Sequence[Tensor], Sequence[Tensor] | None], tuple[Any, list[Bias]]]
INPUT = "input"


@dataclass(frozen=True)
class Cut:
    """A model split at the target layer."""

    split: Split
    layer: Call
    layout: GridLayout
    outputs: tuple[Output, ...]
    times: int = 1
    """How often the layer is called when the model runs; 1 where the user said which call."""
    input: int | None = None
    """The input at which the model is cut, in front of all layers; None at a layer."""
    frame: Frame | None = None
    """Where the layer's cells lie in the image, as far as that could be followed."""


def layer_cuts(backend: ModuleType, traced: Trace, layer: Any) -> tuple[Cut, ...]:
    """Split at one layer, or at each of a list. Raises LayerError."""
    several = layer if isinstance(layer, list | tuple) else [layer]
    cuts = tuple(_cut_at(backend, traced, each) for each in several)
    if len({(id(cut.layer.operation), cut.layer.nth) for cut in cuts}) < len(cuts):
        names = ", ".join(cut.layer.address for cut in cuts)
        raise LayerError(f"the layers to fuse are {names}: each may be given once.")
    return cuts


def input_cut(traced: Trace, input: int, rule: Rule | None = None) -> Cut:
    """Cut in front of all layers: the activations are one of the inputs, laid out as an image.

    rule: what runs in place of operations behind it, as in `split_at_input`.
    """
    wrapped = traced.wrapped
    run = wrapped.run
    finals = [output.final for output in traced.outputs]
    parts = split_at_input(run, traced.steps, finals, input, rule)
    entry = wrapped.inputs[input]
    call = Call(None, INPUT, 0, None, (), None)
    bare = len(entry.shape) < 2
    space = () if bare else input_specs.space_axes(entry.shape, wrapped.channels_first)
    layout = GridLayout(space, units_first=wrapped.channels_first and not bare, bare=bare)
    return Cut(parts, call, layout, traced.outputs, input=input)


def attention_run(traced: Trace, by_block: bool = False) -> AttentionRun:
    """The function (inputs, shift or None) → outputs and attentions (batch, blocks, heads, tokens,
    tokens), the shift added to them; see `attention.Attentions`.

    by_block: whether the outputs are those of all blocks, (images · (1 + blocks), …); see
    `blocks.Stream`. Raises MethodError where the blocks' ends cannot be told.
    """
    wrapped = traced.wrapped
    finals = [output.final for output in traced.outputs]
    block_ends = transformer_blocks.block_ends(traced.calls) if by_block else []
    ends = [end.without_tensors() for end in block_ends]

    def run(images: Sequence[Tensor], shift: Tensor | None) -> tuple[Any, Tensor]:
        attentions = BlockStream(ends, shift) if by_block else AttentionRecorder(shift)
        parts = split_at_input(wrapped.run, traced.steps, finals, wrapped.image, attentions)
        outputs = parts.run_tail(*parts.run_head(*images))
        return outputs, attentions.stacked

    return run


def bias_run(traced: Trace) -> BiasRun:
    """The function (inputs, shifts or None) → outputs and biases, a shift added where each is."""
    wrapped = traced.wrapped
    finals = [output.final for output in traced.outputs]

    def run(images: Sequence[Tensor], shifts: Sequence[Tensor] | None) -> tuple[Any, list[Bias]]:
        biases = BiasShifts(shifts)
        parts = split_at_input(wrapped.run, traced.steps, finals, wrapped.image, biases)
        outputs = parts.run_tail(*parts.run_head(*images))
        return outputs, biases.found

    return run


def layer_cut(backend: ModuleType, wrapped: WrappedModel, layer: Any) -> Cut:
    """Trace a model with the inputs that it declares, and split it at one layer."""
    return layer_cuts(backend, trace_model(backend, wrapped, wrapped.specs()), layer)[0]


def _cut_at(backend: ModuleType, traced: Trace, layer: Any) -> Cut:
    wrapped = traced.wrapped
    if isinstance(layer, str) and layer == INPUT:
        return input_cut(traced, wrapped.image)
    place = layers.find_layer(traced.calls, traced.places, layer)
    alike = layers.calls_of_layer(traced.calls, place.call)
    if len(wrapped.images) > 1 and "#" not in str(layer):
        # of a siamese network, the call that sees the first image
        place = next(p for p in traced.places if p.call.operation is place.call.operation)
    # the tensors of the abstract run would keep its whole graph alive
    target = place.call.without_tensors()
    described = tuple(_without_closing_target(output, target) for output in traced.outputs)
    if isinstance(wrapped.model, Split):
        parts = wrapped.model
    else:
        finals = [output.final for output in described]
        parts = split(wrapped.run, traced.steps, target, finals, backend.owner_graph)
    numbered = "#" in str(layer)
    times = 1 if numbered else len(alike)
    return Cut(parts, target, place.layout, described, times, frame=place.frame)


def _without_closing_target(output: Output, target: Call) -> Output:
    """The output without a closing step that is the target itself, and so cannot be left out."""
    parts = closing_parts(output.final)
    is_target = [
        part.operation is target.operation and part.nth in (None, target.nth) for part in parts
    ]
    if not any(is_target):
        return output
    return replace(output, final=None, linear=output.linear and len(parts) == 1)
