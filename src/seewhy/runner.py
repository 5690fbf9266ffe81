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
        results = self._run(key, images, values)
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
        return self._run(key, images)[0]

    def _compile(self, function: Callable[..., Any], subject: Subject) -> Callable[..., Any]:
        if isinstance(subject.model, Split):
            # its functions may refer to weights, which must not become constants
            ready: Callable[..., Any] = self._backend.uncompiled(function)
        else:
            ready = self._backend.compile(function, subject.variables)
        return ready

    def _run(self, key: Hashable, *given: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The results as NumPy arrays, of the images' count."""
        from keras import ops

        count = len(given[0][0])
        filled = [[self._filled(array) for array in arrays] for arrays in given]
        results = self.compiled[key](*filled)
        return [ops.convert_to_numpy(result)[:count] for result in results]

    def _filled(self, array: np.ndarray) -> np.ndarray:
        """Repeat the last image up to a power of two, so that few sizes are ever compiled."""
        if not self._backend.COMPILES:
            return array
        missing = (1 << (len(array) - 1).bit_length()) - len(array)
        return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
