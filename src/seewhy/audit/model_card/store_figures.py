"""What the rows of a store say in all: classes, confidence, and figures of their maps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seewhy.datasets.open_store import Store

_COLUMNS = (
    *("question", "error", "label", "label_index", "top", "warnings"),
    *("positive_share", "border_share"),
)


@dataclass
class Mean:
    """The mean of numbers that come in parts; NaN are left out."""

    total: float = 0.0
    count: int = 0

    def add(self, values: np.ndarray) -> None:
        finite = values[np.isfinite(values)]
        self.total += float(finite.sum(dtype="float64"))
        self.count += len(finite)

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass
class StoreFigures:
    """Figures of the rows of one question, each of which is a photo."""

    question: str
    photos: int = 0
    unreadable: int = 0
    true: Counter[str] = field(default_factory=Counter)
    """Photos by their true class, of classes that the model has."""
    right: Counter[str] = field(default_factory=Counter)
    """Of these those that are predicted right."""
    predicted: Counter[int] = field(default_factory=Counter)
    """Photos by the index of the predicted class."""
    foreign: int = 0
    """Photos whose true class the model does not have."""
    confidence: Mean = field(default_factory=Mean)
    """Probability of the predicted class; of the right and the wrong ones the next two."""
    confidence_right: Mean = field(default_factory=Mean)
    confidence_wrong: Mean = field(default_factory=Mean)
    positive: Mean = field(default_factory=Mean)
    border: Mean = field(default_factory=Mean)
    without_evidence: int = 0
    """Photos whose map has no positive value."""
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def read(self) -> int:
        return self.photos - self.unreadable

    @property
    def accuracy(self) -> float | None:
        known = self.true.total()
        return self.right.total() / known if known else None

    def add(self, table: Any) -> None:
        """Count the rows of a part, a table of pyarrow."""
        asked = np.array(table["question"].to_pylist(), object) == self.question
        self.photos += int(asked.sum())
        known = asked & ~np.asarray(table["error"].combine_chunks().is_valid())
        self.unreadable += int((asked & ~known).sum())
        top, confidence = _first_of(table["top"].combine_chunks())
        self._add_classes(table, known, top, confidence)
        border = _numbers(table["border_share"])[known]
        self.border.add(border)
        self.positive.add(_numbers(table["positive_share"])[known])
        self.without_evidence += int(np.isnan(border).sum())
        names = table["warnings"].combine_chunks().filter(_mask(known)).flatten()
        self.warnings.update({each["values"]: each["counts"] for each in _counted(names)})

    def _add_classes(
        self, table: Any, known: np.ndarray, top: np.ndarray, confidence: np.ndarray
    ) -> None:
        predicted = known & (top >= 0)
        self.predicted.update(Counter(top[predicted].tolist()))
        self.confidence.add(confidence[predicted])
        index = _numbers(table["label_index"])
        labels = np.array(table["label"].to_pylist(), object)
        with_label = np.array([label is not None for label in labels], bool)
        self.foreign += int((known & with_label & np.isnan(index)).sum())
        true = predicted & ~np.isnan(index)
        right = true & (top == np.nan_to_num(index, nan=-1))
        self.true.update(Counter(labels[true].tolist()))
        self.right.update(Counter(labels[right].tolist()))
        self.confidence_right.add(confidence[right])
        self.confidence_wrong.add(confidence[true & ~right])


def store_figures(store: Store) -> StoreFigures:
    """Of the maps of the predicted class, or where none were asked, of the first question."""
    questions = store.manifest["questions"]
    figures = StoreFigures("top" if "top" in questions else questions[0])
    for part in range(store.parts):
        if len(store.kept[part]):
            figures.add(store.columns_of(part, _COLUMNS))
    return figures


def _first_of(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """int64 (n,) and float64 (n,): index and probability of the first of the top classes, -1 and
    NaN where there is none."""
    index, share = np.full(len(column), -1), np.full(len(column), np.nan)
    lengths = np.asarray(column.value_lengths().fill_null(0))
    has = np.flatnonzero(lengths > 0)
    first = np.asarray(column.offsets)[:-1][has]
    index[has] = np.asarray(column.values.field("index"))[first]
    share[has] = np.asarray(column.values.field("probability"))[first]
    return index, share


def _numbers(column: Any) -> np.ndarray:
    """float64 (n,), NaN where there is no value."""
    values: np.ndarray = column.combine_chunks().to_numpy(zero_copy_only=False)
    return values.astype("float64")


def _mask(values: np.ndarray) -> Any:
    from seewhy.datasets.arrow import pyarrow

    return pyarrow().array(values)


def _counted(names: Any) -> list[dict[str, Any]]:
    return list(names.value_counts().to_pylist())
