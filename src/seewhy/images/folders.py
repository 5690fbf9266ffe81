"""Photos as people name them: files, and folders of files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from seewhy.errors import ImageNotFoundError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def list_photos(photos: Iterable[str | Path]) -> list[str]:
    """Files as they are given, and in place of a folder all photos in it and in its folders.

    A folder's photos are in alphabetic order. Raises ImageNotFoundError for a folder without any.
    """
    found: list[str] = []
    for one in photos:
        place = Path(one)
        if not place.is_dir():
            found.append(str(one))
            continue
        own = sorted(
            str(file)
            for file in place.rglob("*")
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
        )
        if not own:
            raise ImageNotFoundError(
                f"the folder {str(one)!r} has no photos ({', '.join(sorted(SUFFIXES))})."
            )
        found += own
    return found
