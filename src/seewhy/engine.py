"""A model traced once, and split where its evidence is taken: at layers, and at the input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from seewhy.errors import LayerError, ModelError, SeewhyError
from seewhy.models import input_specs
from seewhy.models.wrapped_model import Subject
from seewhy.network import calls as calls_module
from seewhy.network import layers, transformer_blocks
from seewhy.network.attention import Attentions
from seewhy.network.biases import Bias, Biases
from seewhy.network.calls import Call, flat, operations
from seewhy.network.grids import Layout, View
from seewhy.network.layers import Place
from seewhy.network.outputs import Output, choose, describe
from seewhy.network.split import Rule, Split, split, whole
from seewhy.network.transformer_blocks import Stream

Tensor = Any

Attentive = Callable[[Sequence[Tensor], Tensor | None], tuple[Any, Tensor]]
Biased = Callable[[Sequence[Tensor], Sequence[Tensor] | None], tuple[Any, list[Bias]]]
SCORES = ("logits", "probabilities")
INPUT = "input"


@dataclass(frozen=True)
class Traced:
    """What was learned of a subject while it ran abstractly."""

    subject: Subject
    view: View
    calls: tuple[Call, ...]
    places: tuple[Place, ...]
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


def trace(
    backend: ModuleType,
    subject: Subject,
    specs: Sequence[tuple[Any, str]],
    tokens: tuple[int, ...] | None = None,
    output: str | int | None = None,
) -> Traced:
    """Run the model abstractly to find its calls, their grids, and its logits.

    specs: shape (batch, …) and dtype of each input. tokens: grid of token models, if it is known.
    output: the one that is asked, by name or index.
    Raises ModelError for outputs that cannot be asked.
    """
    found: dict[str, Any] = {}
    steps = () if isinstance(subject.model, Split) else tuple(operations(subject.model))

    def watch(*images: Tensor) -> None:
        if isinstance(subject.model, Split):
            found["calls"], found["outputs"] = _parts(subject.model, images)
        else:
            found["calls"], found["outputs"] = calls_module.trace(
                steps, lambda: subject.run(*images), backend.home
            )

    try:
        backend.run_abstractly(watch, subject.variables, specs)
    except SeewhyError:
        raise
    except Exception as error:
        raise ModelError(_not_run(subject, specs, error)) from error
    described = describe(subject.model, found["calls"], found["outputs"])
    main, certain = choose(described, output)
    view = subject.view(specs[subject.image][0], tokens)
    asked = flat(found["outputs"])[main]
    usable = layers.places(found["calls"], view, [asked])
    bytes = [4 * math.prod(call.shape or ()) // view.batch for call in found["calls"]]
    return Traced(
        subject=subject,
        view=view,
        calls=tuple(found["calls"]),
        places=tuple(usable),
        outputs=described,
        steps=steps,
        main=main,
        certain=certain,
        largest=max(bytes),
        total=sum(bytes),
    )


def _not_run(subject: Subject, specs: Sequence[tuple[Any, str]], error: Exception) -> str:
    shapes = ", ".join(str(shape) for shape, _ in specs)
    return (
        f"model {subject.name!r} could not be run on inputs of shape {shapes} to find its layers "
        f"({type(error).__name__}: {' '.join(str(error).split())[:300]}). TensorFlow and JAX "
        f"compile it, so that its call must not look at values (as in `if ops.any(x)`) and must "
        f"take this shape; give size=… for images of another."
    )


def _parts(model: Split, images: Sequence[Tensor]) -> tuple[list[Call], Any]:
    """A Split's head as the one call that there is."""
    activations, bypass = model.before(*images)
    call = Call(model, "activations", 0, tuple(activations.shape), (), activations)
    return [call], model.behind(activations, bypass)


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
