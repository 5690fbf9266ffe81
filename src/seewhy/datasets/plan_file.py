"""The plan of a run: which photos, in which order; frozen when the run is first started."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from seewhy.datasets.arrow import parquet, pyarrow
from seewhy.datasets.places.places import Place, for_arrow, opened
from seewhy.datasets.sources.entry import Entry
from seewhy.datasets.store_files import PLAN, write_streamed
from seewhy.errors import StoreError


@dataclass(frozen=True)
class Plan:
    """The photos of a store. Part k has the rows of row group k of the file."""

    path: Place

    @cached_property
    def _file(self) -> Any:
        try:
            return parquet().ParquetFile(for_arrow(self.path))
        except (OSError, pyarrow().ArrowException) as error:
            raise StoreError(
                f"{str(self.path)!r} cannot be read ({error}): the store is damaged. Copy that "
                f"file back, or start again in another folder."
            ) from error

    @property
    def asked(self) -> str:
        """What it is the plan of, as JSON."""
        return str((self._file.schema_arrow.metadata or {}).get(b"seewhy", b"").decode())

    @property
    def rows(self) -> int:
        """How many photos there are."""
        return int(self._file.metadata.num_rows)

    @property
    def parts(self) -> int:
        """How many parts the store has when it is whole."""
        return int(self._file.num_row_groups)

    def size(self, part: int) -> int:
        """How many photos a part has."""
        return int(self._file.metadata.row_group(part).num_rows)

    def entries(self, part: int) -> list[Entry]:
        """The photos of one part."""
        rows = self._file.read_row_group(part, columns=["id", "source", "label"]).to_pylist()
        return [Entry(**row) for row in rows]

    def first_row(self, part: int) -> int:
        """Where the rows of a part begin."""
        return part * self.size(0)

    def digest(self) -> str:
        """SHA-256 of the file."""
        with opened(self.path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def frozen_plan(
    store: Place, entries: Iterable[Entry], asked: Mapping[str, Any], shard_size: int
) -> Plan:
    """The plan of a store: the one that it has, or one of these photos, written now.

    asked: what tells the plan from others; a plan of something else is written anew, as a run that
    was killed while it began may leave one.
    """
    path, text = store / PLAN, json.dumps(dict(asked), sort_keys=True)
    try:
        there = path.exists()
    except OSError as error:
        raise StoreError(f"the store {str(store)!r} cannot be read ({error.strerror}).") from error
    if not there or Plan(path).asked != text:
        write_streamed(path, lambda place: _write(place, iter(entries), text, shard_size))
    return Plan(path)


def _write(path: Path, entries: Iterator[Entry], asked: str, shard_size: int) -> None:
    arrow = pyarrow()
    schema = arrow.schema(
        [
            arrow.field("row", arrow.int64(), nullable=False),
            arrow.field("id", arrow.string(), nullable=False),
            arrow.field("source", arrow.string(), nullable=False),
            arrow.field("label", arrow.string()),
        ],
        metadata={"seewhy": asked},
    )
    start = 0
    with parquet().ParquetWriter(path, schema, compression="zstd") as writer:
        while chunk := list(islice(entries, shard_size)):
            columns = {
                "row": list(range(start, start + len(chunk))),
                **{name: [getattr(e, name) for e in chunk] for name in ("id", "source", "label")},
            }
            table = arrow.table(columns, schema=schema)
            writer.write_table(table, row_group_size=shard_size)
            start += len(chunk)
