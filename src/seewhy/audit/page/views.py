"""What the page shows of findings and of classes without any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.audit.confirm.asked_photos import AskedPhotos
from seewhy.audit.find.evidence_rows import EvidenceRows, unit_length
from seewhy.audit.finding import Finding
from seewhy.audit.page.pairs import Pair, pairs_of
from seewhy.audit.page.pictures import SMALL, jpeg, mean_map, photo_and_overlay, under_map
from seewhy.audit.page.scatter import drawn_points, scattered
from seewhy.audit.regions import region_of_cells
from seewhy.datasets.open_store import Store

PHOTOS = 12
"""Photos of a finding, and of a class without findings."""
CLASSES = 24
"""Classes without findings whose photos are shown, the largest; of the others the mean map is."""


@dataclass(frozen=True, eq=False)
class Looked:
    """What an audit looked at, as its page needs it."""

    store: Store
    rows: EvidenceRows
    photos: AskedPhotos
    seed: int
    asked: frozenset[int] | None
    """Indices of the classes that were asked for; None for all."""

    @property
    def manifest(self) -> dict[str, Any]:
        return self.store.manifest

    def of_class(self, index: int) -> np.ndarray:
        """int (n,): places of the photos that are predicted as a class."""
        return np.flatnonzero(self.rows.predicted == index)

    def name(self, index: int) -> str:
        return str(self.manifest["classes"][index][1])


@dataclass(frozen=True)
class ShownPhoto:
    """A photo and the same under its map, as addresses of pictures."""

    plain: str
    overlay: str
    name: str
    about: str


@dataclass(frozen=True)
class FindingView:
    """One finding as the page shows it."""

    finding: Finding
    number: int
    map: str
    small_map: str
    photos: Sequence[ShownPhoto]
    pasted: Sequence[Pair]
    removed: Sequence[Pair]
    points: Mapping[str, Any]
    """Of the scatter: which class's points, and which of them are the finding's."""


@dataclass(frozen=True)
class ClassView:
    """A class without findings."""

    name: str
    count: int
    map: str
    photos: Sequence[ShownPhoto]


def finding_view(number: int, finding: Finding, rows: Sequence[int], looked: Looked) -> FindingView:
    """rows: of the finding's photos in the plan of the store."""
    all = looked.rows
    members = np.flatnonzero(np.isin(all.row, rows))
    region = region_of_cells(finding.cells, all.grid)
    maps = all.maps[members]
    inside = maps[:, region.cells].sum(axis=1) / maps.sum(axis=(1, 2))
    pasted, removed = pairs_of(finding, members, all, looked.photos, looked.manifest)
    return FindingView(
        finding=finding,
        number=number,
        map=mean_map(maps, region),
        small_map=mean_map(maps, region, 72),
        photos=_shown(members[np.argsort(-inside, kind="stable")], looked),
        pasted=pasted,
        removed=removed,
        points={},
    )


def class_views(findings: Sequence[Finding], looked: Looked) -> list[ClassView]:
    """Classes of which nothing was found, the largest first, each with photos drawn at random."""
    known = {each.class_index for each in findings}
    counts = np.bincount(looked.rows.predicted)
    views: list[ClassView] = []
    for index in np.argsort(-counts, kind="stable"):
        asked = looked.asked is None or int(index) in looked.asked
        if not counts[index] or int(index) in known or not asked:
            continue
        members = looked.of_class(int(index))
        random = np.random.default_rng([looked.seed, int(index)])
        shown = random.permutation(members) if len(views) < CLASSES else members[:0]
        photos = _shown(shown, looked)
        side = 256 if len(views) < CLASSES else 96
        maps = looked.rows.maps[members]
        name = looked.name(int(index))
        views.append(ClassView(name, len(members), mean_map(maps, side=side), photos))
    return views


def points_of(index: int, members: np.ndarray, looked: Looked) -> dict[str, Any]:
    """The photos of a class as points, each with its picture.

    members: int, places of the photos that belong to findings of the class.
    """
    rows = looked.rows
    random = np.random.default_rng([looked.seed, index, 1])
    drawn = drawn_points(looked.of_class(index), members, random)
    kept, pixels = looked.photos.pixels(drawn)
    if not len(kept):
        return {"views": {}, "points": []}
    maps = unit_length(rows.maps[kept].reshape(len(kept), -1))
    views = {"maps": scattered(maps, looked.seed)}
    if rows.features is not None:
        views["features"] = scattered(rows.features[kept], looked.seed)
    extents = looked.manifest["extents"]
    return {
        "views": {name: (1000 * at).round().astype(int).tolist() for name, at in views.items()},
        "points": [
            {
                "row": int(rows.row[place]),
                "name": rows.id[place],
                "about": _about(place, looked),
                "plain": jpeg(own, SMALL),
                "overlay": jpeg(under_map(own, rows.maps[place], extents), SMALL),
            }
            for place, own in zip(kept, pixels, strict=True)
        ],
    }


def _shown(places: np.ndarray, looked: Looked) -> list[ShownPhoto]:
    """The first photos of these that are still there."""
    shown: list[ShownPhoto] = []
    for place in places[: 2 * PHOTOS]:
        pictures = photo_and_overlay(looked.store, int(looked.rows.places[place]))
        if pictures is not None:
            about = _about(place, looked)
            shown.append(ShownPhoto(*pictures, name=looked.rows.id[place], about=about))
        if len(shown) == PHOTOS:
            break
    return shown


def _about(place: int, looked: Looked) -> str:
    """What is known of a photo's classes, in words."""
    rows = looked.rows
    predicted = looked.name(int(rows.predicted[place]))
    true = int(rows.label_index[place])
    if true < 0:
        return f"predicted {predicted}"
    if true == rows.predicted[place]:
        return f"{predicted}, right"
    return f"predicted {predicted}, truly {looked.name(true)}"
