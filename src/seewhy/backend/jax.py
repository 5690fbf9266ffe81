"""JAX: pure functions, weights passed as arguments, XLA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import keras
import numpy as np

from seewhy.backend.compile_options import DEFAULT, CompileOptions
from seewhy.backend.processor import processor_name

Tensor = Any

NAME = "jax"
# A compiler specialises on shapes, so the last batch is worth filling up.
COMPILES = True
GRADIENTS = True


def version() -> str:
    return str(jax.__version__)


def device() -> str:
    """Name of the GPU or processor that passes run on."""
    device = jax.devices()[0]
    return processor_name() if device.platform == "cpu" else str(device.device_kind)


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],
    options: CompileOptions = DEFAULT,  # noqa: ARG001
) -> Callable[..., Any]:
    """The function compiled once a shape; the variables' values are read at each call."""

    def stateless(values: list[Tensor], *arrays: Any) -> Any:
        scope = keras.StatelessScope(
            list(zip(variables, values, strict=True)), initialize_variables=False
        )
        with scope:
            return function(*arrays)

    compiled = jax.jit(stateless)
    return lambda *arrays: compiled([variable.value for variable in variables], *arrays)


def value_and_pullback(
    function: Callable[[Tensor], tuple[Tensor, Any]], at: Tensor
) -> tuple[Tensor, Any, Callable[[Tensor], Tensor]]:
    """Value and auxiliary result of function(at), and value-cotangent → gradient at `at`.

    at: a tensor, or a list of them.
    """
    value, pullback, auxiliary = jax.vjp(function, at, has_aux=True)
    return value, auxiliary, lambda cotangent: pullback(cotangent)[0]


def curvature(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """The Hessian of the sum of function(at), (batch,), times `at`."""
    slope = jax.grad(lambda here: jax.numpy.sum(function(here)))
    return jax.jvp(slope, (at,), (at,))[1]


def used(function: Callable[..., Any], arrays: Sequence[Tensor]) -> list[bool]:
    """Which of the arrays the function looks at."""
    specs = [jax.ShapeDtypeStruct(array.shape, array.dtype) for array in arrays]
    program = jax.make_jaxpr(lambda *values: keras.tree.flatten(function(*values)))(*specs).jaxpr
    seen = {id(v) for step in program.eqns for v in step.invars}
    seen |= {id(v) for v in program.outvars}
    return [id(v) in seen for v in program.invars]


def runs_as_written(compiled: Callable[..., Any]) -> str | None:  # noqa: ARG001
    """Why a compiled function is no faster than it is written; None, as all are."""
    return None


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device has no memory left."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def fetch_later(tensors: Sequence[Tensor]) -> Callable[[], list[np.ndarray]]:
    """Start to bring tensors to the host; gives a function that waits for them as arrays."""
    for tensor in tensors:
        getattr(tensor, "copy_to_host_async", lambda: None)()
    return lambda: [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


def free_memory() -> int | None:
    """Free bytes of the accelerator; None on a CPU."""
    about = jax.local_devices()[0].memory_stats() or {}
    limit = about.get("bytes_limit")
    return None if limit is None else int(limit - about.get("bytes_in_use", 0))


def each(
    pullback: Callable[[Tensor], Tensor],
    weigh: Callable[[Tensor], Tensor],
    spread: Callable[[Tensor], Tensor],
    rows: Tensor,
    chunk: int,
) -> Tensor:
    """weigh(pullback(spread(row))) of each row, stacked in front; `chunk` rows at a time."""

    def one(row: Tensor) -> Tensor:
        return weigh(pullback(spread(row)))

    # a loop of one round would copy all that it gives
    whole = chunk >= len(rows)
    return jax.vmap(one)(rows) if whole else jax.lax.map(one, rows, batch_size=chunk)


def uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as it is: nothing that it refers to is made a constant."""
    return lambda *arrays: function(*jax.tree.map(jax.numpy.asarray, arrays))


def owner_graph(tensor: Tensor) -> Any:
    """What a tensor belongs to: values of a loop's body are not valid outside of it."""
    return getattr(tensor, "_trace", None)


def run_abstractly(
    function: Callable[..., Any], variables: Sequence[Any], specs: Sequence[tuple[Any, str]]
) -> None:
    """Run function(*inputs) of these shapes and types for its Python effects only."""

    def stateless(values: list[Tensor], *images: Tensor) -> None:
        scope = keras.StatelessScope(
            list(zip(variables, values, strict=True)), initialize_variables=False
        )
        with scope:
            function(*images)

    values = [variable.value for variable in variables]
    jax.eval_shape(stateless, values, *(jax.ShapeDtypeStruct(*spec) for spec in specs))
