"""The files of a store: each appears whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from seewhy.datasets.arrow import parquet, pyarrow
from seewhy.datasets.places.address import Address
from seewhy.datasets.places.places import Place, for_arrow, place_of
from seewhy.errors import ImageError, SeewhyError, StoreError
from seewhy.render.files import write

PLAN, MANIFEST = "plan.parquet", "manifest.json"
STALE = 86_400
"""Seconds after which an unfinished file is of no process that still writes it."""


def part_path(store: Place, part: int) -> Place:
    """Where a part of the store stands."""
    return store / f"part-{part:05}.parquet"


def part_paths(store: Place) -> list[Place]:
    """The parts that are whole, in their order. Raises OSError where they cannot be listed."""
    there = store.children() if isinstance(store, Address) else store.glob("part-*.parquet")
    parts = [path for path in there if fnmatchcase(path.name, "part-*.parquet")]
    return sorted(parts, key=lambda path: (len(path.name), path.name))


def errors_in(path: Place, first: int, size: int) -> int | None:
    """How many photos of a part could not be read; None where there is no whole part.

    first, size: where its rows begin in the plan, and how many photos it has: a part of that name
    from elsewhere is none. All of it is read, since a page that is damaged is found only so.
    """
    try:
        if not path.exists():
            return None
        with parquet().ParquetFile(for_arrow(path), page_checksum_verification=True) as file:
            table = file.read(use_threads=False)
    except (OSError, KeyError, pyarrow().ArrowException):
        return None
    rows = table["row"].to_pylist()
    if sorted(set(rows)) != list(range(first, first + size)) or len(rows) % size:
        return None
    return (len(rows) - int(table["error"].null_count)) // (len(rows) // size)


def store_place(store: str | Path | Address) -> Place:
    """Where a store is. Raises StoreError for what is no place of one."""
    try:
        return place_of(store)
    except ImageError as error:
        raise StoreError(str(error)) from error


def write_file(path: Place, content: str | bytes | memoryview) -> None:
    """Write one file of a store, so that it is there after a loss of power, too.

    Raises StoreError where that is not possible.
    """
    with _told(path.parent):
        if isinstance(path, Address):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            return
        write(path, content)
        _synchronise(path.parent)


def write_table(path: Place, table: Any, **how: Any) -> None:
    """Write a part of a store. Raises StoreError where that is not possible."""
    # in memory first: what fails then is a plain write of bytes, which tells why
    sink = pyarrow().BufferOutputStream()
    parquet().write_table(table, sink, **how)
    write_file(path, memoryview(sink.getvalue()))


def write_streamed(path: Place, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a large file, which then gets its place at once."""
    if isinstance(path, Address):
        with TemporaryDirectory(prefix="seewhy-") as folder, _told(path.parent):
            here = Path(folder) / path.name
            fill(here)
            path.upload(str(here))
        return
    unfinished = path.with_name(f".{uuid4().hex}{path.suffix}")
    with _told(path.parent):
        there = path.parent.is_dir()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fill(unfinished)
            with unfinished.open("rb+") as file:
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            if not there:
                with suppress(OSError):
                    path.parent.rmdir()
            raise
        _synchronise(path.parent)


def remove_stale(store: Place) -> None:
    """Remove what runs that were killed long ago left unfinished; elsewhere they leave nothing."""
    if isinstance(store, Address):
        return
    for path in store.glob(".*.*"):
        with suppress(OSError):
            if path.suffix in (".parquet", ".json") and time.time() - path.stat().st_mtime > STALE:
                path.unlink()


@contextmanager
def _told(store: Place) -> Iterator[None]:
    try:
        yield
    except SeewhyError:  # some of which are errors of files, too
        raise
    except OSError as error:
        raise StoreError(
            f"the store {str(store)!r} cannot be written ({error.strerror or error}). Its "
            f"{_finished(store)}finished parts are kept: once that is mended, the same command "
            f"goes on."
        ) from error


def _finished(store: Place) -> str:
    """How many parts are whole, as far as that is known."""
    try:
        return f"{len(part_paths(store)) if store.is_dir() else 0} "
    except OSError:
        return ""


def _synchronise(folder: Path) -> None:
    """The renaming itself; where folders cannot be opened, the system does it in its time."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
