"""The groups of photos that are looked at: classes, and pairs of classes that are confused."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from seewhy.audit.find.clusters import LEAST
from seewhy.audit.find.evidence_rows import EvidenceRows


@dataclass(frozen=True, eq=False)
class Group:
    """Photos in which the evidence is for one class."""

    index: int
    """The predicted class."""
    members: np.ndarray
    """int (n,): their places among the rows."""
    true: int | None = None
    """The true class of all of them, for a confusion pair."""
    kind: str = "predicted"
    """"predicted", "true" (of those, the ones that are predicted right), or "confused"."""


def groups_of(rows: EvidenceRows, classes: Collection[int] | None) -> Iterator[Group]:
    """Each predicted class, and where true classes are known, the photos of each that are
    predicted right, and the pairs that are confused; of at least `LEAST` photos.

    classes: the predicted or true ones that are asked; None for all.
    """
    order = np.argsort(rows.predicted, kind="stable")
    bounds = np.flatnonzero(np.diff(rows.predicted[order])) + 1
    for members in np.split(order, bounds):
        index = int(rows.predicted[members[0]])
        true = rows.label_index[members]
        if _asked(classes, index) and len(members) >= LEAST:
            yield Group(index, np.sort(members))
            right = members[true == index]
            if LEAST <= len(right) < len(members):
                yield Group(index, np.sort(right), index, "true")
        for other in np.unique(true[(true >= 0) & (true != index)]):
            confused = members[true == other]
            if len(confused) >= LEAST and _asked(classes, index, int(other)):
                yield Group(index, np.sort(confused), int(other), "confused")


def _asked(classes: Collection[int] | None, *indices: int) -> bool:
    return classes is None or any(index in classes for index in indices)
