"""PyTorch: eager, with detached weights, so that nothing but the tail is ever recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import torch

Tensor = Any
NAME = "torch"
COMPILES = False


def version() -> str:
    return str(torch.__version__)


def compile(function: Callable[..., Any], variables: Sequence[Any]) -> Callable[..., Any]:
    """The function as it is, seeing the variables' values without their `requires_grad`."""

    def detached(*arrays: Any) -> Any:
        # the caller may be in no_grad or inference_mode, where no gradient could be taken
        with torch.inference_mode(False), torch.enable_grad():
            values = [(variable, variable.value.detach()) for variable in variables]
            with keras.StatelessScope(values, initialize_variables=False):
                return function(*(keras.ops.convert_to_tensor(array) for array in arrays))

    return detached


def value_and_pullback(
    function: Callable[[Tensor], tuple[Tensor, Any]], at: Tensor
) -> tuple[Tensor, Any, Callable[[Tensor], Tensor]]:
    """Value and auxiliary result of function(at), and value-cotangent → gradient at `at`."""
    leaf = at.detach().requires_grad_()
    value, auxiliary = function(leaf)

    def pullback(cotangent: Tensor) -> Tensor:
        if not value.requires_grad:  # the value does not depend on `at`
            return torch.zeros_like(leaf)
        return torch.autograd.grad(
            value, leaf, cotangent, retain_graph=True, allow_unused=True, materialize_grads=True
        )[0]

    return value, auxiliary, pullback


def run_abstractly(
    function: Callable[..., Any], variables: Sequence[Any], shape: tuple[int, ...]
) -> None:
    """Run function(images) for its Python effects on the meta device, computing nothing."""
    with keras.device("meta"), torch.no_grad():
        values = [(variable, variable.value.to("meta")) for variable in variables]
        with keras.StatelessScope(values, initialize_variables=False):
            function(torch.empty(shape, device="meta"))
