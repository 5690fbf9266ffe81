"""The biases of a network, so that what each adds to a score can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.network.calls import Operation, call_with
from seewhy.network.relu_rules import LOOPING

Tensor = Any


@dataclass(frozen=True)
class Bias:
    """One bias where the network uses it."""

    value: Tensor
    """float32, such that it can be multiplied with what it is added to."""
    shape: tuple[int, ...]
    """Of what it is added to."""
    dtype: Any
    units_first: bool
    """Whether the units stand in front of the axes of space."""

    def times(self, gradients: Tensor) -> Tensor:
        """float32 (batch, *space, units): the bias times the gradients where it is added."""
        from keras import ops

        terms = self.value * ops.cast(gradients, "float32")
        return ops.moveaxis(terms, 1, -1) if self.units_first else terms


class BiasShifts:
    """A rule for `split_at_input`: adds a shift wherever a bias is added, and keeps the biases.

    shifts: one tensor a bias, of its shape, in the order in which they are used; None for none.
    """

    def __init__(self, shifts: Sequence[Tensor] | None = None) -> None:
        self.shifts = shifts
        self.found: list[Bias] = []

    def __call__(
        self, operation: Operation, proceed: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if _value(operation) is None:
            return None
        activation = getattr(operation, "activation", None)
        if activation is None:
            return self.closing(operation, proceed(*args, **kwargs))

        def shifted(x: Tensor) -> Tensor:
            return activation(self.closing(operation, x))

        return call_with(operation, {"activation": shifted}, args, kwargs)

    def closing(self, operation: Operation, output: Tensor) -> Tensor:
        """What an operation gives in front of its activation, with the shift."""
        value = _value(operation)
        if value is None:
            return output
        rank = len(output.shape)
        first = rank > 2 and _units_first(operation)
        if len(value.shape) == 1 and first:
            value = _reshaped(value, rank, 1)
        self.found.append(Bias(value, tuple(output.shape), output.dtype, first))
        return output if self.shifts is None else output + self.shifts[len(self.found) - 1]


def _units_first(operation: Operation) -> bool:
    if getattr(operation, "data_format", None) == "channels_first":
        return True
    return type(operation).__name__ == "BatchNormalization" and operation.axis == 1


def _reshaped(value: Tensor, rank: int, axis: int) -> Tensor:
    from keras import ops

    return ops.reshape(value, [-1 if k == axis else 1 for k in range(rank)])


def _value(operation: Operation) -> Tensor | None:
    """What an operation adds to a linear function of its input; None if nothing.

    Of a batch normalisation all that does not depend on the image (its implicit bias).
    """
    import keras
    from keras import ops

    kind = type(operation).__name__
    if isinstance(operation, keras.layers.BatchNormalization):
        scale = 1 / ops.sqrt(_float(operation.moving_variance) + operation.epsilon)
        if operation.scale:
            scale = scale * _float(operation.gamma)
        value = -_float(operation.moving_mean) * scale
        return value + _float(operation.beta) if operation.center else value
    if isinstance(operation, keras.layers.Rescaling):
        return ops.convert_to_tensor(operation.offset, "float32")
    if any(word in kind for word in LOOPING):
        return None
    bias = getattr(operation, "bias", None)
    if bias is None and kind in ("LayerNormalization", "GroupNormalization"):
        bias = getattr(operation, "beta", None)
    return None if bias is None or not hasattr(bias, "shape") else _float(bias)


def _float(variable: Any) -> Tensor:
    from keras import ops

    return ops.cast(ops.convert_to_tensor(variable), "float32")
