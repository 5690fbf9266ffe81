"""Passes on torch recorded once a shape, and replayed as a flat list of operations.

Keras dispatches a forward pass in tens of milliseconds, whatever the device; the operations that
come of it take a few.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras
import torch
from torch.fx.experimental.proxy_tensor import make_fx

Tensor = Any

RECORD_FROM = 32
"""The how-manieth call of a shape is recorded: recording costs about as much as so many save."""
MOST_SHAPES = 8
"""Recordings of one function that are kept."""
ALIKE = 1e-4
"""By how much a recording may differ from the function, in parts of the largest value."""


class Recorded:
    """A function of arrays, which is recorded when it is called often enough.

    function: (arrays …) → tensors in any structure, which sees the variables' values in a
    `StatelessScope`. variables: whose values are inputs of the recording, so that it follows a
    model that goes on learning. What looks at values in Python cannot be recorded, and runs as it
    is written; so does what does not give the same when it is replayed.
    """

    def __init__(self, function: Callable[..., Any], variables: Sequence[Any]) -> None:
        self._function, self._variables = function, variables
        self._calls: dict[Hashable, int] = {}
        self._recordings: dict[Hashable, Callable[..., Any] | None] = {}

    def __call__(self, *arrays: Any) -> Any:
        with torch.inference_mode(False):
            given = keras.tree.map_structure(keras.ops.convert_to_tensor, arrays)
            values = [variable.value.detach() for variable in self._variables]
            key = self._key(values, given)
            replay = self._recordings.get(key)
            if replay is not None:
                return replay(values, given)
            result = self._run(values, given)
            self._calls[key] = self._calls.get(key, 0) + 1
            due = self._calls[key] >= RECORD_FROM and key not in self._recordings
            if due and len(self._recordings) < MOST_SHAPES:
                self._recordings[key] = self._record(values, given, result)
            return result

    @property
    def is_recorded(self) -> bool:
        """Whether calls of some shape are replayed."""
        return any(each is not None for each in self._recordings.values())

    def _key(self, values: Sequence[Tensor], given: Any) -> Hashable:
        leaves = [*values[:1], *keras.tree.flatten(given)]
        types = [value.dtype for value in values]
        return (*((leaf.shape, leaf.dtype, leaf.device) for leaf in leaves), tuple(types))

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
        if not all(isinstance(leaf, torch.Tensor) for leaf in keras.tree.flatten(result)):
            return None
        flat = keras.tree.flatten(given)

        def flattened(values: list[Tensor], flat: list[Tensor]) -> list[Tensor]:
            packed = keras.tree.pack_sequence_as(given, flat)
            return [leaf.detach() for leaf in keras.tree.flatten(self._run(values, packed))]

        try:
            graph = make_fx(flattened)(values, flat)
        except Exception:
            # looking at values, operations without a symbolic form, a user's own code: any of
            # these runs as it is written
            return None
        graph.graph.eliminate_dead_code()
        graph.recompile()
        # the structure alone, not its tensors, is kept
        structure = keras.tree.map_structure(lambda _: 0, result)

        def replay(values: list[Tensor], given: Any) -> Any:
            with torch.no_grad():
                leaves = graph(values, keras.tree.flatten(given))
            return keras.tree.pack_sequence_as(structure, leaves)

        return replay if _alike(replay(values, given), result) else None


def _alike(replayed: Any, result: Any) -> bool:
    pairs = zip(keras.tree.flatten(replayed), keras.tree.flatten(result), strict=True)
    return all(_same(one.detach(), other.detach()) for one, other in pairs)


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if not one.is_floating_point():
        return bool(torch.equal(one, other))
    finite = torch.isfinite(other)
    largest = float(other[finite].abs().max()) if finite.any() else 0.0
    return bool(torch.allclose(one, other, rtol=0, atol=ALIKE * largest, equal_nan=True))
