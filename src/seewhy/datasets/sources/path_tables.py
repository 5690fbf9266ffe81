"""Photos that tables of text name: .csv and .tsv files with a column of paths."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from seewhy.checks import check_regular_file
from seewhy.datasets.places.places import Place, opened
from seewhy.datasets.sources.entry import Entry, beside, entry_of
from seewhy.datasets.sources.parquet_tables import LABELS, PATHS
from seewhy.errors import ImageError, ImageNotFoundError, SeewhyError


def entries_of_table(path: Place, *, from_folder: bool = False) -> Iterator[Entry]:
    """The photos of one table, row by row. Raises ImageError, also where there are none."""
    try:
        if isinstance(path, Path):
            check_regular_file(path, ImageError)
        with (
            opened(path) as binary,
            TextIOWrapper(
                binary, newline="", encoding="utf-8-sig", errors="surrogateescape"
            ) as file,
        ):
            yield from _of_rows(file, path, from_folder)
    except SeewhyError:  # some of which are errors of files, too
        raise
    except FileNotFoundError:
        raise ImageNotFoundError(f"there is no table {str(path)!r}: check the path.") from None
    except (OSError, csv.Error) as error:
        raise ImageError(f"the table {str(path)!r} cannot be read ({error}).") from error


def _of_rows(file: TextIO, path: Place, from_folder: bool) -> Iterator[Entry]:
    rows = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    header = [cell.strip().lower() for cell in next(rows, [])]
    at = _column(header, PATHS)
    if at is None:
        raise ImageError(
            f"the table {str(path)!r} has no column of paths: its first line names its columns, "
            f"one of them {', '.join(PATHS[:-1])} or {PATHS[-1]}; it has "
            f"{', '.join(header) or 'none'}."
        )
    label, name = _column(header, LABELS), _column(header, ("id",))
    count = 0
    for row in rows:
        cells = [cell.strip() for cell in row]
        if len(cells) <= at or not cells[at]:
            continue
        count += 1
        place = beside(path.parent, cells[at])
        true = cells[label] if label is not None and len(cells) > label else ""
        own = cells[name] if name is not None and len(cells) > name else ""
        yield entry_of(own or cells[at], place, true or None, from_folder=from_folder)
    if not count:
        raise ImageNotFoundError(f"the table {str(path)!r} names no photos below its first line.")


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)
