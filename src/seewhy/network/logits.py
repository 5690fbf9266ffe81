"""Find the softmax or sigmoid that closes an output, and run the model without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.network.calls import Call, Operation, call_with

Tensor = Any

# Steps that only arrange or hand on their input, so that what stands in front of them is final.
PASS_THROUGH = frozenset(
    {"Reshape", "Flatten", "Dropout", "Identity", "Squeeze", "ExpandDims", "Cast", "Permute"}
)
# Steps that of logits make logits.
_COMBINING = frozenset({"Add", "Average", "Subtract", "Concatenate", "Stack", "Rescaling"})
ACTIVATIONS = ("softmax", "sigmoid")


@dataclass(frozen=True)
class ClosingActivation:
    """The step that turns logits into probabilities."""

    operation: Operation
    activation: str
    """"softmax" (over the last axis) or "sigmoid"."""
    fused: bool
    """Whether the step computes something else first, as a Dense layer with an activation does."""
    nth: int | None = 0
    """Which call of the operation; None for all, where a layer around it runs it step by step."""
    used: bool = False
    """Whether other steps take its probabilities, so that they must get them."""

    def logits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        """What the step gives without its activation; the step itself is not changed."""
        if not self.fused:
            return args[0]
        return call_with(self.operation, {"activation": _same}, args, kwargs)


@dataclass(frozen=True)
class JoinedActivations:
    """The closing steps of an output that is joined from several parts along its units."""

    parts: tuple[ClosingActivation, ...]
    sizes: tuple[int, ...]
    """Units of each part."""
    activation: str = "joined"

    def probabilities(self, logits: Tensor) -> Tensor:
        """Joined logits (…, units) → probabilities of the same shape, part by part."""
        from keras import ops

        ends = [sum(self.sizes[: k + 1]) for k in range(len(self.sizes) - 1)]
        split = ops.split(logits, ends, axis=-1)
        shares = [
            probabilities_of(values, part.activation)
            for values, part in zip(split, self.parts, strict=True)
        ]
        return ops.concatenate(shares, axis=-1)


Closing = ClosingActivation | JoinedActivations


def closing_parts(final: Closing | None) -> tuple[ClosingActivation, ...]:
    """All closing steps of one output."""
    if final is None:
        return ()
    return final.parts if isinstance(final, JoinedActivations) else (final,)


def find_closing(calls: Sequence[Call], output: Tensor) -> Closing | None:
    """The closing softmax or sigmoid of one output of a traced run, or those of all its parts."""
    step = _producers(calls).get(id(output))
    if step is None or step.kind != "Concatenate":
        return find_closing_activation(calls, output)
    last = getattr(step.operation, "axis", -1) in (-1, len(step.shape or ()) - 1)
    parts = [find_closing_activation(calls, tensor, [step]) for tensor in step.inputs]
    if not last or not all(part is not None and not part.used for part in parts):
        return None
    sizes = tuple(int(tensor.shape[-1]) for tensor in step.inputs)
    return JoinedActivations(tuple(part for part in parts if part is not None), sizes)


def find_closing_activation(
    calls: Sequence[Call], output: Tensor, joined_by: Sequence[Call] = ()
) -> ClosingActivation | None:
    """The closing softmax or sigmoid of one output of a traced run, or None if it has none.

    joined_by: steps that may take its probabilities, as they take logits as well.
    """
    producers = _producers(calls)
    behind = [*joined_by]
    step = producers.get(id(output))
    while step and _passes_through(step):
        behind.append(step)
        step = producers.get(id(step.inputs[0])) if step.inputs else None
    if step is None:
        return None
    operation, activation = _closing(step)
    if activation is None:
        return None
    used = _used(calls, step, behind)
    if used and len(behind) > len(joined_by):
        return None  # the arranging steps would have to run twice, on both
    fused = type(operation).__name__ != "Activation" and hasattr(operation, "activation")
    nth = step.nth if operation is step.operation else None
    return ClosingActivation(operation, activation, fused, nth, used)


def closed_by_linear_layers(calls: Sequence[Call], output: Tensor) -> bool:
    """Whether layers with weights and without activation give an output, joined or pooled at most.

    Then its values are logits or quantities, even where all happen to lie in 0..1.
    """
    producers = _producers(calls)
    waiting, known = [output], set()
    while waiting:
        value = waiting.pop()
        step = producers.get(id(value))
        if step is None:
            return False
        operation, _ = _closing(step)
        if _is_linear(operation):
            continue
        combines = step.kind in _COMBINING or "Pooling" in step.kind or _passes_through(step)
        if not combines or not step.inputs:
            return False
        waiting += [tensor for tensor in step.inputs if id(tensor) not in known]
        known |= {id(tensor) for tensor in step.inputs}
    return True


def _producers(calls: Sequence[Call]) -> dict[int, Call]:
    """The call that computed each tensor, by the tensor's id."""
    producers: dict[int, Call] = {}
    for call in calls:
        # the innermost of nested operations ends first, and is the one that computes
        producers.setdefault(id(call.output), call)
    return producers


