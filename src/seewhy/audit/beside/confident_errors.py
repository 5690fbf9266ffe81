"""The most confident wrong predictions, and what spoke for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seewhy.audit.confirm.asked_photos import AskedPhotos
from seewhy.audit.confirm.transplant import filled
from seewhy.audit.find.evidence_rows import asked_question, first_of, integers, pooled
from seewhy.audit.regions import Region, hot_region, pixel_cells, pixel_mask
from seewhy.datasets.open_store import Store
from seewhy.datasets.stored_row import StoredRow

if TYPE_CHECKING:
    from seewhy.explainer.pipeline import Pipeline

_COLUMNS = ("question", "label_index", "top")
AT_ONCE = 64
"""Photos whose pixels are held at once."""


def confident_errors(
    store: Store, pipeline: Pipeline, classes: Collection[int] | None, most: int
) -> tuple[dict[str, Any] | None, list[str]]:
    """The photos that are predicted wrong, the most confident first, and problems with them.

    classes: the predicted or true ones that are asked; None for all. most: how many are told.
    None where no true class is known.
    """
    places, true, predicted, confidence = _known(store)
    if not len(places):
        return None, []
    asked = np.ones(len(places), bool)
    if classes is not None:
        asked = np.isin(predicted, list(classes)) | np.isin(true, list(classes))
    wrong = np.flatnonzero((predicted != true) & asked)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    rows = [store[int(places[k])] for k in order]
    regions = [_hot(row) for row in rows]
    without, problems = _without(store, pipeline, rows, regions)
    entries = [
        _entry(row, region, left) for row, region, left in zip(rows, regions, without, strict=True)
    ]
    found = {"known": int(asked.sum()), "wrong": len(wrong), "photos": entries}
    return found, problems


def _known(store: Store) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The places of photos whose true class is known, and of each that class, the predicted one and
    its probability."""
    question, start = asked_question(store), 0
    found: list[tuple[np.ndarray, ...]] = [
        (np.zeros(0, int), np.zeros(0, int), np.zeros(0, "int32"), np.zeros(0, "float32"))
    ]
    for part in range(store.parts):
        if not len(store.kept[part]):
            continue
        table = store.columns_of(part, _COLUMNS)
        asked = np.array([each == question for each in table["question"].to_pylist()], bool)
        true = integers(table["label_index"])
        predicted, confidence = first_of(table["top"])
        (kept,) = np.nonzero(asked & (true >= 0) & (predicted >= 0))
        found.append((start + kept, true[kept], predicted[kept], confidence[kept]))
        start += len(true)
    places, true, predicted, confidence = (
        np.concatenate(each) for each in zip(*found, strict=True)
    )
    return places, true, predicted, confidence


def _hot(row: StoredRow) -> Region | None:
    """Where the evidence for the predicted class lies; None where there is none."""
    if row.map is None or not row.top or row.target_index != row.top[0].index:
        return None
    if not np.isfinite(row.map).all() or not (row.map > 0).any():
        return None
    return hot_region(np.maximum(pooled(row.map[None]), 0))


def _without(
    store: Store,
    pipeline: Pipeline,
    rows: Sequence[StoredRow],
    regions: Sequence[Region | None],
) -> tuple[list[float | None], list[str]]:
    """The probability of the predicted class with each photo's region filled from its surroundings;
    None where there is no region or no photo."""
    left: list[float | None] = [None] * len(rows)
    problems: list[str] = []
    for places in _together(store, rows, regions):
        own = [rows[k] for k in places]
        photos = AskedPhotos(
            pipeline, [row.source for row in own], bool(store.manifest["exact"]), problems
        )
        kept, pixels = photos.pixels(range(len(own)))
        if not len(kept):
            continue
        masks = np.stack([_mask(regions[places[k]], pixels, store.manifest) for k in kept])
        indices = np.array([_predicted(own[k]) for k in kept])
        shares = photos.probabilities(filled(pixels, masks), indices)
        for k, share in zip(kept, shares, strict=True):
            left[places[k]] = float(share)
    return left, problems


def _together(
    store: Store, rows: Sequence[StoredRow], regions: Sequence[Region | None]
) -> Iterator[list[int]]:
    """Places of photos with a region that the network gets at one size."""
    own_size = store.manifest["input"] is None
    groups: dict[Any, list[int]] = defaultdict(list)
    for k, (row, region) in enumerate(zip(rows, regions, strict=True)):
        if region is not None:
            groups[(row.height, row.width) if own_size else None].append(k)
    for places in groups.values():
        for start in range(0, len(places), AT_ONCE):
            yield places[start : start + AT_ONCE]


def _mask(region: Region | None, pixels: np.ndarray, manifest: Mapping[str, Any]) -> np.ndarray:
    if region is None:
        raise ValueError("a photo without a region")
    rows, cols = region.cells.shape
    where = pixel_cells((rows, cols), (pixels.shape[1], pixels.shape[2]), manifest)
    return pixel_mask(region, where, 0.0)


def _predicted(row: StoredRow) -> int:
    return row.top[0].index if row.top else -1


def _entry(row: StoredRow, region: Region | None, without: float | None) -> dict[str, Any]:
    classes = row.manifest["classes"]
    top = row.top or ()
    return {
        "row": row.row,
        "id": row.id,
        "source": row.source,
        "true": str(classes[row.label_index][1]) if row.label_index is not None else None,
        "true_index": row.label_index,
        "predicted": top[0].name if top else None,
        "predicted_index": top[0].index if top else None,
        "probability": round(float(top[0].probability), 6) if top else None,
        "place": None if region is None else region.place,
        "box": None if region is None else [round(side, 4) for side in region.box],
        "without": None if without is None else round(without, 6),
    }
