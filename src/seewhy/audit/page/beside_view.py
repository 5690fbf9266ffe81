"""What the page shows beside the findings: errors, evidence outside of boxes, duplicates, drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.audit.page.pictures import SMALL, jpeg, mean_map, photo_and_overlay
from seewhy.audit.page.views import PHOTOS, Looked, ShownPhoto
from seewhy.datasets.sources.photo_of import photo_of
from seewhy.errors import SeewhyError
from seewhy.render.pictures import plain_picture

GROUPS, OF_GROUP, CLASSES = 12, 6, 24
"""Groups of duplicates that are shown, photos of each, and classes that are compared."""


@dataclass(frozen=True)
class DuplicateView:
    """A photo that is there several times."""

    words: str
    photos: Sequence[tuple[str, str]]
    """Its copies: address of a picture, and name with folder."""


@dataclass(frozen=True)
class DriftView:
    """A class whose evidence may lie elsewhere in another store."""

    name: str
    words: str
    moved: bool
    before: str
    after: str
    """Addresses of mean maps."""


@dataclass(frozen=True)
class BesideView:
    """All of it; None of what was not asked or cannot be told."""

    errors: Sequence[ShownPhoto] | None
    outside: Sequence[ShownPhoto] | None
    duplicates: Sequence[DuplicateView] | None
    drift: Sequence[DriftView] | None
    told: Mapping[str, Any]
    """What `Audit.beside` holds."""


def beside_view(beside: Mapping[str, Any], looked: Looked) -> BesideView:
    """beside: of an audit."""
    errors, outside = beside.get("errors"), beside.get("outside_boxes")
    duplicates, drift = beside.get("duplicates"), beside.get("drift")
    return BesideView(
        errors=None if errors is None else _photos(errors["photos"], looked, _error_words),
        outside=None if outside is None else _photos(outside["photos"], looked, _inside_words),
        duplicates=None if duplicates is None else list(_duplicates(duplicates["groups"])),
        drift=None if drift is None else [_drift(each) for each in drift["classes"][:CLASSES]],
        told=beside,
    )


def _photos(entries: Sequence[Mapping[str, Any]], looked: Looked, words: Any) -> list[ShownPhoto]:
    """The first of these photos that can be shown, under their maps."""
    shown: list[ShownPhoto] = []
    at = {
        int(row): int(place) for row, place in zip(looked.rows.row, looked.rows.places, strict=True)
    }
    for entry in entries[: 2 * PHOTOS]:
        place = at.get(int(entry["row"]))
        pictures = None if place is None else photo_and_overlay(looked.store, place)
        if pictures is not None:
            shown.append(ShownPhoto(*pictures, name=str(entry["id"]), about=words(entry)))
        if len(shown) == PHOTOS:
            break
    return shown


def _error_words(entry: Mapping[str, Any]) -> str:
    words = f"predicted {entry['predicted']} {entry['probability']:.0%}, truly {entry['true']}"
    if entry["place"] is not None:
        words += f"; evidence at {entry['place']}"
    if entry["without"] is not None:
        words += f"; {entry['without']:.0%} with that filled"
    return words


def _inside_words(entry: Mapping[str, Any]) -> str:
    return (
        f"predicted {entry['predicted']} {entry['probability']:.0%}; {entry['inside']:.0%} of the "
        f"evidence inside, of {entry['area']:.0%} of the photo"
    )


def _duplicates(groups: Sequence[Mapping[str, Any]]) -> Iterator[DuplicateView]:
    for group in groups[:GROUPS]:
        what = "the same file" if group["same_file"] else "nearly the same"
        classes = ", ".join(map(str, group["labels"])) or "not known"
        contradict = " (they contradict)" if group["contradict"] else ""
        shown = [(_small(each["source"]), str(each["id"])) for each in group["photos"][:OF_GROUP]]
        yield DuplicateView(
            f"{group['count']} photos, {what}; true classes: {classes}{contradict}",
            [(address, name) for address, name in shown if address],
        )


def _small(source: str) -> str:
    """The photo, small; "" where it is gone."""
    try:
        return jpeg(plain_picture(photo_of(source)), SMALL)
    except SeewhyError:
        return ""


def _drift(entry: Mapping[str, Any]) -> DriftView:
    maps = [np.array(entry[name], "float32")[None] for name in ("mean_a", "mean_b")]
    moved = "its evidence moved" if entry["moved"] else "no difference beyond chance"
    far, chance = f"{entry['distance']:.0%}", f"{entry['by_chance']:.0%}"
    shares = f"{entry['share_a']:.0%} of the photos in the first, {entry['share_b']:.0%}"
    return DriftView(
        name=str(entry["class"]),
        words=f"{moved}: {far} of it lies elsewhere ({chance} by chance, p "
        f"{entry['p_corrected']:.2g}); {shares} in the other",
        moved=bool(entry["moved"]),
        before=mean_map(maps[0]),
        after=mean_map(maps[1]),
    )
