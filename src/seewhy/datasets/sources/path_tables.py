"""Photos that tables of text name: .csv and .tsv files with a column of paths."""

from __future__ import annotations

import codecs
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
        with opened(path) as binary:
            wide = binary.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        how = ("utf-16", "strict") if wide else ("utf-8-sig", "surrogateescape")
        with (
            opened(path) as binary,
            TextIOWrapper(binary, newline="", encoding=how[0], errors=how[1]) as file,
        ):
            yield from _of_rows(file, path, from_folder)
    except SeewhyError:  # some of which are errors of files, too
        raise
    except FileNotFoundError:
        raise ImageNotFoundError(f"there is no table {str(path)!r}: check the path.") from None
    except (OSError, csv.Error, UnicodeError) as error:
        raise ImageError(
            f"the table {str(path)!r} cannot be read ({error}): save it as CSV in UTF-8."
        ) from error


def _of_rows(file: TextIO, path: Place, from_folder: bool) -> Iterator[Entry]:
    rows, header = _table_rows(file, "\t" if path.suffix.lower() == ".tsv" else ",")
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


def _table_rows(file: TextIO, usual: str) -> tuple[Iterator[list[str]], list[str]]:
    """The rows below the first line, and that: columns are divided by what gives one of paths,
    since spreadsheets of some countries write semicolons."""
    first = file.readline()
    if "\0" in first:
        raise csv.Error("it has zero bytes, as UTF-16 without its mark")
    headers = {mark: _header(first, mark) for mark in (usual, ";", ",", "\t")}
    with_paths = [mark for mark, names in headers.items() if _column(names, PATHS) is not None]
    mark = next(iter(with_paths), usual)
    return csv.reader(file, delimiter=mark), headers[mark]


def _header(line: str, mark: str) -> list[str]:
    return [cell.strip().lower() for cell in next(csv.reader([line], delimiter=mark), [])]


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)
