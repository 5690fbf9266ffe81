"""Photos as people name them: files, folders, patterns and lists of files."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from seewhy.checks import check_file_size, check_regular_file
from seewhy.errors import ImageError, ImageNotFoundError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
LONGEST_LIST = 500_000_000
"""Bytes of a list of paths; a million paths have about a hundred million."""


def list_photos(photos: Iterable[str | Path]) -> list[str]:
    """The files that are meant, in the order in which they are named, each once.

    photos: files; folders, for all photos in them and in their folders; patterns such as
        "scans/*.png", or "scans/**/*.png" with folders in folders; and lists of all these,
        one a line: "@photos.txt", or "@-" for the standard input. Lines name files from here,
        or beside the list.
    Folders and patterns are in alphabetic order. A file that is there is always taken as it is,
    whatever its name; one that is not there is passed on, so that reading it tells.
    Raises ImageNotFoundError for a folder, a pattern or a list without any photo.
    """
    found: dict[str, str] = {}
    for photo in photos:
        for path in _named(os.fspath(photo)):
            found.setdefault(absolute(path), path)
    return list(found.values())


def absolute(path: str) -> str:
    """The path from the root of the file system, without . and .., with links as they are."""
    return os.path.normpath(Path(path).absolute())


def _named(name: str) -> list[str]:
    """The files of one word."""
    if not name or "\0" in name:
        return [name]
    if Path(name).is_dir():
        return _in_folder(name)
    if name.startswith("@") and len(name) > 1 and not os.path.lexists(name):
        return [path for line in _lines(name[1:]) for path in _named(line)]
    if glob.has_magic(name) and not os.path.lexists(name) and "://" not in name:
        return _matching(name)
    return [name]


def _in_folder(name: str) -> list[str]:
    inside = sorted(map(str, _photos_below(Path(name))))
    if not inside:
        raise ImageNotFoundError(
            f"the folder {name!r} has no photos ({', '.join(sorted(SUFFIXES))})."
        )
    return inside


def _photos_below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file():
            yield file


def _matching(pattern: str) -> list[str]:
    """The photos that a pattern matches, and those in the folders that it matches.

    Where the pattern tells the suffix, files of any suffix are taken.
    """
    of_any_suffix = bool(Path(pattern).suffix) and not glob.has_magic(Path(pattern).suffix)
    paths: list[str] = []
    # unlike Path.glob, it takes patterns from the root and with .. in them
    for match in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207
        if Path(match).is_dir():
            paths += sorted(map(str, _photos_below(Path(match))))
        elif of_any_suffix or Path(match).suffix.lower() in SUFFIXES:
            paths.append(match)
    if not paths:
        raise ImageNotFoundError(
            f"there is no file {pattern!r}, and as a pattern it matches no photo. "
            f"* stands for a part of one name, ** for folders in folders."
        )
    return paths


def _lines(name: str) -> list[str]:
    """What a list names; a path that is not here is looked for beside the list."""
    text = sys.stdin.read() if name == "-" else _text(name)
    lines = [line for line in (line.strip() for line in text.splitlines()) if line]
    if not lines:
        raise ImageNotFoundError(f"the list {name!r} names no photos: it has one path a line.")
    if name == "-":
        return lines
    beside = Path(name).parent
    return [line if _is_there(line) else _beside(beside, line) for line in lines]


def _beside(folder: Path, line: str) -> str:
    path = str(folder / line)
    return path if _is_there(path) else line


def _is_there(path: str) -> bool:
    """Whether there is such a file, or one that it matches as a pattern."""
    matches = glob.has_magic(path) and glob.glob(path)  # noqa: PTH207
    return os.path.lexists(path) or bool(matches)


def _text(name: str) -> str:
    path = Path(name)
    try:
        check_regular_file(path, ImageError)
        check_file_size(path, LONGEST_LIST, ImageError, "lists of photos")
        return path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except FileNotFoundError:
        raise ImageNotFoundError(
            f"there is no list {name!r}: @ stands in front of a text file with one path a line."
        ) from None
    except OSError as error:
        raise ImageError(f"the list {name!r} cannot be read ({error.strerror}).") from error
