"""What an explainer has found out about its model before any image is explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from seewhy.backend.compile_options import CompileOptions
from seewhy.errors import LayerError, MethodError
from seewhy.images.geometry import Extent
from seewhy.methods.needs import NEEDS, rules_among
from seewhy.methods.registry import Method
from seewhy.models import detect_preprocess
from seewhy.models.input_specs import Shape
from seewhy.models.wrapped_model import WrappedModel
from seewhy.network.attention import is_attention
from seewhy.network.outputs import Output
from seewhy.network.relu_rules import RULES, relu_ceiling
from seewhy.network.split import Split
from seewhy.plan import cuts as cuts_module
from seewhy.plan.cuts import INPUT, AttentionRun, BiasRun, Cut, input_cut
from seewhy.plan.evidence_sources import EvidenceSources
from seewhy.plan.placement import check_alike, extents, placed
from seewhy.plan.trace import Trace, trace_model
from seewhy.targets import labels as labels_module
from seewhy.targets.labels import Labels, labels_of_model
from seewhy.targets.question import Context


@dataclass(frozen=True)
class PlanOptions:
    """What the user said of the model beside the model itself."""

    layer: Any
    labels: Any
    output: str | int | None
    grid: tuple[int, ...] | None
    scores: str


@dataclass(frozen=True)
class Plan:
    """A model with its split at each target layer, and the output that is asked."""

    wrapped: WrappedModel
    cuts: tuple[Cut, ...]
    context: Context
    shown: int
    """The input that maps are laid over."""
    notes: tuple[str, ...]
    """Warnings that hold for every image."""
    input_cuts: dict[str, Cut]
    """Cuts at the input, by the rules behind them."""
    largest: int
    total: int
    """Bytes of the largest and of all activations of one image."""

    attention_run: AttentionRun | None = None
    """Runs the model on explicit attention; None for methods that need none."""
    block_run: AttentionRun | None = None
    """The same with the outputs of all blocks."""
    bias_run: BiasRun | None = None
    """Runs the model with shifts added to its biases; None for methods that need none."""

    def sources(self, k: int) -> EvidenceSources:
        """Where evidence is taken for the k-th target layer."""
        runs = self.attention_run, self.block_run, self.bias_run
        return EvidenceSources(self.cuts[k], self.input_cuts, *runs)

    @property
    def extents(self) -> tuple[Extent, ...]:
        """Where maps lie in the image as the model was traced; () for all of it."""
        return extents(self.cuts[0].frame)

    @property
    def layer(self) -> str:
        return " + ".join(cut.layer.address for cut in self.cuts)

    @property
    def labels(self) -> Labels:
        return self.context.labels


def make_plan(
    backend: ModuleType,
    wrapped: WrappedModel,
    options: PlanOptions,
    specs: Sequence[tuple[Shape, str]],
    method: Method,
) -> Plan:
    """Run the model abstractly for inputs of these shapes and types, and choose where to cut.

    Raises LayerError, ModelError, TargetError or LabelsError for options that cannot be had.
    """
    traced = trace_model(backend, wrapped, specs, options.grid, options.output)
    main = traced.main
    layer = options.layer if method.at_layer else INPUT
    cuts = cuts_module.layer_cuts(backend, traced, layer)
    input_cuts = _input_cuts(traced, method)
    labels = class_names(wrapped, options.labels, traced.outputs[main])
    context = Context(labels, traced.outputs, main, options.scores)
    seen = [_seen_inputs(backend, wrapped, cut, specs) for cut in cuts]
    if len(set(map(tuple, seen))) > 1:
        raise LayerError(_notes_of_several_inputs(wrapped, cuts, seen))
    placements = [placed(backend, wrapped, cut, specs, seen[0][0]) for cut in cuts]
    cuts = tuple(cut for cut, _ in placements)
    check_alike(cuts)
    notes = [
        *(note for _, notes in placements for note in notes),
        *_notes_of_output(context, traced.certain),
        *_notes_of_calls(cuts, options),
        *_notes_of_method(traced, options, method, input_cuts),
        *_notes_of_inputs(wrapped, seen[0]),
        *(_notes_of_branches(traced, cuts[0]) if method.at_layer and options.layer is None else ()),
    ]
    return Plan(
        wrapped=wrapped,
        cuts=cuts,
        context=context,
        shown=seen[0][0],
        notes=tuple(notes),
        input_cuts=input_cuts,
        largest=traced.largest,
        total=traced.total,
        attention_run=_attention_runs(traced, cuts, method, "attention"),
        block_run=_attention_runs(traced, cuts, method, "blocks"),
        bias_run=cuts_module.bias_run(traced) if "biases" in rules_among(method.needs) else None,
    )


def _notes_of_method(
    traced: Trace, options: PlanOptions, method: Method, input_cuts: Mapping[str, Cut]
) -> Iterator[str]:
    if options.layer is not None and not method.at_layer:
        yield (
            f"layer-ignored: {method.name} explains at the input, whatever the layer; "
            f"{options.layer!r} plays no part."
        )
    if any(RULES[name] for name in input_cuts) and not any(map(relu_ceiling, traced.steps)):
        yield (
            f"no-relu: the model has no ReLU that {method.name} could act on, so that it shows "
            f"the plain gradient."
        )


def _notes_of_inputs(wrapped: WrappedModel, seen: Sequence[int]) -> Iterator[str]:
    if len(seen) > 1:
        names = " and ".join(repr(wrapped.inputs[k].name) for k in seen)
        yield f"several-inputs: the layer sees the inputs {names}; the map is laid over the first."


def _attention_runs(
    traced: Trace, cuts: Sequence[Cut], method: Method, rule: str
) -> AttentionRun | None:
    """Raises MethodError where attention cannot be followed."""
    if rule not in rules_among(method.needs):
        return None
    if not any(map(is_attention, traced.steps)) or not all(cut.layout.tokens for cut in cuts):
        raise MethodError(
            f"{method.name} follows attention between tokens, and {traced.wrapped.name!r} has no "
            f"MultiHeadAttention with tokens on a grid. Take grad_cam."
        )
    return cuts_module.attention_run(traced, by_block=rule == "blocks")


def _input_cuts(traced: Trace, method: Method) -> dict[str, Cut]:
    """Cuts at the input, as far as the method needs them. Raises MethodError."""
    names = {NEEDS[need].where[0] for need in method.needs} - {"layer"}
    if not names:
        return {}
    wrapped = traced.wrapped
    entry = wrapped.inputs[wrapped.image]
    if method.differentiates and not entry.dtype.startswith(("float", "bfloat")):
        raise MethodError(
            f"{method.name} needs gradients at the input {entry.name!r}, whose values are "
            f"{entry.dtype}, not real numbers. Take a method at a layer, such as grad_cam."
        )
    return {name: input_cut(traced, wrapped.image, RULES[name]) for name in sorted(names)}


def _notes_of_several_inputs(
    wrapped: WrappedModel, cuts: Sequence[Cut], seen: Sequence[Sequence[int]]
) -> str:
    parts = [
        f"{cut.layer.address!r} sees {' and '.join(wrapped.inputs[k].name for k in inputs)}"
        for cut, inputs in zip(cuts, seen, strict=True)
    ]
    return (
        f"layers that see different inputs cannot be fused into one map: {', '.join(parts)}. "
        f"Choose layers of one input, or explain each on its own."
    )


def _notes_of_branches(traced: Trace, cut: Cut) -> Iterator[str]:
    """Which part of an ensemble, or of a model with a branch for each input, was explained."""
    if not traced.beside:
        return
    chosen = cut.layer.address
    others = [place.call.address for place in traced.beside]
    listed = ", ".join(map(repr, others))
    input = cut.frame.input if cut.frame else 0
    same = all(place.frame is None or place.frame.input == input for place in traced.beside)
    mend = (
        f"Give layer={[*others, chosen]} for all of them"
        if same
        else f"Explain the others on their own, as with layer={others[0]!r}"
    )
    yield (
        f"part-explained: several branches lead to the output; {chosen!r} was explained, and what "
        f"comes through {listed} plays no part in the map. {mend}."
    )


def _notes_of_output(context: Context, certain: bool) -> list[str]:
    if certain:
        return []
    names = ", ".join(repr(output.name) for output in context.outputs)
    return [
        f"output-chosen: the model has the outputs {names}; {context.output.name!r} is asked. "
        f"Choose with output=… (--model-output), or ask targets.output(name, …)."
    ]


def _notes_of_calls(cuts: Sequence[Cut], options: PlanOptions) -> list[str]:
    given = options.layer if isinstance(options.layer, list | tuple) else [options.layer]
    chosen = {layer for layer in given if isinstance(layer, str) and "#" in layer}
    return [
        f"several-calls: layer {cut.layer.path!r} is called {cut.times} times; call "
        f"{cut.layer.nth + 1} is explained. Give {cut.layer.path + '#'!r} and a number for another."
        for cut in cuts
        if cut.times > 1 and not any(cut.layer.address.endswith(layer) for layer in chosen)
    ]


def _seen_inputs(
    backend: ModuleType, wrapped: WrappedModel, cut: Cut, specs: Sequence[tuple[Shape, str]]
) -> list[int]:
    """The images that the target layer sees."""
    candidates = wrapped.images
    if cut.input is not None:
        return [cut.input]
    if len(candidates) == 1:
        return candidates
    from keras import ops

    random = np.random.default_rng(0)
    inputs = [random.uniform(0, 1, shape).astype(dtype) for shape, dtype in specs]
    head = backend.compile(
        lambda images: cut.split.run_head(*images)[0],
        wrapped.variables,
        CompileOptions(often=False),
    )
    usual = ops.convert_to_numpy(head(inputs))
    seen = []
    for k in candidates:
        changed = [array if at != k else 1 - array for at, array in enumerate(inputs)]
        if not np.array_equal(ops.convert_to_numpy(head(changed)), usual):
            seen.append(k)
    return seen or candidates[:1]


def class_names(wrapped: WrappedModel, names: Any, output: Output) -> Labels:
    """Names of the classes of the model's main output: as given, ImageNet's, or numbers.

    One name for a single unit is that of its positive side.
    """
    count = output.classes
    is_model = not isinstance(wrapped.model, Split)
    imagenet = is_model and count == 1000 and names is None
    if imagenet and (wrapped.preset or detect_preprocess.detect_architecture(wrapped.model)):
        return labels_module.imagenet_labels()
    if output.binary and isinstance(names, list | tuple) and len(names) == 1:
        names = [f"not {names[0]}", str(names[0])]
    return labels_of_model(names, count)
