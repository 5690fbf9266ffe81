"""Photos read and fitted in threads, while the network explains those before them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seewhy.datasets.sources.entry import Entry, as_text
from seewhy.datasets.sources.photo_of import photo_of
from seewhy.errors import SeewhyError
from seewhy.images.photo import Photo
from seewhy.models import prepare
from seewhy.results.maps_record import bits_of

if TYPE_CHECKING:
    from seewhy.explainer.pipeline import Pipeline

ALIVE = 3
"""Batches in memory: one that is explained, and those that are read meanwhile."""


@dataclass(frozen=True, eq=False)
class ReadPhoto:
    """One photo as the network takes it, or what is wrong with it."""

    entry: Entry
    error: str | None = None
    size: tuple[int, int] | None = None
    """(height, width) of the photo, upright."""
    image: np.ndarray | Photo | None = None
    """uint8 of the network's size; the photo itself where more of it is needed."""
    bits: int = 0
    """Of what must be known of the photo; see `results.maps_record.CODES`."""
    seen: tuple[int, ...] | None = None
    """(height, width) of the network's input."""


def photo_reader(pipeline: Pipeline) -> Callable[[Entry], ReadPhoto]:
    """A function that reads a photo and brings it to the network's size."""
    # windows and other sizes of the input are cut from the photo itself
    whole = bool(pipeline.ensemble.enhancements or pipeline.options.sizes)

    def read(entry: Entry) -> ReadPhoto:
        try:
            photo = photo_of(entry.source)
            sample = prepare.prepare(photo, pipeline.wrapped, pipeline.fit_options)
            (part,) = sample.parts
        except SeewhyError as error:
            return ReadPhoto(entry, as_text(str(error)))
        except Exception as error:  # whatever a decoder raises, the others are read
            what = f"{type(error).__name__}: {error}".rstrip(": .")
            return ReadPhoto(entry, as_text(f"{entry.source!r} cannot be read ({what})."))
        fits = not whole and part.pixels is not None and part.pixels.dtype == np.uint8
        known = photo if part.photo is None else part.photo
        seen = None if part.geometry is None else tuple(part.geometry.input)
        image = part.pixels if fits else photo
        return ReadPhoto(entry, None, photo.size, image, bits_of(known.notes), seen)

    return read


def read_ahead(
    batches: Iterable[tuple[Any, Sequence[Entry]]],
    read: Callable[[Entry], ReadPhoto],
    threads: int,
) -> Iterator[tuple[Any, list[ReadPhoto]]]:
    """Batches of photos, each with its mark, in their order; at most `ALIVE` are in memory."""
    waiting: deque[tuple[Any, list[Future[ReadPhoto]]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="seewhy-read")
    try:
        for mark, entries in batches:
            waiting.append((mark, [pool.submit(read, entry) for entry in entries]))
            if len(waiting) == ALIVE:
                yield _done(waiting)
        while waiting:
            yield _done(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _done(waiting: deque[tuple[Any, list[Future[ReadPhoto]]]]) -> tuple[Any, list[ReadPhoto]]:
    mark, futures = waiting.popleft()
    return mark, [future.result() for future in futures]
