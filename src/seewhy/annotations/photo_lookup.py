"""Which annotations belong to which photo: by the ends of their paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath, PureWindowsPath

from seewhy.annotations.records import Annotated, Annotations
from seewhy.errors import OptionError


def matched(annotations: Annotations, photos: Sequence[str | Path]) -> list[Annotated]:
    """The annotation of each photo, in the photos' order, as `looked_up` finds it.

    Raises OptionError that names the photos without annotation, too.
    """
    rows = looked_up(annotations, photos)
    missing = [str(photo) for photo, row in zip(photos, rows, strict=True) if row is None]
    if missing:
        raise nothing_about(annotations, missing)
    return [row for row in rows if row is not None]


def looked_up(annotations: Annotations, photos: Sequence[str | Path]) -> list[Annotated | None]:
    """The annotation of each photo, in the photos' order; None where there is none.

    They are matched by their names without folder and suffix; where several have one name, by as
    many folders as it takes. Raises OptionError that names the photos that several fit.
    """
    known: dict[str, list[Annotated]] = defaultdict(list)
    for entry in annotations.photos:
        known[_parts(entry.photo)[-1]].append(entry)
    rows = [_most_folders_shared(known[_parts(photo)[-1]], _parts(photo)) for photo in photos]
    several = [str(photo) for photo, row in zip(photos, rows, strict=True) if len(row) > 1]
    if several:
        raise OptionError(
            f"{annotations.source!r} has several entries that fit {_first_names(several)}. Give "
            f"the photos' paths with the folders that the file has."
        )
    return [row[0] if row else None for row in rows]


def nothing_about(annotations: Annotations, photos: Sequence[str]) -> OptionError:
    """The error that tells which photos have no annotation, and what there is instead."""
    names = ", ".join(repr(entry.photo) for entry in annotations.photos[:3])
    return OptionError(
        f"{annotations.source!r} has nothing about {_first_names(photos)}. It is about "
        f"{len(annotations.photos)} photos, such as {names}."
    )


def _most_folders_shared(rivals: list[Annotated], photo: list[str]) -> list[Annotated]:
    """Those that share the most folders with a photo."""
    shared = [_folders_shared(_parts(rival.photo), photo) for rival in rivals]
    return [rival for rival, many in zip(rivals, shared, strict=True) if many == max(shared)]


def _folders_shared(first: list[str], second: list[str]) -> int:
    pairs = zip(reversed(first), reversed(second), strict=False)
    same = [a == b for a, b in pairs]
    return same.index(False) if False in same else len(same)


def _parts(name: str | Path) -> list[str]:
    # files may have been written on Windows
    path = PureWindowsPath(name) if "\\" in str(name) else PurePath(name)
    return [*path.parts[:-1], _stem(path.name)]


def _stem(name: str) -> str:
    """Without a photo's suffix: VOC files may name photos without one, and have dots in names."""
    start, dot, suffix = name.rpartition(".")
    known = {"jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "xml", "txt", "json"}
    return start if dot and suffix.lower() in known else name


def _first_names(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} others"
