"""Photos in tar archives, as WebDataset has them: members of one name are one sample."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from seewhy.datasets.places.address import Address, is_address
from seewhy.datasets.places.places import changed, opened, whole
from seewhy.datasets.sources.entry import Entry, as_text, source_text
from seewhy.errors import ImageError, ImageNotFoundError, SeewhyError
from seewhy.images.listing import SUFFIXES

CLASSES = (".cls", ".label")
"""Endings of members that hold the true class of the photo of their name."""
LONGEST, LONGEST_CLASS = 1_000_000_000, 1000
"""Bytes of a photo, and of a class, beyond which a member is neither."""


def entries_of_archive(path: str) -> Iterator[Entry]:
    """The photos of one archive, in its order. Raises ImageError, also where there are none."""
    try:
        with opened(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
            members = [member for member in archive.getmembers() if member.isreg()]
            labels = {
                _key(member.name): _text_of(archive, member)
                for member in members
                if _suffix(member.name) in CLASSES and member.size <= LONGEST_CLASS
            }
    except (OSError, tarfile.TarError) as error:
        raise ImageError(
            f"the archive {path!r} cannot be read ({error}): give a .tar file that is not "
            f"compressed."
        ) from error
    names = [member.name for member in members if _suffix(member.name) in SUFFIXES]
    if not names:
        raise ImageNotFoundError(f"the archive {path!r} has no photos.")
    for name in names:
        place = f"{whole(path)}!{name}"
        yield Entry(as_text(name), source_text(place), labels.get(_key(name)))


def member_of_archive(path: str, name: str) -> bytes:
    """The bytes of one member. Raises ImageError."""
    try:
        places = _places(path, changed(path))
        start, size = places[name]
        if size > LONGEST:
            raise ImageError(f"{name!r} in {path!r} has {size:,} bytes: that is no photo.")
        if is_address(path):
            return Address(path).read_range(start, size)
        with Path(path).open("rb") as file:
            file.seek(start)
            return file.read(size)
    except SeewhyError:  # some of which are errors of files, too
        raise
    except KeyError:
        raise ImageNotFoundError(f"there is no {name!r} in {path!r} any more.") from None
    except (OSError, tarfile.TarError) as error:
        raise ImageError(f"the archive {path!r} cannot be read ({error}).") from error


@lru_cache(maxsize=8)
def _places(path: str, when: int) -> dict[str, tuple[int, int]]:  # noqa: ARG001
    """Where the members of an archive begin, and how long they are; only headers are read."""
    with opened(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        return {each.name: (each.offset_data, each.size) for each in archive if each.isreg()}


def _text_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = archive.extractfile(member)
    text = b"" if file is None else file.read()
    return text.decode("utf-8", "replace").strip()


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _key(name: str) -> str:
    """What the members of one sample have in common: the path up to the name's first dot."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.partition(".")[0] or path.name))
