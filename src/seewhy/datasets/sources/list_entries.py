"""The photos of a run: folders, patterns, lists, tables, archives and Parquet files."""

from __future__ import annotations

import codecs
import csv
import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from seewhy.checks import check_regular_file
from seewhy.datasets.sources.archives import entries_of_archive
from seewhy.datasets.sources.entry import Entry, beside, entry_of
from seewhy.datasets.sources.parquet_tables import LABELS, PATHS, entries_of_parquet
from seewhy.datasets.store_files import MANIFEST, PLAN
from seewhy.errors import ImageError, ImageNotFoundError, SeewhyError
from seewhy.images.listing import absolute, list_photos

TABLES, LISTS, HOLDERS = (".csv", ".tsv"), (".txt", ".lst"), (".tar", ".parquet")


def list_entries(sources: Sequence[str], *, labels_from_folder: bool = False) -> Iterator[Entry]:
    """The photos that words name, in their order.

    sources: what `images.listing.list_photos` takes; .txt files, lists of paths as with @; .csv and
        .tsv files with a column of paths (`PATHS`) and, where they have them, one of true classes
        (`LABELS`) and one of ids ("id"); .tar files, as WebDataset has them; .parquet files with a
        column of photos; and folders and patterns of those two. Paths in tables are looked for from
        here, then beside them.
    labels_from_folder: whether the folder that a photo lies in names its true class.
    Raises ImageError for what has no photos.
    """
    plain: list[str] = []
    words = [os.fspath(word) for word in sources]
    found = _each_once([_holders(word) for word in words])
    for word, (named, holders) in zip(words, found, strict=True):
        for path in holders:
            if path.lower().endswith(".tar"):
                yield from entries_of_archive(path)
            else:
                yield from entries_of_parquet(path, from_folder=labels_from_folder)
        if named:
            continue
        if Path(word).suffix.lower() in TABLES:
            yield from _of_table(Path(word), labels_from_folder)
        else:
            _check(word)
            is_list = Path(word).suffix.lower() in LISTS and Path(word).is_file()
            plain.append(f"@{word}" if is_list else word)
    if not plain:
        return
    folder = plain[0] if len(plain) == 1 and Path(plain[0]).is_dir() else None
    for path in list_photos(plain):
        name = Path(path).relative_to(folder).as_posix() if folder else path
        yield entry_of(name, path, None, from_folder=labels_from_folder)


def _holders(word: str) -> list[str]:
    """The archives and Parquet files that a word names: one, those that a pattern matches, or those
    of a folder without photos of their own."""
    path = Path(word)
    if path.is_dir():
        if (path / MANIFEST).exists() and (path / PLAN).exists():
            return [str(path / PLAN)]  # a store, whose parts name the same photos again
        inside = [each for each in path.rglob("*") if each.suffix.lower() in HOLDERS]
        return sorted(map(str, inside)) if inside and not _has_photos(word) else []
    if path.suffix.lower() not in HOLDERS:
        return []
    if path.is_file() or not glob.has_magic(word):
        return [word] if path.exists() else []
    return sorted(glob.glob(word, recursive=True))  # noqa: PTH207  (patterns from the root, too)


def _each_once(holders: Sequence[list[str]]) -> list[tuple[bool, list[str]]]:
    """Of each word whether it named any files, and those that no other word named before: each file
    once, and of a store whose plan is among them no parts, which name the same photos again."""
    every = [path for of_word in holders for path in of_word]
    planned = {absolute(str(Path(path).parent)) for path in every if _is_plan(Path(path))}
    known: set[str] = set()
    found = []
    for of_word in holders:
        own = []
        for path in of_word:
            place, folder = absolute(path), absolute(str(Path(path).parent))
            if place not in known and (folder not in planned or _is_plan(Path(path))):
                known.add(place)
                own.append(path)
        found.append((bool(of_word), own))
    return found


def _is_plan(path: Path) -> bool:
    return path.name == PLAN and (path.parent / MANIFEST).exists()


def _has_photos(folder: str) -> bool:
    try:
        return bool(list_photos([folder]))
    except ImageNotFoundError:
        return False


def _check(word: str) -> None:
    """Raises ImageNotFoundError for a word that names nothing: a run of one photo that is not there
    would be a wrong path."""
    if word.startswith("@") or os.path.lexists(word) or glob.has_magic(word):
        return
    raise ImageNotFoundError(
        f"there is no file or folder {word!r}: give a folder, a pattern in quotes, @list.txt, a "
        f".csv with a column of paths, or .tar and .parquet files with photos."
    )


def _of_table(path: Path, from_folder: bool) -> Iterator[Entry]:
    try:
        check_regular_file(path, ImageError)
        with path.open("rb") as binary:
            mark = binary.read(2)
        wide = mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        how = ("utf-16", "strict") if wide else ("utf-8-sig", "surrogateescape")
        with path.open(newline="", encoding=how[0], errors=how[1]) as file:
            yield from _of_rows(file, path, from_folder)
    except SeewhyError:  # some of which are errors of files, too
        raise
    except FileNotFoundError:
        raise ImageNotFoundError(f"there is no table {str(path)!r}: check the path.") from None
    except (OSError, csv.Error, UnicodeError) as error:
        raise ImageError(
            f"the table {str(path)!r} cannot be read ({error}): save it as CSV in UTF-8."
        ) from error


def _of_rows(file: TextIO, path: Path, from_folder: bool) -> Iterator[Entry]:
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
    mark = next(
        (mark for mark, names in headers.items() if _column(names, PATHS) is not None), usual
    )
    return csv.reader(file, delimiter=mark), headers[mark]


def _header(line: str, mark: str) -> list[str]:
    return [cell.strip().lower() for cell in next(csv.reader([line], delimiter=mark), [])]


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)
