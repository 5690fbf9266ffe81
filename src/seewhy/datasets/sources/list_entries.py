"""The photos of a run: folders, patterns, lists, tables, archives and Parquet files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from seewhy.datasets.places.address import Address, is_address, known_place
from seewhy.datasets.sources.archives import entries_of_archive
from seewhy.datasets.sources.entries_elsewhere import entries_at
from seewhy.datasets.sources.entry import HOLDERS, LISTS, TABLES, Entry, entry_of
from seewhy.datasets.sources.parquet_tables import entries_of_parquet
from seewhy.datasets.sources.path_tables import entries_of_table
from seewhy.datasets.store_files import MANIFEST, PLAN
from seewhy.errors import ImageNotFoundError
from seewhy.images.listing import absolute, list_photos


def list_entries(sources: Sequence[str], *, labels_from_folder: bool = False) -> Iterator[Entry]:
    """The photos that words name, in their order.

    sources: what `images.listing.list_photos` takes; .txt files, lists of paths as with @; .csv and
        .tsv files with a column of paths (`PATHS`) and, where they have them, one of true classes
        (`LABELS`) and one of ids ("id"); .tar files, as WebDataset has them; .parquet files with a
        column of photos; and folders and patterns of those two. Paths in tables are looked for from
        here, then beside them. All of them may be addresses such as s3://bucket/photos, too.
    labels_from_folder: whether the folder that a photo lies in names its true class.
    Raises ImageError for what has no photos.
    """
    plain: list[str] = []
    words = [_known(os.fspath(word)) for word in sources]
    found = _each_once([[] if _elsewhere(word) else _holders(word) for word in words])
    for word, (named, holders) in zip(words, found, strict=True):
        if _elsewhere(word):
            address, own = Address(word.removeprefix("@")), len(words) == 1
            yield from entries_at(
                address, from_folder=labels_from_folder, own=own, is_list=word.startswith("@")
            )
            continue
        for path in holders:
            if path.lower().endswith(".tar"):
                yield from entries_of_archive(path)
            else:
                yield from entries_of_parquet(path, from_folder=labels_from_folder)
        if named:
            continue
        if Path(word).suffix.lower() in TABLES:
            yield from entries_of_table(Path(word), from_folder=labels_from_folder)
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


def _known(word: str) -> str:
    """A word whose address, if it is one or that of a list, has no secrets any more."""
    mark = "@" if word.startswith("@") and is_address(word[1:]) else ""
    return mark + known_place(word[len(mark) :])


def _elsewhere(word: str) -> bool:
    return is_address(word.removeprefix("@"))


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
