"""PyTorch: passes recorded once a shape, with detached weights as their inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from seewhy.backend.compile_options import DEFAULT, CompileOptions
from seewhy.backend.processor import processor_name
from seewhy.backend.recorded_torch import Recorded

Tensor = Any

NAME = "torch"
COMPILES = False
GRADIENTS = True


def version() -> str:
    return str(torch.__version__)


def device() -> str:
    """Name of the GPU or processor that passes run on."""
    kind = keras.ops.zeros(()).device.type
    return str(torch.cuda.get_device_name()) if kind == "cuda" else processor_name()


def compile(
    function: Callable[..., Any],
    variables: Sequence[Any],
    options: CompileOptions = DEFAULT,
) -> Callable[..., Any]:
    """The function, recorded once a shape; the variables' values are read at each call."""
    return Recorded(function, variables, options)


def uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as it is: what it refers to must not become a constant."""

    def run(*arrays: Any) -> Any:
        # the caller may be in no_grad or inference_mode, where no gradient could be taken
        with torch.inference_mode(False), torch.enable_grad():
            return function(*keras.tree.map_structure(keras.ops.convert_to_tensor, arrays))

    return run


def value_and_pullback(
    function: Callable[[Tensor], tuple[Tensor, Any]], at: Tensor
) -> tuple[Tensor, Any, Callable[[Tensor], Tensor]]:
    """Value and auxiliary result of function(at), and value-cotangent → gradient at `at`.

    at: a tensor, or a list of them.
    """
    leaf = keras.tree.map_structure(lambda tensor: tensor.detach().requires_grad_(), at)
    leaves = keras.tree.flatten(leaf)
    value, auxiliary = function(leaf)

    def pullback(cotangent: Tensor, several: bool = False) -> Tensor:
        if not value.requires_grad:  # the value does not depend on `at`
            rows = cotangent.shape[: int(several)]
            return keras.tree.map_structure(
                lambda tensor: tensor.new_zeros((*rows, *tensor.shape)), leaf
            )
        gradients = torch.autograd.grad(
            value,
            leaves,
            cotangent,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
            is_grads_batched=several,
        )
        return keras.tree.pack_sequence_as(at, gradients)

    return value, auxiliary, pullback


def curvature(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """The Hessian of the sum of function(at), (batch,), times `at`."""
    leaf = at.detach().requires_grad_()
    value = function(leaf).sum()
    if not value.requires_grad:
        return torch.zeros_like(leaf)
    (slope,) = torch.autograd.grad(
        value, leaf, create_graph=True, allow_unused=True, materialize_grads=True
    )
    if not slope.requires_grad:  # the value is linear
        return torch.zeros_like(leaf)
    return torch.autograd.grad(slope, leaf, at, allow_unused=True, materialize_grads=True)[0]


def used(function: Callable[..., Any], arrays: Sequence[Tensor]) -> list[bool]:
    """Which of the arrays the function looks at."""
    watch = _Watch()
    with watch:
        watch.note(function(*arrays))
    return [id(array) in watch.seen for array in arrays]


class _Watch(TorchDispatchMode):  # type: ignore[misc]
    """Notes which tensors any operation touches."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[int] = set()
        self.held: list[Any] = []

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.note((args, kwargs))
        return operation(*args, **(kwargs or {}))

    def note(self, values: Any) -> None:
        tensors = [leaf for leaf in keras.tree.flatten(values) if isinstance(leaf, torch.Tensor)]
        # held, since another tensor may get the identity of one that is gone
        self.held += tensors
        self.seen |= set(map(id, tensors))


def runs_as_written(compiled: Callable[..., Any]) -> str | None:
    """Why a function could not be recorded; None where it could, or was not tried yet."""
    return compiled.refused if isinstance(compiled, Recorded) else None


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device has no memory left."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def fetch_later(tensors: Sequence[Tensor]) -> Callable[[], list[np.ndarray]]:
    """Start to bring tensors to the host; gives a function that waits for them as arrays."""
    if not any(isinstance(tensor, torch.Tensor) and tensor.is_cuda for tensor in tensors):
        return lambda: [keras.ops.convert_to_numpy(tensor) for tensor in tensors]
    with torch.inference_mode(False), torch.no_grad():
        # into memory that the device writes by itself, in order with what comes after
        copies = [_on_host(tensor) for tensor in tensors]
        done = torch.cuda.Event()
        done.record()

    def fetch() -> list[np.ndarray]:
        done.synchronize()
        return [keras.ops.convert_to_numpy(copy) for copy in copies]

    return fetch


def _on_host(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    if not tensor.is_cuda:
        return tensor
    # contiguous, since a copy between two layouts waits for the device
    copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return copy.copy_(tensor.contiguous(), non_blocking=True)


def free_memory() -> int | None:
    """Free bytes of the accelerator; None on a CPU."""
    if not torch.cuda.is_available():
        return None
    kept = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()  # for what comes next
    return int(torch.cuda.mem_get_info()[0]) + int(kept)


def each(
    pullback: Callable[..., Tensor],
    weigh: Callable[[Tensor], Tensor],
    spread: Callable[[Tensor], Tensor],
    rows: Tensor,
    chunk: int,
) -> Tensor:
    """weigh(pullback(spread(row))) of each row, stacked in front; `chunk` rows at a time."""
    results = []
    for block in rows.split(chunk):
        gradients = pullback(torch.vmap(spread)(block), True)
        with torch.no_grad():
            results.append(torch.vmap(weigh)(gradients))
    return torch.cat(results)


def owner_graph(tensor: Tensor) -> Any:  # noqa: ARG001
    """What a tensor belongs to: nothing here, as loops run as they are written."""
    return None


def run_abstractly(
    function: Callable[..., Any], variables: Sequence[Any], specs: Sequence[tuple[Any, str]]
) -> None:
    """Run function(*inputs) of these shapes and types for its Python effects only."""
    try:
        _run(function, variables, specs, "meta")
    except Exception:
        # constants that live elsewhere, steps that look at values, and some of Keras's own layers
        # (upsampling) cannot be run without values: then they are run on zeros
        _run(function, variables, specs, keras.ops.zeros(()).device.type)


def _run(
    function: Callable[..., Any],
    variables: Sequence[Any],
    specs: Sequence[tuple[Any, str]],
    device: str,
) -> None:
    with keras.device(device), torch.inference_mode(False), torch.no_grad():
        values = [(variable, variable.value.to(device)) for variable in variables]
        with keras.StatelessScope(values, initialize_variables=False):
            images = [
                torch.zeros(shape, dtype=getattr(torch, dtype), device=device)
                for shape, dtype in specs
            ]
            function(*images)
