"""Find the softmax or sigmoid that closes a model, and run the model without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.calls import Call, Operation, call_with

Tensor = Any

# Steps that only arrange or hand on their input, so that what stands in front of them is final.
ARRANGING = frozenset(
    {"Reshape", "Flatten", "Dropout", "Identity", "Squeeze", "ExpandDims", "Cast", "Permute"}
)
ACTIVATIONS = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Final:
    """The step that turns logits into probabilities."""

    operation: Operation
    activation: str
    """"softmax" (over the last axis) or "sigmoid"."""
    fused: bool
    """Whether the step computes something else first, as a Dense layer with an activation does."""

    def logits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        """What the step gives without its activation; the step itself is not changed."""
        if not self.fused:
            return args[0]
        return call_with(self.operation, {"activation": _same}, args, kwargs)


def final_step(calls: Sequence[Call], outputs: Tensor) -> Final | None:
    """The closing softmax or sigmoid of a traced run, or None if the outputs come from none."""
    producers: dict[int, Call] = {}
    for call in calls:
        # the innermost of nested operations ends first, and is the one that computes
        producers.setdefault(id(call.output), call)
    step = producers.get(id(outputs))
    while step and _arranges(step):
        step = producers.get(id(step.inputs[0])) if step.inputs else None
    activation = _activation(step) if step else None
    if step is None or activation is None:
        return None
    fused = step.kind != "Activation" and hasattr(step.operation, "activation")
    return Final(step.operation, activation, fused)


def probabilities(logits: Tensor, activation: str | None) -> Tensor:
    """Outputs without closing activation (batch, classes) → probabilities of the same shape.

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


def _arranges(call: Call) -> bool:
    linear = call.kind == "Activation" and _named(call.operation.activation) == "linear"
    return linear or call.kind in ARRANGING


def _activation(call: Call) -> str | None:
    if call.kind == "Softmax":
        # over another axis than the classes' it is no head: attention, or a map of pixels
        axis = getattr(call.operation, "axis", -1)
        return "softmax" if call.shape and axis in (-1, len(call.shape) - 1) else None
    if call.kind == "Sigmoid":
        return "sigmoid"
    name = _named(getattr(call.operation, "activation", None))
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
