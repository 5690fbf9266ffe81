"""The rows of a store that an audit looks at, as columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seewhy.datasets.open_store import Store
from seewhy.errors import OptionError

MOST_SIDE = 16
"""Cells a side that are told apart; finer maps are averaged."""
MOST_FEATURES = 400_000_000
"""Numbers of features that are held; of more none are read."""
_COLUMNS = ("row", "id", "source", "label", "label_index", "question", "target_index", "top")


@dataclass(frozen=True, eq=False)
class EvidenceRows:
    """Photos with a map for the class that the model predicts."""

    row: np.ndarray
    """int64 (n,): the photo's place in the plan of the store."""
    id: list[str]
    source: list[str]
    label: list[str | None]
    label_index: np.ndarray
    """int32 (n,): -1 where the true class is not known."""
    predicted: np.ndarray
    """int32 (n,): the class that the map speaks for."""
    probability: np.ndarray
    """float32 (n,): its probability, 0..1."""
    maps: np.ndarray = field(repr=False)
    """float32 (n, rows, cols), not negative, each of length 1."""
    features: np.ndarray | None = field(repr=False)
    """float32 (n, units), each of length 1; None where the store has none."""
    places: np.ndarray = field(repr=False)
    """int (n,): where each row stands in the store."""

    def __len__(self) -> int:
        return len(self.row)

    @property
    def grid(self) -> tuple[int, int]:
        rows, cols = self.maps.shape[1:]
        return rows, cols


def evidence_rows(store: Store) -> EvidenceRows:
    """The photos of a store whose maps speak for the predicted class and have positive evidence.

    Raises OptionError for a store without such maps.
    """
    question = asked_question(store)
    parts = [part for part in _parts(store, question) if len(part)]
    if not parts:
        raise OptionError(
            f"the store {str(store.folder)!r} has no map of a class that was predicted: an audit "
            f"needs maps of the top class. Run again with --target top into another folder."
        )
    return _joined(parts)


def asked_question(store: Store) -> str:
    """The question whose maps are looked at."""
    questions = store.manifest["questions"]
    return "top" if "top" in questions else str(questions[0])


def _parts(store: Store, question: str) -> Iterator[EvidenceRows]:
    units = int(store.manifest.get("units") or 0)
    with_features = 0 < units * len(store) <= MOST_FEATURES
    start = 0
    for part in range(store.parts):
        count = len(store.kept[part])
        if count:
            own = store[start : start + count]
            yield _read(own, part, question, start, with_features=with_features)
        start += count


def _read(
    store: Store, part: int, question: str, start: int, *, with_features: bool
) -> EvidenceRows:
    table = store.columns_of(part, _COLUMNS)
    maps = pooled(store.maps)
    predicted, probability = first_of(table["top"])
    target = integers(table["target_index"])
    asked = np.array([each == question for each in table["question"].to_pylist()], bool)
    positive = np.maximum(np.where(np.isfinite(maps), maps, 0), 0)
    length = np.sqrt((positive.astype("float64") ** 2).sum(axis=(1, 2)))
    usable = asked & (predicted >= 0) & (predicted == target) & (length > 0)
    usable &= np.isfinite(maps).all(axis=(1, 2))
    (kept,) = np.nonzero(usable)

    def texts(name: str) -> list[Any]:
        values = table[name].to_pylist()
        return [values[k] for k in kept]

    return EvidenceRows(
        row=integers(table["row"])[kept],
        id=texts("id"),
        source=texts("source"),
        label=texts("label"),
        label_index=integers(table["label_index"])[kept].astype("int32"),
        predicted=predicted[kept],
        probability=probability[kept],
        maps=(positive[kept] / length[kept, None, None]).astype("float32"),
        features=unit_length(store.features[kept]) if with_features else None,
        places=start + kept,
    )


def _joined(parts: list[EvidenceRows]) -> EvidenceRows:
    if len(parts) == 1:
        return parts[0]
    names = ("row", "label_index", "predicted", "probability", "maps", "places")
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in names
    }
    lists: dict[str, Any] = {
        name: [each for part in parts for each in getattr(part, name)]
        for name in ("id", "source", "label")
    }
    features = [part.features for part in parts if part.features is not None]
    joined = np.concatenate(features) if len(features) == len(parts) else None
    return replace(parts[0], **arrays, **lists, features=joined)


def pooled(maps: np.ndarray) -> np.ndarray:
    """Maps or activations (n, rows, cols, …) averaged to at most `MOST_SIDE` cells a side."""
    for axis in (1, 2):
        cells = maps.shape[axis]
        if cells > MOST_SIDE:
            edges = np.linspace(0, cells, MOST_SIDE + 1).round().astype(int)
            sums = np.add.reduceat(maps, edges[:-1], axis=axis)
            maps = sums / np.diff(edges).reshape(-1, *(1 for _ in maps.shape[axis + 1 :]))
    return maps.astype("float32")


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Vectors (…, units) of length 1; zeros where there is none."""
    finite = np.where(np.isfinite(vectors), vectors, 0).astype("float32")
    length = np.linalg.norm(finite, axis=-1, keepdims=True)
    divided: np.ndarray = np.divide(finite, length, out=np.zeros_like(finite), where=length > 0)
    return divided


def integers(column: Any) -> np.ndarray:
    """int64, -1 where there is no value."""
    values: np.ndarray = column.combine_chunks().fill_null(-1).to_numpy(zero_copy_only=False)
    return values.astype("int64")


def first_of(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """int32 and float32 (n,): the index of the first of the top classes, -1 where there is none,
    and its probability."""
    first = [each[0] if each else None for each in column.to_pylist()]
    indices = [-1 if each is None else each["index"] for each in first]
    shares = [np.nan if each is None else each["probability"] for each in first]
    return np.array(indices, "int32"), np.array(shares, "float32")
