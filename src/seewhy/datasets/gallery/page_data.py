"""What a page knows of all rows at once, as columns of small numbers."""

from __future__ import annotations

import math
from typing import Any

from seewhy.datasets.gallery.pictures import Picture
from seewhy.datasets.stored_row import StoredRow

SHARES = 256
"""What 1 becomes in columns of figures: stores round them to 1/256."""
PER_CENT = 100
"""Steps of a per cent in the column of confidences."""
NONE = -1


class PageData:
    """Gathers the rows of a page."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._questions: dict[str, int] = {}
        self._warnings: dict[str, int] = {}
        self._columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        self._problems: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._columns["id"])

    def add(self, row: StoredRow, picture: Picture) -> None:
        """Add one row."""
        if picture.problem:
            self._problems[len(self)] = picture.problem
        warned = [
            self._warnings.setdefault(code, len(self._warnings)) for code in row.warnings or ()
        ]
        best = row.top[0] if row.top else None
        values = {
            "id": row.id,
            "label": self._name(row.label),
            "target": self._name(row.target),
            "predicted": self._name(row.predicted),
            "right": NONE if row.right is None else int(row.right),
            "confidence": NONE if best is None else _whole(best.probability, 100 * PER_CENT),
            "question": self._questions.setdefault(row.question, len(self._questions)),
            "warnings": sum(1 << bit for bit in warned),
            "positive": _whole(row.positive_share, SHARES),
            "border": _whole(row.border_share, SHARES),
            "entropy": _whole(row.entropy, SHARES),
            "width": row.width or 0,
            "height": row.height or 0,
            "picture": picture.name,
        }
        for name, column in self._columns.items():
            column.append(values[name])

    def record(self) -> dict[str, Any]:
        """All of it, as JSON has it; rows that have no value have -1."""
        return {
            "names": list(self._names),
            "questions": list(self._questions),
            "warnings": list(self._warnings),
            "columns": self._columns,
            "problems": self._problems,
            "shares": SHARES,
            "whole": 100 * PER_CENT,
        }

    def _name(self, name: str | None) -> int:
        return NONE if name is None else self._names.setdefault(name, len(self._names))


_COLUMNS = (
    *("id", "label", "target", "predicted", "right", "confidence", "question", "warnings"),
    *("positive", "border", "entropy", "width", "height", "picture"),
)


def _whole(value: float | None, steps: int) -> int:
    return NONE if value is None or not math.isfinite(value) else round(value * steps)
