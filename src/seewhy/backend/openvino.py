"""OpenVINO: whole functions as its graphs, on CPUs, without gradients."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import keras
import numpy as np
import openvino

from seewhy.backend.compile_options import DEFAULT, CompileOptions
from seewhy.backend.processor import processor_name
from seewhy.errors import MethodError

Tensor = Any

NAME = "openvino"
# A graph is made for each shape, so the last batch is worth filling up.
COMPILES = True
GRADIENTS = False


def version() -> str:
    return str(openvino.__version__)


def device() -> str:
    """Name of the GPU or processor that passes run on."""
    return processor_name()


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],
    options: CompileOptions = DEFAULT,  # noqa: ARG001
) -> Callable[..., Any]:
    """The function as one graph a shape, made again when a variable has got another value.

    Raises MethodError where Keras's openvino backend has no such step.
    """
    graphs: dict[Any, _Graph | None] = {}
    held: list[Any] = []
    lock = threading.Lock()

    def run(*structure: Any) -> Any:
        inputs = _arrays(structure)
        key = (_form(structure), *((array.shape, array.dtype.name) for array in inputs))
        with lock:
            # values are constants of a graph, and assigning puts another tensor in their place
            now = [variable.value for variable in variables]
            if len(held) != len(now) or any(a is not b for a, b in zip(held, now, strict=True)):
                graphs.clear()
                held[:] = now
            if key not in graphs:
                graphs[key] = _traced(function, structure, inputs)
            graph = graphs[key]
        # without one, the function looks at values
        return uncompiled(function)(*structure) if graph is None else graph(inputs)

    return run


def uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a graph of its own for each call, which holds the arrays as constants."""
    return lambda *structure: _Graph(function, structure, _arrays(structure), False)(())


def value_and_pullback(
    function: Callable[[Tensor], tuple[Tensor, Any]],  # noqa: ARG001
    at: Tensor,  # noqa: ARG001
) -> NoReturn:
    """There are no gradients. Raises MethodError."""
    raise _no_gradients()


def curvature(function: Callable[[Tensor], Tensor], at: Tensor) -> NoReturn:  # noqa: ARG001
    """There are no gradients. Raises MethodError."""
    raise _no_gradients()


def used(function: Callable[..., Any], arrays: Sequence[Tensor]) -> list[bool]:
    """Which of the arrays the function looks at."""
    places = [
        _parameter(tuple(array.shape), keras.backend.standardize_dtype(array.dtype))
        for array in arrays
    ]
    try:
        # held, since a place does not hold what looks at it
        results = function(*(tensor for _, tensor in places))
    except RuntimeError:  # it looks at values
        return [True] * len(places)
    is_used = [bool(tensor.output.get_target_inputs()) for _, tensor in places]
    del results
    return is_used


def runs_as_written(compiled: Callable[..., Any]) -> str | None:  # noqa: ARG001
    """Why a compiled function is no faster than it is written; None, as all are."""
    return None


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is no memory left."""
    words = ("bad_alloc", "bad allocation", "out of memory")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


def fetch_later(tensors: Sequence[Tensor]) -> Callable[[], list[np.ndarray]]:
    """Start to bring tensors to the host; gives a function that waits for them as arrays."""
    return lambda: [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


def free_memory() -> int | None:
    """None, as Keras uses OpenVINO on CPUs only."""
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
    """What a tensor belongs to: nothing that OpenVINO's graphs would tell."""
    return None


def run_abstractly(
    function: Callable[..., Any],
    variables: Sequence[Any],  # noqa: ARG001
    specs: Sequence[tuple[Any, str]],
) -> None:
    """Run function(*inputs) of these shapes and types for its Python effects only."""
    with keras.StatelessScope(initialize_variables=False):
        try:
            function(*(_parameter(shape, dtype)[1] for shape, dtype in specs))
        except RuntimeError:
            # steps that look at values need some
            function(*(keras.ops.zeros(shape, dtype) for shape, dtype in specs))


class _Graph:
    """A function for arrays of one form and shape.

    open: whether it has places for the arrays, rather than these arrays as constants.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        structure: Any,
        arrays: Sequence[np.ndarray],
        open: bool,
    ) -> None:
        places = [_parameter(each.shape, each.dtype.name) for each in arrays] if open else []
        tensors = [each for _, each in places] or map(keras.ops.convert_to_tensor, arrays)
        # layers with a memory, such as stateful RNNs, must not write it
        with keras.StatelessScope(initialize_variables=False):
            results = function(*keras.tree.pack_sequence_as(structure, list(tensors)))
            flat = [keras.ops.convert_to_tensor(each) for each in keras.tree.flatten(results)]
        self.form = keras.tree.map_structure(lambda _: 0, results)
        self.dtypes = [keras.backend.standardize_dtype(each.dtype) for each in flat]
        outputs = [keras.ops.cast(each, _numpy_dtype(each.dtype)).output for each in flat]
        model = openvino.Model(outputs, [node for node, _ in places])
        # by default it computes in half precision where the processor has it
        self.compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def __call__(self, arrays: Sequence[np.ndarray]) -> Any:
        # a request of its own, since several threads may ask
        results = self.compiled.create_infer_request().infer(
            [each.astype(_numpy_dtype(each.dtype), copy=False) for each in arrays]
        )
        tensors = [
            keras.ops.convert_to_tensor(each, dtype)
            for each, dtype in zip(results.to_tuple(), self.dtypes, strict=True)
        ]
        return keras.tree.pack_sequence_as(self.form, tensors)


def _traced(
    function: Callable[..., Any], structure: Any, arrays: Sequence[np.ndarray]
) -> _Graph | None:
    """None for a function that looks at values."""
    try:
        return _Graph(function, structure, arrays, True)
    except NotImplementedError as error:
        raise MethodError(
            f"Keras's openvino backend lacks a step of this method or model: {error}. Take another "
            f"method, or another backend with KERAS_BACKEND."
        ) from error
    except RuntimeError:
        return None


def _parameter(shape: tuple[int, ...], dtype: str) -> tuple[Any, Tensor]:
    """A place in a graph for an array, and the tensor that it gives."""
    kind = openvino.Type(np.dtype(_numpy_dtype(dtype)))
    node = openvino.op.Parameter(kind, openvino.PartialShape(list(shape)))
    tensor = keras.ops.convert_to_tensor(node.output(0))
    return node, tensor if _numpy_dtype(dtype) == dtype else keras.ops.cast(tensor, dtype)


def _numpy_dtype(dtype: Any) -> str:
    """The dtype in which values come and go: NumPy does not know bfloat16."""
    name = keras.backend.standardize_dtype(dtype)
    return "float32" if name == "bfloat16" else name


def _arrays(structure: Any) -> list[np.ndarray]:
    flat = keras.tree.flatten(structure)
    return [np.asarray(keras.ops.convert_to_numpy(tensor), order="C") for tensor in flat]


def _form(structure: Any) -> str:
    return repr(keras.tree.map_structure(lambda _: 0, structure))


def _no_gradients() -> MethodError:
    return MethodError(
        "gradients are asked for, and Keras's openvino backend gives none. "
        "Set KERAS_BACKEND to tensorflow, jax or torch before Keras is imported."
    )
