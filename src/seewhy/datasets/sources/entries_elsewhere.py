"""Photos behind addresses: folders, patterns, lists, tables, archives and Parquet files there."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache

from seewhy.datasets.places.address import Address, is_pattern
from seewhy.datasets.sources.archives import entries_of_archive
from seewhy.datasets.sources.entry import HOLDERS, LISTS, TABLES, Entry, beside, entry_of
from seewhy.datasets.sources.parquet_tables import entries_of_parquet
from seewhy.datasets.sources.path_tables import entries_of_table
from seewhy.datasets.store_files import MANIFEST, PLAN
from seewhy.errors import ImageError, ImageNotFoundError
from seewhy.images.listing import SUFFIXES


def entries_at(
    address: Address, *, from_folder: bool = False, own: bool = True, is_list: bool = False
) -> Iterator[Entry]:
    """The photos of one address, as `list_entries` has them of paths.

    Folders are listed one after the other, in alphabetic order.
    own: whether it is the only source, so that photos are called by their paths in it.
    is_list: whether it is a list, whatever its name.
    Raises ImageError where there are none, or they cannot be listed.
    """
    try:
        if is_list:
            yield from _of_list(address, from_folder)
        elif is_pattern(str(address)):
            yield from _of_pattern(address, from_folder)
        else:
            yield from _of_word(address, from_folder, own)
    except ImageError:  # some of which are errors of files, too
        raise
    except FileNotFoundError as error:
        raise ImageNotFoundError(
            f"there is no file or folder {str(address)!r}: check the address."
        ) from error
    except OSError as error:
        raise ImageError(f"{str(address)!r} cannot be read ({error.strerror}).") from error


def _of_word(address: Address, from_folder: bool, own: bool) -> Iterator[Entry]:
    suffix = address.suffix.lower()
    if suffix in HOLDERS and not address.is_dir():
        yield from _of_holder(address, from_folder)
    elif suffix in TABLES:
        yield from entries_of_table(address, from_folder=from_folder)
    elif suffix in LISTS:
        yield from _of_list(address, from_folder)
    elif suffix in SUFFIXES and not address.is_dir():
        if not address.exists():
            raise ImageNotFoundError(f"there is no file {str(address)!r}: check the address.")
        yield entry_of(str(address), str(address), None, from_folder=from_folder)
    elif (address / MANIFEST).exists() and (address / PLAN).exists():
        # a store, whose parts name the same photos again
        yield from entries_of_parquet(str(address / PLAN), from_folder=from_folder)
    else:
        yield from _of_folder(address, from_folder, own)


def _of_folder(folder: Address, from_folder: bool, own: bool) -> Iterator[Entry]:
    """Its photos; where there are none, those of the archives and Parquet files inside."""
    found, holders, start = 0, [], len(str(folder).rstrip("/")) + 1
    for file in folder.walk():
        if file.suffix.lower() in HOLDERS and not found:
            holders.append(file)
        if _is_photo(file):
            found += 1
            name = str(file)[start:] if own else str(file)
            yield entry_of(name, str(file), None, from_folder=from_folder)
    if found:
        return
    for file in holders:
        yield from _of_holder(file, from_folder)
    if not holders:
        raise ImageNotFoundError(
            f"there is no folder {str(folder)!r}, or it has no photos "
            f"({', '.join(sorted(SUFFIXES))}), .tar or .parquet files: check the address."
        )


def _of_pattern(pattern: Address, from_folder: bool) -> Iterator[Entry]:
    count, any_suffix = 0, bool(pattern.suffix) and not is_pattern(pattern.suffix)
    # the plan of a store names the photos of its parts
    planned = cache(lambda folder: (folder / PLAN).exists() and (folder / MANIFEST).exists())
    with_plans = fnmatch(PLAN, pattern.name)
    for match in pattern.matches():
        if with_plans and match.name.startswith("part-") and planned(match.parent):
            continue
        if match.suffix.lower() in HOLDERS:
            count += 1
            yield from _of_holder(match, from_folder)
        elif _is_photo(match) or any_suffix:
            count += 1
            yield entry_of(str(match), str(match), None, from_folder=from_folder)
        elif match.is_dir():
            for file in filter(_is_photo, match.walk()):
                count += 1
                yield entry_of(str(file), str(file), None, from_folder=from_folder)
    if not count:
        raise ImageNotFoundError(
            f"{str(pattern)!r} as a pattern matches no photo. * stands for a part of one name, ** "
            f"for folders in folders."
        )


def _of_list(address: Address, from_folder: bool) -> Iterator[Entry]:
    text = address.read_text("utf-8-sig", "surrogateescape")
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    if not lines:
        raise ImageNotFoundError(
            f"the list {str(address)!r} names no photos: it has one path or address a line."
        )
    for line in lines:
        yield entry_of(line, beside(address.parent, line), None, from_folder=from_folder)


def _of_holder(file: Address, from_folder: bool) -> Iterator[Entry]:
    if file.suffix.lower() == ".tar":
        yield from entries_of_archive(str(file))
    else:
        yield from entries_of_parquet(str(file), from_folder=from_folder)


def _is_photo(file: Address) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
