"""Keras's NumPy backend: eager, without gradients; its convolutions run on JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import keras
import numpy as np

from seewhy.backend.compile_options import DEFAULT, CompileOptions
from seewhy.backend.processor import processor_name
from seewhy.errors import MethodError

Tensor = Any

NAME = "numpy"
COMPILES = False
GRADIENTS = False


def version() -> str:
    return str(np.__version__)


def device() -> str:
    """Name of the GPU or processor that passes run on."""
    return processor_name()


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],  # noqa: ARG001
    options: CompileOptions = DEFAULT,  # noqa: ARG001
) -> Callable[..., Any]:
    """The function as it is: nothing is compiled, and variables are read as they are."""

    def stateless(*arrays: Any) -> Any:
        # layers with a memory, such as stateful RNNs, must not write it
        with keras.StatelessScope(initialize_variables=False):
            return function(*keras.tree.map_structure(keras.ops.convert_to_tensor, arrays))

    return stateless


def uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as it is."""
    return compile(function, ())


def value_and_pullback(
    function: Callable[[Tensor], tuple[Tensor, Any]],  # noqa: ARG001
    at: Tensor,  # noqa: ARG001
) -> NoReturn:
    """There are no gradients. Raises MethodError."""
    raise _no_gradients()


def curvature(function: Callable[[Tensor], Tensor], at: Tensor) -> NoReturn:  # noqa: ARG001
    """There are no gradients. Raises MethodError."""
    raise _no_gradients()


def used(function: Callable[..., Any], arrays: Sequence[Tensor]) -> list[bool]:  # noqa: ARG001
    """Which of the arrays the function looks at: any of them may be, nothing is compiled."""
    return [True] * len(arrays)


def runs_as_written(compiled: Callable[..., Any]) -> str | None:  # noqa: ARG001
    """Why a compiled function is no faster than it is written; None, as all are."""
    return None


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left."""
    # the second is JAX's word, on which the convolutions run
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def fetch_later(tensors: Sequence[Tensor]) -> Callable[[], list[np.ndarray]]:
    """Start to bring tensors to the host; gives a function that waits for them as arrays."""
    return lambda: [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


def free_memory() -> int | None:
    """None, as there is no accelerator."""
    return None


def each(
    pullback: Callable[[Tensor], Tensor],  # noqa: ARG001
    weigh: Callable[[Tensor], Tensor],  # noqa: ARG001
    spread: Callable[[Tensor], Tensor],  # noqa: ARG001
    rows: Tensor,  # noqa: ARG001
    chunk: int,  # noqa: ARG001
) -> NoReturn:
    """There are no gradients. Raises MethodError."""
    raise _no_gradients()


def owner_graph(tensor: Tensor) -> Any:  # noqa: ARG001
    """What a tensor belongs to: nothing here, as loops run as they are written."""
    return None


def run_abstractly(
    function: Callable[..., Any],
    variables: Sequence[Any],
    specs: Sequence[tuple[Any, str]],
) -> None:
    """Run function(*inputs) for its Python effects, on zeros of these shapes and types."""
    compile(function, variables)(*(np.zeros(shape, dtype) for shape, dtype in specs))


def _no_gradients() -> MethodError:
    return MethodError(
        "gradients are asked for, and Keras's numpy backend gives none. "
        "Set KERAS_BACKEND to tensorflow, jax or torch before Keras is imported."
    )
