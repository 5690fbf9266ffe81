"""Rules that run in the place of ReLUs: guided backpropagation and deconvolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seewhy.network.calls import Operation, call_with

Tensor = Any

# Layers that run their activation within a loop of their own, and so cannot do without it.
LOOPING = ("LSTM", "GRU", "RNN", "Cell", "Attention")


def relu_ceiling(operation: Operation) -> float | None:
    """Where a ReLU levels off (infinity for most, 6 for ReLU6); None for what is no ReLU."""
    import keras

    kind = type(operation).__name__
    if kind in ("Relu", "Relu6"):  # operations of functional models
        return 6.0 if kind == "Relu6" else float("inf")
    if isinstance(operation, keras.layers.ReLU):
        plain = not operation.negative_slope and not operation.threshold
        most = operation.max_value
        return (float("inf") if most is None else float(most)) if plain else None
    if any(word in kind for word in LOOPING):
        return None
    activation = getattr(operation, "activation", None)
    if activation is keras.activations.relu:
        return float("inf")
    return 6.0 if activation is keras.activations.relu6 else None


def relu_rule(gated: bool) -> Callable[..., Any]:
    """What `split_at_input` runs in place of ReLUs: they pass back positive gradients only.

    gated: whether they also pass back only where the ReLU itself was open (guided
    backpropagation); without it they are those of a deconvolution.
    """

    def run(operation: Operation, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        most = relu_ceiling(operation)
        if most is None:
            return None
        fused = hasattr(operation, "activation") and type(operation).__name__ != "Activation"
        at = call_with(operation, {"activation": _same}, args, kwargs) if fused else args[0]
        return _rectified(at, most, gated)

    return run


RULES: dict[str, Callable[..., Any] | None] = {
    "images": None,
    "guided": relu_rule(gated=True),
    "deconv": relu_rule(gated=False),
}


def _rectified(at: Tensor, most: float, gated: bool) -> Tensor:
    from keras import ops

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def step(x: Tensor) -> tuple[Tensor, Callable[..., Tensor]]:
        def back(*arguments: Tensor, upstream: Tensor | None = None) -> Tensor:
            gradients = ops.relu(arguments[0] if upstream is None else upstream)
            if not gated:
                return gradients
            is_open = ops.logical_and(x > 0, x < most)
            return ops.where(is_open, gradients, ops.zeros_like(gradients))

        return ops.clip(x, 0, most), back

    return step(at)


def _same(x: Tensor) -> Tensor:
    return x
