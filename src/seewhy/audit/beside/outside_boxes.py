"""How much of each photo's evidence lies inside of boxes or masks that people drew."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from seewhy import ground_truth
from seewhy.audit.find.evidence_rows import asked_question
from seewhy.audit.told import Told
from seewhy.datasets.open_store import Store
from seewhy.datasets.sources.entry import inside, path_of
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import OptionError
from seewhy.ground_truth import Annotated, Annotations
from seewhy.images.geometry import Geometry

LARGEST = 2048
"""Pixels of the longer side at which boxes are laid over larger photos."""
NARROW = 64
"""Pixels that the shorter side keeps then, so that proportions are not rounded."""
_KEYS = ("row", "id", "source", "question", "error")


@dataclass(frozen=True)
class DrawnBoxes:
    """What was drawn on photos of a store."""

    annotations: Annotations
    of_row: dict[int, Annotated]
    """By the row of the plan; of photos on which something was drawn."""
    photos: int
    """Photos of the store."""


def drawn_boxes(store: Store, boxes: Any) -> DrawnBoxes:
    """What was drawn on which photo. boxes: a file or folder, or `Annotations`.

    Raises OptionError for boxes that cannot be read, or of none of the photos.
    """
    given = isinstance(boxes, Annotations)
    annotations: Annotations = boxes if given else ground_truth.read(boxes)
    names: dict[int, str] = {}
    for part in range(store.parts):
        if len(store.kept[part]):
            table = store.columns_of(part, ("row", "id", "source"))
            columns = (table[name].to_pylist() for name in ("row", "id", "source"))
            for row, id, source in zip(*columns, strict=True):
                names[row] = _name_of(id, source)
    drawn = ground_truth.looked_up(annotations, list(names.values()))
    if all(part is None for part in drawn):
        raise ground_truth.nothing_about(annotations, list(names.values()))
    of_row = {row: part for row, part in zip(names, drawn, strict=True) if part}
    if not of_row:
        raise OptionError(
            f"{annotations.source!r} lists photos of the store, and nothing is drawn on any of "
            f"them: give a file with boxes or masks."
        )
    return DrawnBoxes(annotations, of_row, len(names))


def _name_of(id: str, source: str) -> str:
    """The name by which a photo's boxes are found: its path, or of one in an archive the member;
    of one in a table its id."""
    place = inside(source)
    if place is None:
        return path_of(source)
    return place[1] if place[0].lower().endswith(".tar") else id


@dataclass(frozen=True)
class Inside:
    """One photo's evidence beside what was drawn on it."""

    row: StoredRow
    share: float
    """Of the positive evidence, inside of the boxes, 0..1."""
    area: float
    """The boxes' share of what the network saw of the photo, 0..1: `share` of an even map."""
    hit: bool
    """Whether the hottest point lies inside."""


def outside_boxes(
    store: Store,
    drawn: DrawnBoxes,
    classes: Collection[int] | None,
    most: int,
    tell: Told,
) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """What lies outside, all photos as rows of a table, and problems with photos.

    classes: predicted ones that are asked; None for all. most: how many photos are told, those
    with the least inside.
    """
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    measured = 0
    for row in _rows(store, classes):
        annotated = drawn.of_row.get(row.row)
        if annotated is None:
            continue
        measured += 1
        if measured % 64 == 1:
            tell("Boxes", measured, len(drawn.of_row))
        try:
            found.append(_entry(inside_of(row, annotated)))
        except OptionError as error:
            problems.append(f"{row.source}: {error}")
    if not found:
        reason = problems[0] if problems else "none of their photos has evidence for its top class."
        raise OptionError(f"no photo can be compared with {drawn.annotations.source!r}: {reason}")
    found.sort(key=lambda each: (each["inside"], each["row"]))
    told = {
        "boxes": drawn.annotations.source,
        "measured": len(found),
        "without_boxes": drawn.photos - len(drawn.of_row),
        **_means(found),
        "classes": _of_classes(found),
        "photos": found[:most],
    }
    return told, found, problems


