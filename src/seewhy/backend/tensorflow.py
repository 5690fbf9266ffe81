"""TensorFlow: `tf.function` without XLA, which is slow at depthwise convolutions on CPUs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seewhy.backend.compile_options import DEFAULT, CompileOptions
from seewhy.backend.processor import processor_name

Tensor = Any

NAME = "tensorflow"
COMPILES = True
GRADIENTS = True


def version() -> str:
    return str(tf.__version__)


def device() -> str:
    """Name of the GPU or processor that passes run on."""
    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return processor_name()
    details = tf.config.experimental.get_device_details(devices[0])
    return str(details.get("device_name", "GPU"))


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],  # noqa: ARG001
    options: CompileOptions = DEFAULT,  # noqa: ARG001
) -> Callable[..., Any]:
    """The function compiled once a shape; a graph refers to variables and so never goes stale."""

    def stateless(*arrays: Any) -> Any:
        # layers with a memory, such as stateful RNNs, must not write it
        with keras.StatelessScope(initialize_variables=False):
            return function(*arrays)

    graph = tf.function(stateless, autograph=False, jit_compile=False)

    def run(*arrays: Any) -> Any:
        tensors = tf.nest.map_structure(tf.convert_to_tensor, arrays)
        # not graph(…) itself, which warns of every new shape as if it were a mistake
        return graph.get_concrete_function(*tensors)(*tensors)

    return run


def uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as it is."""
    return lambda *arrays: function(*tf.nest.map_structure(tf.convert_to_tensor, arrays))


def value_and_pullback(
    function: Callable[[Tensor], tuple[Tensor, Any]], at: Tensor
) -> tuple[Tensor, Any, Callable[[Tensor], Tensor]]:
    """Value and auxiliary result of function(at), and value-cotangent → gradient at `at`.

    at: a tensor, or a list of them.
    """
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(at)
        value, auxiliary = function(at)

    def pullback(cotangent: Tensor) -> Tensor:
        return tape.gradient(
            value, at, cotangent, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    return value, auxiliary, pullback


def curvature(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """The Hessian of the sum of function(at), (batch,), times `at`."""
    zero = tf.UnconnectedGradients.ZERO
    with tf.GradientTape(watch_accessed_variables=False) as outer:
        outer.watch(at)
        with tf.GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(at)
            value = function(at)
        slope = inner.gradient(value, at, unconnected_gradients=zero)
    # a Hessian is symmetric, so pulling back is as good as pushing forward
    return outer.gradient(slope, at, tf.stop_gradient(at), unconnected_gradients=zero)


def used(function: Callable[..., Any], arrays: Sequence[Tensor]) -> list[bool]:
    """Which of the arrays the function looks at; to be called while a graph is built."""
    copies = [tf.identity(array) for array in arrays]
    function(*copies)
    return [bool(copy.consumers()) for copy in copies]


def runs_as_written(compiled: Callable[..., Any]) -> str | None:  # noqa: ARG001
    """Why a compiled function is no faster than it is written; None, as all are."""
    return None


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device has no memory left."""
    return isinstance(error, MemoryError | tf.errors.ResourceExhaustedError)


def fetch_later(tensors: Sequence[Tensor]) -> Callable[[], list[np.ndarray]]:
    """Start to bring tensors to the host; gives a function that waits for them as arrays."""
    return lambda: [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


def free_memory() -> int | None:
    """Free bytes of the accelerator; None on a CPU, and where TensorFlow does not say."""
    return None


def each(
    pullback: Callable[[Tensor], Tensor],
    weigh: Callable[[Tensor], Tensor],
    spread: Callable[[Tensor], Tensor],
    rows: Tensor,
    chunk: int,
) -> Tensor:
    """weigh(pullback(spread(row))) of each row, stacked in front; `chunk` rows at a time."""
    count = rows.shape[0]
    filled = tf.pad(rows, [[0, -count % chunk], [0, 0]])
    blocks = tf.reshape(filled, (-1, chunk, rows.shape[1]))

    def some(block: Tensor) -> Tensor:
        return tf.vectorized_map(lambda row: weigh(pullback(spread(row))), block)

    results = tf.map_fn(some, blocks, parallel_iterations=1, fn_output_signature=tf.float32)
    return tf.reshape(results, tf.concat([[-1], tf.shape(results)[2:]], axis=0))[:count]


def owner_graph(tensor: Tensor) -> Any:
    """What a tensor belongs to: values of a loop's body are not valid outside of it."""
    return None if tf.executing_eagerly() else getattr(tensor, "graph", None)


def run_abstractly(
    function: Callable[..., Any],
    variables: Sequence[Any],  # noqa: ARG001
    specs: Sequence[tuple[Any, str]],
) -> None:
    """Run function(*inputs) of these shapes and types for its Python effects only."""

    def stateless(*arrays: Any) -> None:
        with keras.StatelessScope(initialize_variables=False):
            function(*arrays)

    graph = tf.function(stateless, autograph=False)
    graph.get_concrete_function(*(tf.TensorSpec(*spec) for spec in specs))
