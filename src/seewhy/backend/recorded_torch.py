"""Passes on torch recorded once a shape, and replayed as a flat list of operations.

Keras dispatches a forward pass in tens of milliseconds, whatever the device; the operations that
come of it take a few.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras
import numpy as np
import torch
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode

from seewhy.backend.compile_options import DEFAULT, CompileOptions
from seewhy.backend.cuda_graph_torch import captured
from seewhy.backend.simplified_torch import simplified
from seewhy.errors import warn

Tensor = Any

RECORD_FROM = 32
"""The how-manieth call of a shape is recorded: recording costs about as much as so many save."""
RECORD_FROM_ON_CUDA = 3
"""The same where the device waits for Python most of the time."""
MOST_SHAPES = 8
"""Recordings of one function that are kept."""
ALIKE, ALIKE_OF_TF32 = 1e-4, 5e-3
"""By how much a recording may differ from the function, in parts of the largest value."""


class Recorded:
    """A function of arrays, which is recorded when it is called often enough.

    function: (arrays …) → tensors in any structure, which sees the variables' values in a
    `StatelessScope`. variables: whose values are inputs of the recording, so that it follows a
    model that goes on learning. What looks at values in Python cannot be recorded, and runs as it
    is written; so does what does not give the same when it is replayed.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        variables: Sequence[Any],
        options: CompileOptions = DEFAULT,
    ) -> None:
        self._function, self._variables, self._options = function, variables, options
        self.refused: str | None = None
        self._known: tuple[list[Tensor], list[Tensor]] = ([], [])
        self._types: Hashable = ()
        self._calls: dict[Hashable, int] = {}
        self._recordings: dict[Hashable, Callable[..., Any] | None] = {}

    def __call__(self, *arrays: Any) -> Any:
        with torch.inference_mode(False):
            values = self._values()
            device = values[0].device if values else None
            given = keras.tree.map_structure(lambda array: tensor_of(array, device), arrays)
            key = self._key(given)
            replay = self._recordings.get(key)
            if replay is not None:
                return replay(values, given)
            result = self._run(values, given)
            self._calls[key] = self._calls.get(key, 0) + 1
            if self._is_due(key, given):
                replay = self._recordings[key] = self._record(values, given, result)
                if replay is not None and self._options.at_once:
                    return replay(values, given)
            return result

    @property
    def is_recorded(self) -> bool:
        """Whether calls of some shape are replayed."""
        return any(each is not None for each in self._recordings.values())

    def _is_due(self, key: Hashable, given: Any) -> bool:
        """Whether this call of a shape is the one that is recorded."""
        on_cuda = any(leaf.is_cuda for leaf in keras.tree.flatten(given))
        first = RECORD_FROM_ON_CUDA if on_cuda else RECORD_FROM
        if self._options.at_once or self._options.compiler:
            first = 1
        fresh = self._options.often and key not in self._recordings
        return fresh and self._calls[key] >= first and len(self._recordings) < MOST_SHAPES

    def _values(self) -> list[Tensor]:
        """Of the variables, without gradients; made anew where one lies elsewhere than before."""
        current = [variable.value for variable in self._variables]
        known, values = self._known
        # a tensor may get other memory and stay the same object, as by `.data = …` or `.to(…)`
        same = len(known) == len(current) and all(map(operator.is_, known, current))
        if not same or any(
            a.data_ptr() != b.data_ptr() for a, b in zip(known, values, strict=True)
        ):
            values = [value.detach() for value in current]
            self._known = (current, values)
            self._types = tuple((value.dtype, value.device) for value in current)
        return values

    def _key(self, given: Any) -> Hashable:
        leaves = keras.tree.flatten(given)
        return (*((leaf.shape, leaf.dtype, leaf.device) for leaf in leaves), self._types)

    def _run(self, values: Sequence[Tensor], given: Any) -> Any:
        # the caller may be in no_grad, where no gradient could be taken
        with torch.enable_grad():
            pairs = list(zip(self._variables, values, strict=True))
            with keras.StatelessScope(pairs, initialize_variables=False):
                return self._function(*given)

    def _record(
        self, values: list[Tensor], given: Any, result: Any
    ) -> Callable[[list[Tensor], Any], Any] | None:
        """The recording; None where there is none that gives the same."""
        flat = keras.tree.flatten(given)
        try:
            graph = self._graph(values, given, result)
        except Exception as error:
            # looking at values, operations without a symbolic form, a user's own code: any of
            # these runs as it is written
            self.refused = f"{type(error).__name__}: {error}".splitlines()[0]
            return None
        # the structure alone, not its tensors, is kept
        structure = keras.tree.map_structure(lambda _: 0, result)
        on_cuda = any(leaf.is_cuda for leaf in flat)

        def replayed(run: Callable[..., Any]) -> Callable[[list[Tensor], Any], Any]:
            def replay(values: list[Tensor], given: Any) -> Any:
                with torch.no_grad():
                    leaves = run(values, keras.tree.flatten(given))
                return keras.tree.pack_sequence_as(structure, leaves)

            return replay

        for make, rounding in self._ways(on_cuda):
            try:
                run = make(graph, values, flat)
                alike = _alike(replayed(run)(values, given), result, rounding)
            except Exception as error:  # operations that it does not know how to write anew
                alike, run = False, error
            if not alike and make is compiled_by_inductor:
                why = f"{run}".splitlines()[:1] if isinstance(run, Exception) else []
                warn(
                    f'compile="inductor": torch\'s compiler '
                    f"{': '.join(['failed', *why]) if why else 'gave something else'}. "
                    f"What was recorded is replayed as it is."
                )
            if alike:
                capture = captured(run, values, flat) if on_cuda else None
                return replayed(capture or run)
        self.refused = "a recording gave something else"
        return None

    def _ways(self, on_cuda: bool) -> list[tuple[Callable[..., Any], float]]:
        """What may be made of a recording, the fastest first, and by how much it may differ."""
        # TF32, which convolutions take on accelerators, keeps ten bits
        rounding = ALIKE_OF_TF32 if on_cuda else ALIKE
        ways: list[Callable[..., Any]] = [simplified, lambda graph, *_: graph]
        if self._options.compiler == "inductor":
            ways.insert(0, compiled_by_inductor)
        return [(way, rounding) for way in ways]

    def _graph(self, values: list[Tensor], given: Any, result: Any) -> GraphModule:
        """The operations of a call. Raises an error of any kind for what cannot be recorded."""
        if not all(isinstance(leaf, torch.Tensor) for leaf in keras.tree.flatten(result)):
            raise TypeError("it gives something else than tensors")

        def flattened(values: list[Tensor], flat: list[Tensor]) -> list[Tensor]:
            packed = keras.tree.pack_sequence_as(given, flat)
            return [leaf.detach() for leaf in keras.tree.flatten(self._run(values, packed))]

        with _WithoutValues():
            graph = make_fx(flattened)(values, keras.tree.flatten(given))
        if any(_shaped_by_values(node) for node in graph.graph.nodes):
            raise TypeError("shapes depend on values")
        graph.graph.eliminate_dead_code()
        graph.recompile()
        return graph


