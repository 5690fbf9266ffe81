"""A traced model split where its evidence is taken: at layers, and at the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from seewhy.errors import LayerError
from seewhy.models import input_specs
from seewhy.models.wrapped_model import Subject
from seewhy.network import layers, transformer_blocks
from seewhy.network.attention import Attentions
from seewhy.network.biases import Bias, Biases
from seewhy.network.calls import Call
from seewhy.network.grids import Layout
from seewhy.network.outputs import Output
from seewhy.network.split import Rule, Split, split, whole
from seewhy.network.transformer_blocks import Stream
from seewhy.plan.trace import Traced, trace

Tensor = Any

Attentive = Callable[[Sequence[Tensor], Tensor | None], tuple[Any, Tensor]]
Biased = Callable[[Sequence[Tensor], Sequence[Tensor] | None], tuple[Any, list[Bias]]]
SCORES = ("logits", "probabilities")
INPUT = "input"


@dataclass(frozen=True)
class Cut:
    """A subject split at the target layer."""

    split: Split
    layer: Call
    layout: Layout
    outputs: tuple[Output, ...]
    times: int = 1
    """How often the layer is called when the model runs; 1 where the user said which call."""
    input: int | None = None
    """The input at which the model is cut, in front of all layers; None at a layer."""


def cuts(backend: ModuleType, traced: Traced, wanted: Any) -> tuple[Cut, ...]:
    """Split at one layer, or at each of a list. Raises LayerError."""
    several = wanted if isinstance(wanted, list | tuple) else [wanted]
    found = tuple(_cut(backend, traced, one) for one in several)
    if len({(id(cut.layer.operation), cut.layer.nth) for cut in found}) < len(found):
        names = ", ".join(cut.layer.address for cut in found)
        raise LayerError(f"the layers to fuse are {names}: each may be given once.")
    return found


def inlet(traced: Traced, input: int, rule: Rule | None = None) -> Cut:
    """Cut in front of all layers: the activations are one of the inputs, laid out as an image.

    rule: what runs in place of operations behind it, as in `split.whole`.
    """
    subject = traced.subject
    run = subject.run
    finals = [output.final for output in traced.outputs]
    parts = whole(run, traced.steps, finals, input, rule)
    entry = subject.entries[input]
    call = Call(None, INPUT, 0, None, (), None)
    bare = len(entry.shape) < 2
    space = () if bare else input_specs.space(entry.shape, subject.channels_first)
    layout = Layout(space, units_first=subject.channels_first and not bare, bare=bare)
    return Cut(parts, call, layout, traced.outputs, input=input)


def attentive(traced: Traced, by_block: bool = False) -> Attentive:
    """The function (inputs, shift or None) → outputs and attentions (batch, blocks, heads, tokens,
    tokens), the shift added to them; see `attention.Attentions`.

    by_block: whether the outputs are those of all blocks, (images · (1 + blocks), …); see
    `blocks.Stream`. Raises MethodError where the blocks' ends cannot be told.
    """
    subject = traced.subject
    finals = [output.final for output in traced.outputs]
    found = transformer_blocks.ends(traced.calls) if by_block else []
    ends = [replace(end, inputs=(), output=None) for end in found]

    def run(images: Sequence[Tensor], shift: Tensor | None) -> tuple[Any, Tensor]:
        attentions = Stream(ends, shift) if by_block else Attentions(shift)
        parts = whole(subject.run, traced.steps, finals, subject.image, attentions)
        outputs = parts.behind(*parts.before(*images))
        return outputs, attentions.stacked

    return run


def biased(traced: Traced) -> Biased:
    """The function (inputs, shifts or None) → outputs and biases, a shift added where each is."""
    subject = traced.subject
    finals = [output.final for output in traced.outputs]

    def run(images: Sequence[Tensor], shifts: Sequence[Tensor] | None) -> tuple[Any, list[Bias]]:
        biases = Biases(shifts)
        parts = whole(subject.run, traced.steps, finals, subject.image, biases)
        outputs = parts.behind(*parts.before(*images))
        return outputs, biases.found

    return run


def cut(backend: ModuleType, subject: Subject, layer: Any) -> Cut:
    """Trace a subject with the inputs that it declares, and split it at one layer."""
    return cuts(backend, trace(backend, subject, subject.specs()), layer)[0]


def _cut(backend: ModuleType, traced: Traced, wanted: Any) -> Cut:
    subject = traced.subject
    if isinstance(wanted, str) and wanted == INPUT:
        return inlet(traced, subject.image)
    place = layers.find(traced.calls, traced.places, wanted)
    alike = layers.others(traced.calls, place.call)
    if len(subject.images) > 1 and "#" not in str(wanted):
        # of a siamese network, the call that sees the first image
        place = next(p for p in traced.places if p.call.operation is place.call.operation)
    # the tensors of the abstract run would keep its whole graph alive
    target = replace(place.call, inputs=(), output=None)
    described = tuple(_without(output, target) for output in traced.outputs)
    if isinstance(subject.model, Split):
        parts = subject.model
    else:
        finals = [output.final for output in described]
        parts = split(subject.run, traced.steps, target, finals, backend.home)
    numbered = "#" in str(wanted)
    return Cut(parts, target, place.layout, described, 1 if numbered else len(alike))


def _without(output: Output, target: Call) -> Output:
    """The output without a closing step that is the target itself, and so cannot be left out."""
    final = output.final
    is_target = final and final.operation is target.operation and final.nth in (None, target.nth)
    return replace(output, final=None) if is_target else output
