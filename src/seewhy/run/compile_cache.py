"""Compiled functions that are kept, and the sizes in which they are fed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from seewhy.backend.compile_options import CompileOptions
from seewhy.models.wrapped_model import WrappedModel
from seewhy.network.split import Split

# A user's own functions may be new ones at every call.
KEPT = 32


class CompileCache:
    """The compiled functions of one model, by what they depend on; the oldest are dropped."""

    steady: int | None = None
    """Images that all batches are filled up to, where the same images have to give the same bits
    whatever was run before; None where they need not."""

    def __init__(self, backend: ModuleType, compiler: str | None = None) -> None:
        self.backend, self._compiler = backend, compiler
        self.functions: dict[Hashable, Callable[..., Any]] = {}

    def get(
        self, wrapped: WrappedModel, key: Hashable, make: Callable[[], Callable[..., Any]]
    ) -> Callable[..., Any]:
        """The compiled function of a key; `make` gives the function to compile if it is new."""
        if key not in self.functions:
            if len(self.functions) >= KEPT:
                del self.functions[next(iter(self.functions))]
            function = make()
            if isinstance(wrapped.model, Split):
                # its functions may refer to weights, which must not become constants
                compiled: Callable[..., Any] = self.backend.uncompiled(function)
            else:
                compiled = self.backend.compile(function, wrapped.variables, self._options)
            self.functions[key] = compiled
        return self.functions[key]

    @property
    def _options(self) -> CompileOptions:
        return CompileOptions(at_once=self.steady is not None, compiler=self._compiler)

    @property
    def runs_as_written(self) -> str | None:
        """Why some function could not be made faster than it is written; None if all could."""
        reasons = map(self.backend.runs_as_written, self.functions.values())
        return next((reason for reason in reasons if reason is not None), None)

    def run(
        self, wrapped: WrappedModel, function: Callable[..., Any], *arguments: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """The results as NumPy arrays, of the images' count."""
        return self.start(wrapped, function, *arguments)()

    def start(
        self, wrapped: WrappedModel, function: Callable[..., Any], *arguments: Sequence[np.ndarray]
    ) -> Callable[[], list[np.ndarray]]:
        """The same without waiting for the device: a function that does, and gives the results."""
        synchronise_variables(wrapped)
        count = len(arguments[0][0])
        size = self.size(count, wrapped)
        filled = [[filled_up(array, size) for array in arrays] for arrays in arguments]
        fetch = self.backend.fetch_later(list(function(*filled)))
        return lambda: [result[:count] for result in fetch()]

    def size(self, count: int, wrapped: WrappedModel) -> int:
        """Images that go through at once: the model's own number, or few different ones."""
        fixed = wrapped.inputs[0].batch
        if fixed is not None and count <= fixed:
            return fixed
        if self.backend.COMPILES:
            return 1 << (count - 1).bit_length()
        return max(count, self.steady or 0)


def synchronise_variables(wrapped: WrappedModel) -> None:
    """In the middle of `fit` on JAX, the variables have no values until they are synchronised."""
    getattr(wrapped.model, "jax_state_sync", lambda: None)()


def filled_up(array: np.ndarray, size: int) -> np.ndarray:
    """Repeat the last image up to a number of images."""
    if len(array) == size:
        return array
    return np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])
