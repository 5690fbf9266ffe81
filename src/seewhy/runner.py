"""Runs compiled passes: each is made once, kept, and fed with arrays."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from seewhy import engine
from seewhy.methods import Method
from seewhy.plan import Plan
from seewhy.results import Outcome
from seewhy.scores import Target
from seewhy.split import Split
from seewhy.subject import Subject


class Runner:
    """The compiled functions of one explainer, by target layer and kind of question."""

    def __init__(self, backend: ModuleType, method: Method, scores: str) -> None:
        self._backend = backend
        self._method = method
        self._scores = scores
        self.compiled: dict[Hashable, Callable[..., Any]] = {}

    def evidence(
        self, plan: Plan, k: int, images: Sequence[np.ndarray], asked: Sequence[list[Target]]
    ) -> list[Outcome]:
        """What `engine.evidence` gives at one target layer, for each image.

        images: one batch an input. asked: the questions of each image, all of the same kinds.
        """
        first = asked[0]
        key = (k, tuple(target.kind for target in first))
        if key not in self.compiled:
            main = plan.context.main
            function = engine.evidence(
                self._backend, plan.cuts[k], self._method, first, self._scores, main
            )
            self.compiled[key] = self._compile(function, plan.subject)
        values = [
            np.stack([row[q].values[v] for row in asked])
            for q in range(len(first))
            for v in range(len(first[q].values))
        ]
        results = self._run(plan.subject, key, images, values)
        return [Outcome(*(result[row] for result in results)) for row in range(len(asked))]

    def all_classes(self, plan: Plan, k: int, images: Sequence[np.ndarray]) -> np.ndarray:
        """Maps of all classes at one target layer, float32 (batch, classes, *space)."""
        key = (k, "all classes")
        if key not in self.compiled:
            main = plan.context.main
            function = engine.all_classes(
                self._backend, plan.cuts[k], self._method, self._scores, main
            )
            self.compiled[key] = self._compile(function, plan.subject)
        return self._run(plan.subject, key, images)[0]

    def _compile(self, function: Callable[..., Any], subject: Subject) -> Callable[..., Any]:
        if isinstance(subject.model, Split):
            # its functions may refer to weights, which must not become constants
            ready: Callable[..., Any] = self._backend.uncompiled(function)
        else:
            ready = self._backend.compile(function, subject.variables)
        return ready

    def _run(
        self, subject: Subject, key: Hashable, *given: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """The results as NumPy arrays, of the images' count."""
        from keras import ops

        # in the middle of `fit` on JAX, the variables have no values until they are synchronised
        getattr(subject.model, "jax_state_sync", lambda: None)()
        count = len(given[0][0])
        size = self._size(count, subject)
        filled = [[_filled(array, size) for array in arrays] for arrays in given]
        results = self.compiled[key](*filled)
        return [ops.convert_to_numpy(result)[:count] for result in results]

    def _size(self, count: int, subject: Subject) -> int:
        """Images that go through at once: the model's own number, or few different ones."""
        fixed = subject.entries[0].batch
        if fixed is not None and count <= fixed:
            return fixed
        return 1 << (count - 1).bit_length() if self._backend.COMPILES else count


def _filled(array: np.ndarray, size: int) -> np.ndarray:
    """Repeat the last image up to a number of images."""
    return np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])
