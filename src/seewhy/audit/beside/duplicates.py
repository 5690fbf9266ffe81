"""The same photo, or nearly, in two folders or with two true classes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from seewhy.audit.beside.alike import groups_of_copies
from seewhy.audit.beside.small_copies import SmallCopies
from seewhy.audit.told import Told
from seewhy.datasets.open_store import Store
from seewhy.datasets.places.address import is_address
from seewhy.datasets.sources.entry import inside, path_of

UNASKED = 20_000
"""Photos up to which duplicates are looked for if that is not asked."""
COMPARED = 200_000
"""Files that are compared for being nearly the same; of more only equal ones are found."""
_COLUMNS = ("row", "id", "source", "label", "error")


@dataclass(frozen=True)
class FiledPhoto:
    """A photo, and where it lies."""

    row: int
    id: str
    source: str
    label: str | None
    folder: str
    """Of its file, or the archive or table that it lies in, from what all have in common on."""


def filed_photos(store: Store) -> list[FiledPhoto]:
    """The photos of a store that could be read, each once."""
    rows: dict[str, tuple[int, str, str | None]] = {}
    for part in range(store.parts):
        if not len(store.kept[part]):
            continue
        table = store.columns_of(part, _COLUMNS)
        columns = (table[name].to_pylist() for name in _COLUMNS)
        for row, id, source, label, error in zip(*columns, strict=True):
            if error is None:
                rows.setdefault(source, (row, id, label))
    folders = _from_common([_folder_of(source) for source in rows])
    return [
        FiledPhoto(row, id, source, label, folder)
        for (source, (row, id, label)), folder in zip(rows.items(), folders, strict=True)
    ]


def _folder_of(source: str) -> str:
    place = inside(source)
    if place is None:
        path = path_of(source)
        return path.rpartition("/")[0] if is_address(path) else str(PurePath(path).parent)
    file, name = place
    within = name.rpartition("/")[0] if file.lower().endswith(".tar") else ""
    return f"{file}!{within}" if within else file


def _from_common(folders: Sequence[str]) -> list[str]:
    """Folders from the last one on that all lie in, "." for that itself."""
    try:
        common = os.path.commonpath(set(folders)) if folders else ""
    except ValueError:  # addresses, or two drives
        return list(folders)
    return [os.path.relpath(each, common) if common else each for each in folders]


def duplicates(
    store: Store, folder: Path | None, asked: tuple[bool | None, int], tell: Told
) -> tuple[dict[str, Any] | None, list[dict[str, Any]], list[str], list[str]]:
    """Groups of photos that are the same or nearly, and lie in several folders or have several true
    classes; all of them as rows of a table; what has to be known; and problems with photos.

    folder: keeps what was read. asked: `duplicates` of the options, and how many groups are told.
    None where it was not looked.
    """
    wanted, most = asked
    if wanted is False:
        return None, [], [], []
    photos = filed_photos(store)
    if wanted is None and len(photos) > UNASKED:
        note = (
            f"it was not looked whether some of {len(photos):,} photos lie in two folders: "
            f"--duplicates reads them all."
        )
        return None, [], [note], []
    if wanted is None and _all_one(photos):
        return None, [], [], []
    reader = SmallCopies([each.source for each in photos], folder)
    digests, copies = reader.read(tell)
    groups = [
        _group([photos[k] for k in places], [digests[k] for k in places])
        for places in groups_of_copies(digests, copies, COMPARED)
    ]
    found = [each for each in groups if each["contradict"] or len(each["folders"]) > 1]
    found.sort(key=lambda each: (not each["contradict"], each["photos"][0]["row"]))
    told = {
        "compared": sum(map(bool, digests)),
        "in_folders": len(found),
        "contradict": sum(each["contradict"] for each in found),
        "in_one_folder": len(groups) - len(found),
        "groups": [each | {"photos": each["photos"][:most]} for each in found[:most]],
    }
    return told, _table(found), _notes(digests), reader.problems


def _all_one(photos: Sequence[FiledPhoto]) -> bool:
    """Whether there is one folder and one true class at most, so that nothing can be told."""
    labels = {each.label for each in photos} - {None}
    return len({each.folder for each in photos}) < 2 and len(labels) < 2


def _group(photos: Sequence[FiledPhoto], digests: Sequence[str]) -> dict[str, Any]:
    """Of many photos, the first of each folder and class stand in front."""
    labels = list(dict.fromkeys(each.label for each in photos if each.label is not None))
    return {
        "same_file": len(set(digests)) == 1,
        "contradict": len(labels) > 1,
        "labels": labels,
        "folders": list(dict.fromkeys(each.folder for each in photos)),
        "count": len(photos),
        "photos": [vars(each) for each in _mixed(photos)],
    }


def _mixed(photos: Sequence[FiledPhoto]) -> list[FiledPhoto]:
    seen: Counter[tuple[str, str | None]] = Counter()
    order: list[tuple[int, int]] = []
    for k, each in enumerate(photos):
        order.append((seen[each.folder, each.label], k))
        seen[each.folder, each.label] += 1
    return [photos[k] for _, k in sorted(order)]


def _table(groups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "group": number,
            "same_file": group["same_file"],
            "contradict": group["contradict"],
            **photo,
        }
        for number, group in enumerate(groups)
        for photo in group["photos"]
    ]


def _notes(digests: Sequence[str]) -> list[str]:
    different = len(set(digests) - {""})
    if different <= COMPARED:
        return []
    return [
        f"of {different:,} different files the first {COMPARED:,} were compared for being nearly "
        f"the same; equal ones were found among all."
    ]
