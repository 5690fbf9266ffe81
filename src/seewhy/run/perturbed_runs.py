"""Drives methods that run the network, or its tail, on many changed copies of an image.

Rows are what the copies differ in: an array with the rows in front, a tuple of such arrays, or
anything with a length and slices that are such. They go through in chunks, so that neither rows
nor copies are ever held all at once; a chunk is as large as memory allows, and is halved where it
allowed less.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from seewhy.errors import MemoryWarning, warn
from seewhy.plan.cuts import Cut
from seewhy.plan.evidence_sources import QuestionBatch
from seewhy.progress import steps
from seewhy.run import memory, perturbed_passes
from seewhy.run.perturbed_passes import Change, Gather, TailSpec
from seewhy.run.shared_scores import SharedScores

Tensor = Any

ON_THEIR_WAY = 2
"""Chunks that the device has at once, so that it need not wait for the host."""

Make = Callable[[], Callable[..., Any]]


@dataclass(frozen=True)
class TailInputs:
    """What stands at one cut for one batch of images."""

    spec: TailSpec
    at: Tensor
    """As the layer has it."""
    rest: list[Tensor]
    """Of the bypass what the tail looks at."""

    @property
    def bytes(self) -> int:
        return 4 * int(math.prod(self.at.shape))


@dataclass(frozen=True)
class BatchLimits:
    """How much goes through at once."""

    images: int
    """Copies of images through the whole network."""
    largest: int
    """Bytes of the largest activations of one image on its way."""
    total: int
    """Bytes of all of them, which a gradient has to keep."""
    fixed: bool = False
    """Whether the model takes one number of images only."""


@dataclass
class PerturbedRuns:
    """One question about one batch of images, asked of changed copies."""

    backend: ModuleType
    compiled: Callable[[Hashable, Make], Callable[..., Any]]
    """A compiled function by its key, made where it is new."""
    question: QuestionBatch
    values: list[np.ndarray]
    tails: dict[str, TailInputs]
    """By the names of cuts: "layer", "images"."""
    layer: Cut
    limits: BatchLimits
    shared: SharedScores | None = None
    """What other questions have in common with this one; None where there are none."""
    place: int = 0
    """Which of them this one is."""

    def score_images(self, change: Change, rows: Any, *constants: Any) -> np.ndarray:
        """Scores float32 (rows, batch) of change(images (1, batch, …), rows, *given)."""
        return self._score("images", change, rows, constants)

    def score_activations(self, change: Change, rows: Any, *constants: Any) -> np.ndarray:
        """The same of change(activations (1, batch, …), rows, *given); runs the tail only."""
        return self._score("layer", change, rows, constants)

    def score_classes(self, change: Change, rows: Any, *constants: Any) -> np.ndarray:
        """Scores of all classes, float32 (rows, batch, classes), of changed activations."""
        there = self.tails["layer"]

        def make() -> Callable[..., Any]:
            return perturbed_passes.class_scores_of_changes(there.spec, change, self.question)

        run = self.compiled(("classes", change, there.spec.specs), make)

        def score(part: Any, _: np.ndarray) -> Any:
            return (run(there.at, there.rest, part, constants),)

        chunks = self._chunks("layer", rows, score, peak=3 * self.limits.largest)
        return np.concatenate([scores for (scores,) in chunks])

    def sum_images(
        self, change: Change, gather: Gather, rows: Any, *constants: Any
    ) -> tuple[np.ndarray, ...]:
        """Sums over rows, float64 (batch, …), of gather(changed, gradients, rows, *given)."""
        return self._sum(None, change, gather, rows, constants)

    def sum_activations(
        self, change: Change, gather: Gather, rows: Any, *constants: Any
    ) -> tuple[np.ndarray, ...]:
        """The same with the activations and gradients at the target layer of changed images."""
        return self._sum(self.layer, change, gather, rows, constants)

    def pull_images(
        self, change: Change, rows: np.ndarray, *constants: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores (rows, batch) of changed images, and their gradients in the shape of rows."""
        there = self.tails["images"]

        def make() -> Callable[..., Any]:
            return perturbed_passes.gradients_of_rows(
                self.backend, there.spec, change, self.question
            )

        run = self.compiled(("pull", change, self.question.targets[0].kind), make)

        def pull(part: Any, _: np.ndarray) -> Any:
            return run(*self._start(there), part, constants)

        chunks = self._chunks("images", rows, pull, peak=self.limits.total)
        scores, gradients = zip(*chunks, strict=True)
        return np.concatenate(scores), np.concatenate(gradients)

    def _score(self, where: str, change: Change, rows: Any, constants: Any) -> np.ndarray:
        if self.shared is None:
            question, values = self.question, self.values
            return self._scores(where, change, rows, constants, question, values)[:, 0]
        request = (where, change, rows, constants)
        scores = self.shared.find(request)
        if scores is None:
            question, values = self.shared.question, self.shared.values
            scores = self._scores(where, change, rows, constants, question, values)
            self.shared.keep(request, scores)
        return scores[:, self.place]

    def _scores(
        self,
        where: str,
        change: Change,
        rows: Any,
        constants: Any,
        question: QuestionBatch,
        values: list[np.ndarray],
    ) -> np.ndarray:
        """float32 (rows, questions, batch)."""
        there = self.tails[where]

        def make() -> Callable[..., Any]:
            return perturbed_passes.scores_by_all_targets(there.spec, change, question)

        kinds = tuple(target.kind for target in question.targets)
        run = self.compiled(("score", where, change, kinds), make)

        def score(part: Any, _: np.ndarray) -> Any:
            return (run(there.at, there.rest, values, part, constants),)

        # a layer's input and output, and what it needs beside them
        chunks = self._chunks(where, rows, score, peak=3 * self.limits.largest)
        return np.concatenate([scores for (scores,) in chunks])

    def _sum(
        self, layer: Cut | None, change: Change, gather: Gather, rows: Any, constants: Any
    ) -> tuple[np.ndarray, ...]:
        there = self.tails["images"]

        def make() -> Callable[..., Any]:
            return perturbed_passes.sums_over_changes(
                self.backend, there.spec, layer, change, gather, self.question
            )

        name = "images" if layer is None else "activations"
        run = self.compiled(("sum", name, change, gather, self.question.targets[0].kind), make)

        def add(part: Any, valid: np.ndarray) -> Any:
            return run(*self._start(there), part, constants, valid)

        chunks = self._chunks("images", rows, add, peak=self.limits.total, whole=False)
        return tuple(
            np.sum(np.stack(column), axis=0, dtype="float64")
            for column in zip(*chunks, strict=True)
        )

    def _start(self, there: TailInputs) -> tuple[Any, ...]:
        return there.at, there.rest, self.values

    def _chunks(
        self, where: str, rows: Any, run: Callable[..., Any], *, peak: int, whole: bool = True
    ) -> list[list[np.ndarray]]:
        """What run(rows, valid) gives for each chunk, as arrays; halved where memory ends.

        peak: bytes that one image takes. whole: whether results have the rows in front, so that
        those that fill up are cut off.
        """
        count = _length(rows)
        chunks: list[list[np.ndarray]] = []
        started: deque[tuple[int, Callable[[], list[np.ndarray]]]] = deque()
        size, start = self._size(where, count, peak), 0
        with steps(count) as step:
            while start < count or started:
                try:
                    if start < count and len(started) < ON_THEIR_WAY:
                        part, valid = _chunk(rows, start, size, self.backend.COMPILES)
                        length = min(size, count - start)
                        started.append((length, self.backend.fetch_later(list(run(part, valid)))))
                        start += length
                        continue
                    length, fetch = started[0]
                    results = fetch()
                except Exception as error:
                    if size == 1 or not self.backend.out_of_memory(error):
                        raise
                    # what was started behind it is started again
                    start -= sum(length for length, _ in started)
                    started.clear()
                    size = _halved(size, self.tails[where].at.shape[0])
                    continue
                started.popleft()
                chunks.append([each[:length] for each in results] if whole else results)
                step(length)
        return chunks

    def _size(self, where: str, count: int, peak: int) -> int:
        """How many rows go through at once: about equally many in each chunk."""
        images = max(1, self.tails[where].at.shape[0])
        if self.limits.fixed:
            return 1
        if where == "layer":
            most = memory.at_once(self.backend, memory.TAIL) // max(1, self.tails[where].bytes)
        else:
            most = min(self.limits.images, memory.fitting(self.backend, peak)) // images
        most = max(1, most)
        return math.ceil(count / math.ceil(count / most))


def _halved(size: int, images: int) -> int:
    half = size // 2
    fewer = " or a smaller batch_size" if images > 1 else ""
    warn(
        f"memory ran out with {size} copies at once; going on with {half}. Smaller images{fewer} "
        f"need less.",
        MemoryWarning,
    )
    return half


def _length(rows: Any) -> int:
    return len(rows[0]) if isinstance(rows, tuple) else len(rows)


def _chunk(rows: Any, start: int, size: int, fill: bool) -> tuple[Any, np.ndarray]:
    """Rows from a place on, filled up to the size if a compiler wants it, and which are valid."""
    several = rows if isinstance(rows, tuple) else (rows,)
    parts = [_small(np.asarray(part[start : start + size])) for part in several]
    length = len(parts[0])
    missing = size - length if fill else 0
    parts = [np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) for part in parts]
    valid = (np.arange(length + missing) < length).astype("float32")
    return (tuple(parts) if isinstance(rows, tuple) else parts[0]), valid


def _small(rows: np.ndarray) -> np.ndarray:
    # TensorFlow compares indices of one width only, and counts in int32
    return rows.astype("int32") if np.issubdtype(rows.dtype, np.integer) else rows