def _is_linear(operation: Operation) -> bool:
    """Whether it has a kernel or normalises, and no activation behind; users' may do anything."""
    kind = type(operation)
    weighs = hasattr(operation, "kernel") or kind.__name__.endswith("Normalization")
    activation = getattr(operation, "activation", None)
    closes = activation is not None and _named(activation) != "linear"
    return kind.__module__.startswith("keras.") and weighs and not closes


def are_probabilities(values: Tensor) -> Tensor:
    """Whether an image's values (batch, …) all lie in 0..1; bool (batch, 1, …)."""
    from keras import ops

    axes = tuple(range(1, len(values.shape)))
    inside = ops.logical_and(values >= 0, values <= 1)
    return ops.all(inside, axis=axes, keepdims=True)


def closing_calls(calls: Sequence[Call], outputs: Sequence[Tensor]) -> set[int]:
    """ids of the calls that give the class scores: their maps would show the scores themselves."""
    closing: set[int] = set()
    for output in outputs:
        value = output
        steps = [call for call in calls if call.output is value]
        while steps:
            closing |= {id(call) for call in steps}
            first = steps[0]
            passes = _passes_through(first) or first.kind in ("Activation", "Softmax", "Sigmoid")
            if not passes or not first.inputs:
                break
            value = first.inputs[0]
            steps = [call for call in calls if call.output is value]
    return closing


def probabilities_of(logits: Tensor, activation: str | None) -> Tensor:
    """Outputs without closing activation (…, classes) → probabilities of the same shape.

    activation: the one that was left out. None means that none was found: then outputs that are
    probabilities already stay what they are, others are taken for logits.
    """
    from keras import ops

    if activation == "sigmoid" or (activation is None and logits.shape[-1] == 1):
        return ops.sigmoid(logits)
    softmax = ops.softmax(logits, axis=-1)
    if activation == "softmax":
        return softmax
    sums = ops.abs(ops.sum(logits, axis=-1, keepdims=True) - 1) < 1e-3
    ready = ops.logical_and(sums, ops.all(logits >= 0, axis=-1, keepdims=True))
    return ops.where(ready, logits, softmax)


def _passes_through(call: Call) -> bool:
    linear = call.kind == "Activation" and _named(call.operation.activation) == "linear"
    return linear or call.kind in PASS_THROUGH


def _used(calls: Sequence[Call], step: Call, behind: Sequence[Call]) -> bool:
    """Whether another step than those behind it up to the output takes its result."""
    known = {id(call) for call in behind}
    results = {id(step.output)}
    # a reshape to the same shape may hand on the very tensor
    return any(
        id(call) not in known
        and id(call.output) not in results
        and any(id(tensor) in results for tensor in call.inputs)
        for call in calls
    )


def _closing(step: Call) -> tuple[Operation, str | None]:
    """The operation that closes an output, and its activation."""
    operation, shape = step.operation, step.shape
    while type(operation).__name__ in ("TimeDistributed", "Sequential"):
        operation = operation.layer if hasattr(operation, "layer") else operation.layers[-1]
        shape = None
    return operation, _activation(operation, shape)


def _activation(operation: Operation, shape: tuple[int, ...] | None) -> str | None:
    kind = type(operation).__name__
    if kind == "Softmax":
        # over another axis than the classes' it is no head: attention, or a map of pixels
        last = (-1,) if shape is None else (-1, len(shape) - 1)
        return "softmax" if getattr(operation, "axis", -1) in last else None
    if kind == "Sigmoid":
        return "sigmoid"
    name = _named(getattr(operation, "activation", None))
    return name if name in ACTIVATIONS else None


def _named(activation: Any) -> str | None:
    """The name of a Keras activation; None for anything else, whatever it is called."""
    import keras

    for name in (*ACTIVATIONS, "linear"):
        if activation is getattr(keras.activations, name):
            return name
    kind = type(activation).__name__
    return kind.lower() if kind in ("Softmax", "Sigmoid") else None


def _same(x: Tensor) -> Tensor:
    return x
