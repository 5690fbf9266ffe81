"""One photo of a run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from seewhy.datasets.places.address import Address, has_secrets, is_address, without_secrets
from seewhy.datasets.places.places import Place, place_of, whole
from seewhy.errors import ImageError

_ENCODED, _NO_UTF8 = "file:/", re.compile("[\udc80-\udcff]")
TABLES, LISTS, HOLDERS = (".csv", ".tsv"), (".txt", ".lst"), (".tar", ".parquet")
"""Endings of files that name or hold photos."""
_INSIDE = re.compile(r"(?P<file>.+\.(?:tar|parquet))!(?P<name>.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """One photo of a run."""

    id: str
    """What it is called in the store: its path in the folder that was given, the path as it was
    written, or the column id of a table."""
    source: str
    """Its path, absolute; of a photo in a file FILE!MEMBER or FILE!ROW. See `source_text`."""
    label: str | None = None
    """Its true class as it was given."""


def entry_of(name: str, path: str, label: str | None, *, from_folder: bool = False) -> Entry:
    """A photo by its path. from_folder: whether its folder names a true class that is not given.

    Raises ImageError for an address with secrets, which would stand in the store.
    """
    if has_secrets(path):
        raise ImageError(
            f"the address {without_secrets(path)!r} in a list has a password or a query: they "
            f"would be kept in the store. Give them to fsspec (its settings, or variables of the "
            f"environment), and the addresses without."
        )
    place = whole(path)
    label = place_of(place).parent.name if from_folder and label is None else label
    return Entry(as_text(name), source_text(place), None if label is None else as_text(label))


def as_text(name: str) -> str:
    """A name as UTF-8 can hold it: bytes of file names that are none are written as %FF."""
    text = _NO_UTF8.sub(lambda found: f"%{ord(found[0]) - 0xDC00:02X}", name)
    return text.encode("utf-8", "backslashreplace").decode()


def source_text(path: str) -> str:
    """A path as UTF-8 can hold it, so that `path_of` finds it again: one whose name is not UTF-8
    becomes an address file:/… with its bytes percent-encoded."""
    if not _NO_UTF8.search(path):
        return as_text(path)
    path = "/" + path.lstrip("/")  # file:// would be another kind of address
    return f"file:{quote(path.encode('utf-8', 'surrogateescape'), safe='/!')}"


def path_of(source: str) -> str:
    """The path that `source_text` was given."""
    if not source.startswith(_ENCODED):
        return source
    return unquote_to_bytes(source.removeprefix("file:")).decode("utf-8", "surrogateescape")


def inside(source: str) -> tuple[str, str] | None:
    """The file that a photo lies in, and its name there; None for a photo of its own file."""
    path = path_of(source)
    found = _INSIDE.fullmatch(path)
    if found is None or os.path.lexists(path):
        return None
    return found["file"], found["name"]


def file_of(source: str) -> Place:
    """The file that a photo is, or lies in."""
    found = inside(source)
    return place_of(path_of(source) if found is None else found[0])


def beside(folder: Place, name: str) -> str:
    """A path from here, or where there is none, from a table's folder; from a folder elsewhere, if
    it is none from the root."""
    if is_address(name) or isinstance(folder, Address):
        return name if is_address(name) or name.startswith("/") else str(folder / name)
    path = str(folder / name)
    return path if not os.path.lexists(name) and os.path.lexists(path) else name
