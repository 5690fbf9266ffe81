"""Photos from files, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seewhy.errors import ImageError
from seewhy.images.photo import Photo, load


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
        yield ReadBatch(tuple((path, photo_or_error(path, most)) for path in chunk))


def photo_or_error(path: str, most: int | None = None) -> Photo | ImageError:
    """The photo, or what is wrong with it."""
    try:
        return load(path, most=most)
    except ImageError as error:
        return error
