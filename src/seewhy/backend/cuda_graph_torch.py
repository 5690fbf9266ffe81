"""Recordings of torch passes captured as CUDA graphs, which the device replays by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.fx import GraphModule

Tensor = Any
Flat = Callable[[list[Tensor], list[Tensor]], list[Tensor]]
"""(values of variables, arrays) → results."""

WARM_UP = 3
"""Runs in front of a capture."""


class Captured:
    """A flat list of operations as a CUDA graph, captured again where weights have moved.

    values, arrays: those of the first call. Raises RuntimeError for what cannot be captured, such
    as operations that wait for the device.
    """

    def __init__(self, flat: Flat, values: Sequence[Tensor], arrays: Sequence[Tensor]) -> None:
        self._flat = flat
        self._lock = threading.Lock()
        self._capture(values, arrays)

    def __call__(self, values: Sequence[Tensor], arrays: Sequence[Tensor]) -> list[Tensor]:
        with torch.no_grad(), self._lock:
            if self._places != _places(values):
                self._capture(values, arrays)
            for static, array in zip(self._arrays, arrays, strict=True):
                static.copy_(array, non_blocking=True)
            self._graph.replay()
            # the next replay writes into the same memory
            return [result.clone() for result in self._results]

    def _capture(self, values: Sequence[Tensor], arrays: Sequence[Tensor]) -> None:
        self._places = _places(values)
        self._held = list(values)
        self._arrays = [array.clone() for array in arrays]
        side, current = torch.cuda.Stream(), torch.cuda.current_stream()
        side.wait_stream(current)
        with torch.no_grad(), torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self._flat(self._held, self._arrays)
        current.wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with (
            torch.no_grad(),
            torch.cuda.graph(self._graph, pool=_pool(), capture_error_mode="thread_local"),
        ):
            self._results = self._flat(self._held, self._arrays)


def _places(values: Sequence[Tensor]) -> tuple[int, ...]:
    return tuple(value.data_ptr() for value in values)


_POOL: list[Any] = []


def _pool() -> Any:
    """Memory that all captures share: they run one after the other.

    It is gone with the last graph that uses it, so that a graph of nothing is kept.
    """
    if not _POOL:
        keeper = torch.cuda.CUDAGraph()
        with torch.cuda.graph(keeper, capture_error_mode="thread_local"):
            held = torch.zeros(1, device="cuda")
        _POOL.extend([keeper.pool(), keeper, held])
    return _POOL[0]


def captured(graph: GraphModule, values: list[Tensor], arrays: list[Tensor]) -> Captured | None:
    """The graph as a CUDA graph; None where it cannot be captured."""
    try:
        return Captured(graph, values, arrays)
    except RuntimeError:
        torch.cuda.synchronize()
        return None
