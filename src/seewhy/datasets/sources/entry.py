"""One photo of a run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from seewhy.images.listing import absolute

_INSIDE = re.compile(r"(?P<file>.+\.(?:tar|parquet))!(?P<name>.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """One photo of a run."""

    id: str
    """What it is called in the store: its path in the folder that was given, the path as it was
    written, or the column id of a table."""
    source: str
    """Its path, absolute; of a photo in a file FILE!MEMBER or FILE!ROW."""
    label: str | None = None
    """Its true class as it was given."""


def entry_of(name: str, path: str, label: str | None, *, from_folder: bool = False) -> Entry:
    """A photo by its path. from_folder: whether its folder names a true class that is not given."""
    place = absolute(path)
    label = Path(place).parent.name if from_folder and label is None else label
    return Entry(as_text(name), as_text(place), None if label is None else as_text(label))


def as_text(name: str) -> str:
    """A name as UTF-8 can hold it: others are told as not to be found, and harm no photo."""
    return name.encode("utf-8", "backslashreplace").decode()


def inside(source: str) -> tuple[str, str] | None:
    """The file that a photo lies in, and its name there; None for a photo of its own file."""
    found = _INSIDE.fullmatch(source)
    if found is None or os.path.lexists(source):
        return None
    return found["file"], found["name"]


def file_of(source: str) -> Path:
    """The file that a photo is, or lies in."""
    found = inside(source)
    return Path(source if found is None else found[0])


def beside(folder: Path, name: str) -> str:
    """A path from here, or where there is none, from a table's folder."""
    path = str(folder / name)
    return path if not os.path.lexists(name) and os.path.lexists(path) else name
