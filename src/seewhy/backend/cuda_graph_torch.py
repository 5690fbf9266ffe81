"""Recordings of torch passes captured as CUDA graphs, which the device replays by itself."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch.fx import GraphModule

Tensor = Any
Flat = Callable[[list[Tensor], list[Tensor]], list[Tensor]]
"""(values of variables, arrays) → results."""

WARM_UP, TIMED = 3, 5
"""Runs in front of a capture, and runs that tell which of two captures is the faster."""
ROUNDING = 5e-3
"""By how much another order of memory may change a result, in parts of the largest value: TF32
keeps ten bits."""


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

    def milliseconds(self) -> float:
        """The median time of a replay on the device."""
        times: list[float] = []
        for _ in range(TIMED):
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            self._graph.replay()
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end))
        return sorted(times)[TIMED // 2]


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


def fastest_capture(
    graph: GraphModule, values: list[Tensor], arrays: list[Tensor]
) -> Captured | None:
    """The graph captured as it is or with convolutions on channels first, whichever is faster.

    None where it cannot be captured.
    """
    captures = []
    for flat in (graph, with_channels_first(graph)):
        try:
            with _best_algorithms():
                captures.append(Captured(flat, values, arrays))
        except RuntimeError:
            torch.cuda.synchronize()
    fitting = [each for each in captures if _gives(each, graph, values, arrays)]
    return min(fitting, key=Captured.milliseconds, default=None)


def _best_algorithms() -> Any:
    """cuDNN tries its algorithms, as it pays for what is run many times."""
    if not torch.backends.cudnn.is_available():
        return nullcontext()
    about = torch.backends.cudnn
    return about.flags(
        enabled=about.enabled,
        benchmark=True,
        deterministic=about.deterministic,
        allow_tf32=about.allow_tf32,
    )


def _gives(
    captured: Captured, graph: GraphModule, values: list[Tensor], arrays: list[Tensor]
) -> bool:
    with torch.no_grad():
        wanted = graph(values, arrays)
    return all(
        _close(one, other) for one, other in zip(captured(values, arrays), wanted, strict=True)
    )


def _close(one: Tensor, other: Tensor) -> bool:
    if not one.is_floating_point() or not one.numel():
        return bool(torch.equal(one, other))
    finite = torch.isfinite(other)
    if not torch.equal(finite, torch.isfinite(one)):
        return False
    largest = float(other[finite].abs().max()) if finite.any() else 0.0
    difference = torch.where(finite, one - other, torch.zeros_like(one)).abs().max()
    return bool(float(difference) <= ROUNDING * largest)


_CONVOLUTIONS = {
    torch.ops.aten.convolution.default: (0, 1),
    torch.ops.aten.convolution_backward.default: (0, 1, 2),
}
"""Which arguments are the arrays of pictures and of weights."""


def with_channels_first(graph: GraphModule) -> GraphModule:
    """The same with the channels of convolutions' arguments in front of space in memory.

    Keras's channels come last; in float32, cuDNN is often faster with channels in front.
    """
    changed = copy.deepcopy(graph)
    for node in list(changed.graph.nodes):
        for k in _CONVOLUTIONS.get(node.target, ()):
            with changed.graph.inserting_before(node):
                ordered = changed.graph.call_method("contiguous", (node.args[k],))
            node.update_arg(k, ordered)
    changed.graph.lint()
    changed.recompile()
    return changed


def folded(graph: GraphModule) -> GraphModule:
    """The same with what depends on constants alone computed once.

    A constant that is brought to the device at each run could not be captured.
    """
    constant: dict[Any, Tensor] = {}
    for node in list(graph.graph.nodes):
        if node.op == "get_attr":
            constant[node] = getattr(graph, node.target)
        elif _folds(node, constant):
            arguments = torch.fx.node.map_arg((node.args, node.kwargs), constant.__getitem__)
            with torch.no_grad():
                value = node.target(*arguments[0], **arguments[1])
            name = f"folded_{len(constant)}"
            graph.register_buffer(name, value)
            with graph.graph.inserting_before(node):
                kept = graph.graph.get_attr(name)
            node.replace_all_uses_with(kept)
            graph.graph.erase_node(node)
            constant[kept] = value
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def _folds(node: Any, constant: dict[Any, Tensor]) -> bool:
    if node.op != "call_function" or not node.all_input_nodes:
        return False
    random = torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())
    calm = not any(map(_writes, [node, *node.users])) and not random
    single = isinstance(node.meta.get("val"), torch.Tensor)
    return calm and single and all(each in constant for each in node.all_input_nodes)


def _writes(node: Any) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is None or bool(schema.is_mutable)
