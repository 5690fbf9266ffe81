"""Photos as people name them: files, and folders of files; listed, and read batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seewhy.errors import ImageError, ImageNotFoundError
from seewhy.images.photo import Photo, load

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass(frozen=True)
class ReadBatch:
    """Some photos that were read together."""

    results: tuple[tuple[str, Photo | ImageError], ...]
    """Each path with its photo, or with what is wrong with it, in the order of the paths."""

    @property
    def photos(self) -> list[tuple[str, Photo]]:
        """The paths that could be read, with their photos."""
        return [(path, photo) for path, photo in self.results if isinstance(photo, Photo)]

    @property
    def problems(self) -> list[tuple[str, ImageError]]:
        """The paths that could not be read, and why."""
        return [(path, error) for path, error in self.results if isinstance(error, ImageError)]


def read_in_batches(
    paths: Sequence[str], size: int, most: int | None = None
) -> Iterator[ReadBatch]:
    """Photos from files, so many at once; one that cannot be read stops none of the others.

    most: as for `load`.
    """
    for start in range(0, len(paths), size):
        chunk = paths[start : start + size]
        yield ReadBatch(tuple((path, _photo_or_error(path, most)) for path in chunk))


def _photo_or_error(path: str, most: int | None) -> Photo | ImageError:
    try:
        return load(path, most=most)
    except ImageError as error:
        return error


def list_photos(photos: Iterable[str | Path]) -> list[str]:
    """Files as they are given, and in place of a folder all photos in it and in its folders.

    A folder's photos are in alphabetic order. Raises ImageNotFoundError for a folder without any.
    """
    paths: list[str] = []
    for photo in photos:
        place = Path(photo)
        if not place.is_dir():
            paths.append(str(photo))
            continue
        inside = sorted(
            str(file)
            for file in place.rglob("*")
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
        )
        if not inside:
            raise ImageNotFoundError(
                f"the folder {str(photo)!r} has no photos ({', '.join(sorted(SUFFIXES))})."
            )
        paths += inside
    return paths