def compiled_by_inductor(
    graph: GraphModule, values: list[Tensor], arrays: list[Tensor]
) -> Callable[..., Any]:
    """The graph compiled for these shapes."""
    run: Callable[..., Any] = torch.compile(simplified(graph, values, arrays), dynamic=False)
    return run


def tensor_of(values: Any, device: Any) -> Tensor:
    """Values on a device; the host does not wait for arrays that are sent to an accelerator."""
    sent = device is not None and device.type == "cuda" and isinstance(values, np.ndarray)
    if not sent or values.dtype.name not in ("uint8", "int32", "int64", "float32"):
        return keras.ops.convert_to_tensor(values)
    pinned = torch.empty(values.shape, dtype=getattr(torch, values.dtype.name), pin_memory=True)
    if values.flags.writeable and values.flags.c_contiguous:
        pinned.copy_(torch.from_numpy(values))  # by several threads
    else:
        pinned.numpy()[...] = values
    return pinned.to(device, non_blocking=True)


class _WithoutValues(TorchFunctionMode):  # type: ignore[misc]
    """Refuses what takes values out of tensors unseen by a recording, which would keep them.

    Those that are taken one by one, as by `item`, a recording refuses by itself.
    """

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function in _TAKES_VALUES:
            raise RuntimeError(f"{function.__name__} looks at values")
        return function(*args, **(kwargs or {}))


_TAKES_VALUES = {torch.Tensor.numpy, torch.Tensor.tolist, torch.Tensor.__array__}


def _shaped_by_values(node: Any) -> bool:
    """Whether the shape of what an operation gives depends on values, as of `nonzero`."""
    return torch.Tag.dynamic_output_shape in getattr(node.target, "tags", ())


def _alike(replayed: Any, result: Any, rounding: float) -> bool:
    pairs = zip(keras.tree.flatten(replayed), keras.tree.flatten(result), strict=True)
    return all(_same(one.detach(), other.detach(), rounding) for one, other in pairs)


def _same(one: Tensor, other: Tensor, rounding: float) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if not one.is_floating_point():
        return bool(torch.equal(one, other))
    finite = torch.isfinite(other)
    largest = float(other[finite].abs().max()) if finite.any() else 0.0
    return bool(torch.allclose(one, other, rtol=0, atol=rounding * largest, equal_nan=True))
