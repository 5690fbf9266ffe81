"""Small pictures of the photos of a store, made once each."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from PIL import Image

from seewhy.datasets.sources.entry import file_of
from seewhy.datasets.sources.photo_of import photo_of
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import OptionError, SeewhyError

FOLDER, ENDING, QUALITY = "pictures", ".jpe", 85
"""JPEGs of an ending that no list of photos takes, as where the gallery lies among photos."""
AHEAD = 64
"""Rows in work at once."""


@dataclass(frozen=True)
class Picture:
    """The picture of one row."""

    name: str = ""
    """Below `FOLDER`, without its ending; "" where there is none."""
    made: bool = False
    """Whether it was made just now."""
    problem: str = ""
    """Why there is none."""


def with_pictures(
    rows: Iterable[StoredRow], folder: Path, side: int, threads: int
) -> Iterator[tuple[StoredRow, Picture]]:
    """Each row with its picture, in their order; few are in memory.

    side: pixels of the longer side, at most. Raises OptionError where they cannot be written.
    """
    known: dict[str, Future[Picture]] = {}  # rows of several questions follow each other
    waiting: deque[tuple[StoredRow, Future[Picture]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="seewhy-pictures")
    try:
        for row in rows:
            if row.source not in known:
                known = dict(list(known.items())[-1:])
                known[row.source] = pool.submit(_picture, row, folder, side)
            waiting.append((row, known[row.source]))
            if len(waiting) >= AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _picture(row: StoredRow, folder: Path, side: int) -> Picture:
    if row.error is not None:
        return Picture(problem=row.error)
    name = _name(row.source, side)
    path = folder / FOLDER / f"{name}{ENDING}"
    if _is_current(path, row.source):
        return Picture(name)
    try:
        photo = photo_of(row.source)
    except SeewhyError as error:
        return Picture(problem=str(error))
    except Exception as error:  # whatever a decoder raises, the others are shown
        return Picture(problem=f"{row.source!r} cannot be read ({type(error).__name__}: {error}).")
    if photo.size != (row.height, row.width):
        return Picture(
            problem=f"{row.source!r} has {photo.size[1]} × {photo.size[0]} pixels, and had "
            f"{row.width} × {row.height} when it was explained: it is another photo by now."
        )
    image = Image.fromarray(photo.pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    _write(path, lambda place: image.save(place, "jpeg", quality=QUALITY))
    return Picture(name, made=True)


def _name(source: str, side: int) -> str:
    """Whatever the photo is called, a name that every file system and address takes."""
    digest = hashlib.sha256(f"{side}\0{source}".encode(errors="surrogatepass")).hexdigest()
    return f"{digest[:2]}/{digest[2:18]}"


def _is_current(path: Path, source: str) -> bool:
    """Whether there is a picture, and the photo was not changed since; it may be gone."""
    try:
        made = path.stat().st_mtime_ns
    except OSError:
        return False
    file = file_of(source)
    if isinstance(file, Path):  # what lies behind an address is taken as it was
        with suppress(OSError):
            return file.stat().st_mtime_ns <= made
    return True


def _write(path: Path, save: Callable[[Path], None]) -> None:
    """A file that appears whole or not at all. Raises OptionError where it cannot be written."""
    unfinished = path.with_name(f".{uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(unfinished)
        os.replace(unfinished, path)  # noqa: PTH105
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise OptionError(
            f"the gallery cannot be written to {str(path.parents[2])!r} "
            f"({error.strerror or error}). Give a folder that can be written with --output."
        ) from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