def _rows(store: Store, classes: Collection[int] | None) -> Iterator[StoredRow]:
    """Photos with positive evidence for the class that is predicted."""
    question = asked_question(store)
    for row in store:
        if row.question != question or row.map is None or not row.top:
            continue
        index = row.top[0].index
        if row.target_index != index or (classes is not None and index not in classes):
            continue
        if np.isfinite(row.map).all() and (row.map > 0).any():
            yield row


def inside_of(row: StoredRow, annotated: Annotated) -> Inside:
    """How much of a photo's positive evidence lies inside of what was drawn on it.

    The map lies on the photo as it is drawn: linear between the centres of its cells, nothing
    where the network did not see the photo. Raises OptionError for boxes of another picture, and
    where the evidence lies on no pixel of the photo.
    """
    size = _size_of(row.height or 0, row.width or 0)
    geometry = row.geometry.of_size(size)
    mask = annotated.mask(*size)
    positive = np.maximum(np.zeros((1, 1)) if row.map is None else row.map, 0).astype("float64")
    grid = positive.shape[0], positive.shape[1]
    every = _all_of(geometry, grid)
    total = float((every * positive).sum())
    if total <= 0:
        raise OptionError("its evidence lies where the network's input shows nothing of the photo.")
    own = geometry.within(mask, grid)
    share = float((own * positive).sum()) / total
    area = float(own.sum() / every.sum())
    row_of, column = _hottest(geometry, positive)
    hit = bool(mask[row_of, column])
    return Inside(row, min(max(share, 0.0), 1.0), min(max(area, 0.0), 1.0), hit)


def _size_of(height: int, width: int) -> tuple[int, int]:
    """The size at which boxes are laid over a photo of this size."""
    scale = min(1.0, LARGEST / max(height, width))
    if scale == 1.0 or min(height, width) * scale < NARROW:
        return height, width
    return round(height * scale), round(width * scale)


@lru_cache(maxsize=64)
def _all_of(geometry: Geometry, grid: tuple[int, int]) -> np.ndarray:
    return geometry.within(np.ones(geometry.photo, bool), grid)


def _hottest(geometry: Geometry, positive: np.ndarray) -> tuple[int, int]:
    """The pixel of the photo at which the map is largest."""
    cell = np.unravel_index(positive.argmax(), positive.shape)
    found = []
    for axis, cells in enumerate(positive.shape):
        edges = geometry.cell_edges(axis, cells)
        found.append(int(np.floor((edges[cell[axis]] + edges[cell[axis] + 1]) / 2)))
    within = all(0 <= at < side for at, side in zip(found, geometry.photo, strict=True))
    if not within or not geometry.sees(found):  # in the bars of a letterbox
        enlarged = geometry.to_photo(positive)
        found = [int(at) for at in np.unravel_index(enlarged.argmax(), enlarged.shape)]
    return found[0], found[1]


def _entry(measured: Inside) -> dict[str, Any]:
    row = measured.row
    top = row.top or ()
    return {
        "row": row.row,
        "id": row.id,
        "source": row.source,
        "true": row.label,
        "predicted": top[0].name,
        "predicted_index": top[0].index,
        "probability": round(float(top[0].probability), 6),
        "inside": round(measured.share, 4),
        "area": round(measured.area, 4),
        "hottest_outside": not measured.hit,
    }


def _of_classes(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures of each predicted class, that with the least inside first."""
    by_class: dict[int, list[dict[str, Any]]] = {}
    for each in found:
        by_class.setdefault(each["predicted_index"], []).append(each)
    told = [
        {"class": rows[0]["predicted"], "class_index": index, "photos": len(rows), **_means(rows)}
        for index, rows in by_class.items()
    ]
    return sorted(told, key=lambda each: (each["mean_inside"], each["class_index"]))


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "mean_inside": round(float(np.mean([each["inside"] for each in rows])), 4),
        "mean_area": round(float(np.mean([each["area"] for each in rows])), 4),
        "hottest_outside": sum(each["hottest_outside"] for each in rows),
    }
