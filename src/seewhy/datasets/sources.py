"""The photos of a run: folders, patterns, lists, and tables with a column of paths."""

from __future__ import annotations

import csv
import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from seewhy.checks import check_regular_file
from seewhy.errors import ImageError, ImageNotFoundError, SeewhyError
from seewhy.images.listing import absolute, list_photos

PATHS = ("path", "file", "filename", "file_name", "photo", "image", "source")
LABELS = ("label", "class", "true", "category", "target")
TABLES, LISTS = (".csv", ".tsv"), (".txt", ".lst")


@dataclass(frozen=True)
class Entry:
    """One photo of a run."""

    id: str
    """What it is called in the store: its path in the folder that was given, the path as it was
    written, or the column id of a table."""
    source: str
    """Its path, absolute."""
    label: str | None = None
    """Its true class as it was given."""


def list_entries(sources: Sequence[str], *, labels_from_folder: bool = False) -> Iterator[Entry]:
    """The photos that words name, in their order.

    sources: what `images.listing.list_photos` takes; .txt files, lists of paths as with @; .csv and
        .tsv files with a column of paths (`PATHS`) and, where they have them, one of true classes
        (`LABELS`) and one of ids ("id"). Paths in them are looked for from here, then beside them.
    labels_from_folder: whether the folder that a photo lies in names its true class.
    Raises ImageError for what has no photos.
    """
    plain: list[str] = []
    for word in map(os.fspath, sources):
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
        yield _entry(name, path, None, labels_from_folder)


def _check(word: str) -> None:
    """Raises ImageNotFoundError for a word that names nothing: a run of one photo that is not there
    would be a wrong path."""
    if word.startswith("@") or os.path.lexists(word) or glob.has_magic(word):
        return
    raise ImageNotFoundError(
        f"there is no file or folder {word!r}: give a folder, a pattern in quotes, @list.txt, or a "
        f".csv with a column of paths."
    )


def _entry(name: str, path: str, label: str | None, from_folder: bool) -> Entry:
    place = absolute(path)
    label = Path(place).parent.name if from_folder and label is None else label
    return Entry(_text(name), _text(place), None if label is None else _text(label))


def _text(name: str) -> str:
    """A name as UTF-8 can hold it: others are told as not to be found, and harm no photo."""
    return name.encode("utf-8", "backslashreplace").decode()


def _of_table(path: Path, from_folder: bool) -> Iterator[Entry]:
    try:
        check_regular_file(path, ImageError)
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            yield from _of_rows(file, path, from_folder)
    except SeewhyError:  # some of which are errors of files, too
        raise
    except FileNotFoundError:
        raise ImageNotFoundError(f"there is no table {str(path)!r}: check the path.") from None
    except (OSError, csv.Error) as error:
        raise ImageError(f"the table {str(path)!r} cannot be read ({error}).") from error


def _of_rows(file: TextIO, path: Path, from_folder: bool) -> Iterator[Entry]:
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
        place = _beside(path.parent, cells[at])
        true = cells[label] if label is not None and len(cells) > label else ""
        own = cells[name] if name is not None and len(cells) > name else ""
        yield _entry(own or cells[at], place, true or None, from_folder)
    if not count:
        raise ImageNotFoundError(f"the table {str(path)!r} names no photos below its first line.")


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _beside(folder: Path, name: str) -> str:
    """A path from here, or where there is none, from the table's folder."""
    beside = str(folder / name)
    return beside if not os.path.lexists(name) and os.path.lexists(beside) else name
