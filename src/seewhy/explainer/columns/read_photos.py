"""Photos read in threads, while the network explains those before them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from seewhy.images.fitted_file import FittedFile, read_fitted
from seewhy.models import prepare
from seewhy.models.prepare import Prepared

if TYPE_CHECKING:
    from seewhy.explainer.pipeline import Pipeline

ALIVE = 3
"""Batches in memory: one that is explained, and those that are read meanwhile."""
MOST_THREADS = 32

Given = TypeVar("Given")
Read = TypeVar("Read")
Mark = TypeVar("Mark")


def is_plain(pipeline: Pipeline) -> bool:
    """Whether one pass gives the maps, and nothing but the network's input of a photo is needed."""
    options = pipeline.options
    # windows and other sizes of the input are cut from the photo itself, and maps are joined
    if pipeline.ensemble.enhancements or options.sizes or options.sharpen != 1:
        return False
    if not pipeline.is_planned:
        return False
    return pipeline.runner.is_one_pass and len(pipeline.plan.cuts) == 1


def sample_reader(
    pipeline: Pipeline, *, exact: bool, digest: bool = False
) -> Callable[[Any], FittedFile | Prepared]:
    """A function that brings a sample to the network's size: of a JPEG file no more than that.

    exact, digest: see `images.fitted_file.read_fitted`. Raises ImageError.
    """
    wrapped, choices = pipeline.wrapped, pipeline.fit_options
    photos = len(wrapped.inputs) == 1 and wrapped.takes_photos(0) and choices.range is None
    size = wrapped.photo_size(0) if photos else None

    def read(source: Any) -> FittedFile | Prepared:
        fitted = None
        if size is not None:
            fitted = read_fitted(source, size, choices.fit, exact=exact, digest=digest)
        return prepare.prepare(source, wrapped, choices) if fitted is None else fitted

    return read


def pixels_of(samples: Sequence[FittedFile | Prepared]) -> np.ndarray | None:
    """One uint8 batch (n, height, width, 3) of photos of one size; None of others."""
    arrays = []
    for sample in samples:
        if isinstance(sample, FittedFile):
            arrays.append(sample.pixels)
        elif len(sample.parts) != 1 or sample.parts[0].pixels is None:
            return None
        else:
            arrays.append(sample.parts[0].pixels)
    same = {(array.shape, array.dtype.name) for array in arrays}
    return np.stack(arrays) if len(same) == 1 and arrays[0].dtype == np.uint8 else None


def in_batches(values: Sequence[Given], size: int) -> Iterator[tuple[int, Sequence[Given]]]:
    """Parts of a sequence, each with the place of its first."""
    for start in range(0, len(values), size):
        yield start, values[start : start + size]


def read_ahead(
    batches: Iterable[tuple[Mark, Sequence[Given]]],
    read: Callable[[Given], Read],
    threads: int | None = None,
    *,
    several: Callable[[Given], bool] = lambda _: True,
) -> Iterator[tuple[Mark, list[Read]]]:
    """What `read` gives of each, a batch at a time in their order; at most `ALIVE` are in memory.

    threads: None for one a processor. several: whether one may be read in a thread; others are
    read when it is their turn. What `read` raises is raised when it is the photo's turn.
    """
    count = threads or min(os.cpu_count() or 1, MOST_THREADS)
    waiting: deque[tuple[Mark, list[Callable[[], Read]]]] = deque()
    pool = ThreadPoolExecutor(count, thread_name_prefix="seewhy-read")

    def begun(given: Given) -> Callable[[], Read]:
        if not several(given):
            return lambda: read(given)
        future: Future[Read] = pool.submit(read, given)
        return future.result

    try:
        for mark, batch in batches:
            waiting.append((mark, [begun(given) for given in batch]))
            if len(waiting) == ALIVE:
                yield _done(waiting)
        while waiting:
            yield _done(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _done(waiting: deque[tuple[Mark, list[Callable[[], Read]]]]) -> tuple[Mark, list[Read]]:
    mark, pending = waiting.popleft()
    return mark, [each() for each in pending]
