"""What came of making explanations again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seewhy.results.explanation import Explanation
from seewhy.results.records.record import Record

IDENTICAL, CLOSE, DIFFERS = "identical", "within 1e-4", "differs"
VERDICTS = (IDENTICAL, CLOSE, DIFFERS)
"""The best first."""
TOLERANCE = 1e-4
"""Of the recorded map's range, its largest value less its smallest."""


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Reproduced:
    """One explanation made again."""

    record: Record = field(repr=False)
    explanation: Explanation | None = field(repr=False)
    """Made now; None where the model could not be asked so."""
    verdict: str
    """"identical" (every bit of the map), "within 1e-4" (of its range) or "differs"."""
    difference: float | None
    """The largest of two values at one place, as a fraction of the recorded map's range, beyond
    what the record rounds; None where that is not known, as for maps of two shapes."""
    causes: tuple[str, ...]
    """What is known to be otherwise than in the record, the most likely cause first."""

    @property
    def title(self) -> str:
        """What was explained, in one line."""
        record = self.record
        asked = f"{record.question.words} ({record.method.name} at {record.layer})"
        return f"{record.photo.name or 'image'}: {asked}"

    def as_dict(self) -> dict[str, Any]:
        """The result as plain values for JSON."""
        now = self.explanation and self.explanation.record
        record = self.record
        return {
            "photo": record.photo.name,
            "question": record.question.words,
            "layer": record.layer,
            "method": record.method.name,
            "verdict": self.verdict,
            "difference": self.difference,
            "causes": list(self.causes),
            "weights_sha256": {
                "recorded": record.model.weights_sha256,
                "now": now and now.model.weights_sha256,
            },
            "photo_sha256": {
                "recorded": record.photo.sha256 or None,
                "now": now and now.photo.sha256,
            },
            "score": {"recorded": record.score, "now": now and now.score},
        }


@dataclass(frozen=True, eq=False)
class Reproduction:
    """All explanations of a file, made again."""

    file: str
    explanations: tuple[Reproduced, ...]

    @property
    def verdict(self) -> str:
        """The worst of all: "identical", "within 1e-4" or "differs"."""
        return max((each.verdict for each in self.explanations), key=VERDICTS.index)

    @property
    def causes(self) -> tuple[str, ...]:
        """What is known to be otherwise than in the records, each once."""
        return tuple(dict.fromkeys(cause for each in self.explanations for cause in each.causes))

    @property
    def lines(self) -> list[str]:
        """All of it in words."""
        lines = []
        for each in self.explanations:
            share = "" if not each.difference else f" by {each.difference:.2g} of the map's range"
            lines.append(f"{each.verdict}{share}  {each.title}")
            lines += [f"  {cause}" for cause in each.causes]
        return lines

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def as_dict(self) -> dict[str, Any]:
        """The result as plain values for JSON."""
        return {
            "file": self.file,
            "verdict": self.verdict,
            "explanations": [each.as_dict() for each in self.explanations],
        }


def difference_of(recorded: np.ndarray, now: np.ndarray, step: float = 0.0) -> float | None:
    """The largest difference as a fraction of the recorded map's range; None where there is none.

    step: to what the recorded values are rounded, as a share of the largest magnitude: a difference
    is what is beyond half of that. A map without any range differs by 0 from the same one, and by
    none that is known from others.
    """
    if recorded.shape != now.shape:
        return None
    finite = np.isfinite(recorded)
    if not np.array_equal(finite, np.isfinite(now)) or not np.array_equal(
        recorded[~finite], now[~finite], equal_nan=True
    ):
        return None
    before, after = (map[finite].astype("float64") for map in (recorded, now))
    lost = step / 2 * float(np.abs(before).max(initial=0))
    largest = max(0.0, float(np.abs(before - after).max(initial=0)) - lost)
    if largest == 0:
        return 0.0
    span = float(np.ptp(before))
    return largest / span if span else None
