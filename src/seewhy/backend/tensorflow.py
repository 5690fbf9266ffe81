"""TensorFlow: `tf.function` without XLA, which is slow at depthwise convolutions on CPUs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

Tensor = Any
NAME = "tensorflow"
COMPILES = True


def version() -> str:
    return str(tf.__version__)


def compile(function: Callable[..., Any], variables: Sequence[Any]) -> Callable[..., Any]:  # noqa: ARG001
    """The function compiled once a shape; a graph refers to variables and so never goes stale."""
    graph = tf.function(function, autograph=False, jit_compile=False)

    def run(*arrays: Any) -> Any:
        tensors = [tf.convert_to_tensor(array) for array in arrays]
        # not graph(…) itself, which warns of every new shape as if it were a mistake
        return graph.get_concrete_function(*tensors)(*tensors)

    return run


def value_and_pullback(
    function: Callable[[Tensor], tuple[Tensor, Any]], at: Tensor
) -> tuple[Tensor, Any, Callable[[Tensor], Tensor]]:
    """Value and auxiliary result of function(at), and value-cotangent → gradient at `at`."""
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(at)
        value, auxiliary = function(at)

    def pullback(cotangent: Tensor) -> Tensor:
        return tape.gradient(
            value, at, cotangent, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    return value, auxiliary, pullback


def run_abstractly(
    function: Callable[..., Any],
    variables: Sequence[Any],  # noqa: ARG001
    shape: tuple[int, ...],
) -> None:
    """Run function(images) for its Python effects, computing nothing."""
    graph = tf.function(function, autograph=False)
    graph.get_concrete_function(tf.TensorSpec(shape, "float32"))
