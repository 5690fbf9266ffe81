"""The maps of many images as columns: arrays, and no object for each image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from seewhy.errors import MapError, OptionError

CODES = (
    *("not-finite", "no-gradient", "all-zero", "no-positive-evidence", "mostly-negative"),
    *("constant", "single-cell", "saturated", "logits-not-found", "negative-score"),
    *("range-unlikely", "range-assumed", "high-bit-depth", "colour-profile"),
    *("geometry-unknown", "layer-ignored", "no-relu", "several-inputs", "part-explained"),
    *("output-chosen", "several-calls", "shown"),
)
"""Names of what must be known to read a map, by the bit that stands for each."""


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Maps:
    """One row an image, in the order in which they were given.

    Raises MapError where maps of several shapes would have to be one array.
    """

    maps: np.ndarray = field(repr=False)
    """float32 (n, *grid), signed: the evidence on the layer's grid."""
    scores: np.ndarray = field(repr=False)
    """float32 (n,): what was differentiated."""
    targets: np.ndarray = field(repr=False)
    """int32 (n,): the class that was asked; -1 where the question is about no single one."""
    top: np.ndarray = field(repr=False)
    """int32 (n, k): the top classes, the most probable first; k is 0 for quantities."""
    probabilities: np.ndarray = field(repr=False)
    """float32 (n, k), 0..1, of the top classes."""
    warnings: np.ndarray = field(repr=False)
    """uint32 (n,): bit b stands for `CODES[b]`."""
    layer: str = ""
    method: str = ""
    features: np.ndarray | None = field(default=None, repr=False)
    """float32 (n, units), where they were asked: the layer's activations, averaged with the
    positive evidence as weights; NaN where there is none."""

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, rows: slice | Sequence[int] | np.ndarray) -> Maps:
        """Some of the rows: a slice, a list of places, or a mask."""
        if isinstance(rows, int | np.integer):
            raise OptionError(f"Maps are taken by slices, lists or masks, as in [{rows}:{rows}+1].")
        own = self.features
        taken: dict[str, Any] = {name: getattr(self, name)[rows] for name in _COLUMNS}
        return replace(self, **taken, features=None if own is None else own[rows])

    def warned(self, code: str) -> np.ndarray:
        """bool (n,): whether something must be known to read a map, by the name of the warning."""
        if code not in CODES:
            raise OptionError(f"no warning named {code!r}. Known: {', '.join(CODES)}.")
        hit: np.ndarray = (self.warnings >> CODES.index(code)) & 1 == 1
        return hit

    @property
    def heatmaps(self) -> np.ndarray:
        """float32 (n, *grid) in 0..1: the maps without their negative part, each divided by its
        largest value; NaN where a map has values that are not finite."""
        axes = tuple(range(1, self.maps.ndim))
        positive = np.maximum(self.maps.astype("float64"), 0)
        largest = positive.max(axis=axes, keepdims=True)
        with np.errstate(invalid="ignore"):
            scaled = positive / np.where(largest == 0, 1, largest)
        bad = ~np.isfinite(self.maps).all(axis=axes)
        scaled[bad] = np.nan
        heat: np.ndarray = scaled.astype("float32")
        return heat

    @classmethod
    def joined(cls, parts: Sequence[Maps]) -> Maps:
        """All parts behind each other. Raises MapError for maps of several shapes."""
        shapes = dict.fromkeys(part.maps.shape[1:] for part in parts)
        if len(shapes) > 1:
            raise MapError(
                f"images of several sizes give maps of several shapes "
                f"({', '.join(map(str, shapes))}), which are no one array. Ask for images of one "
                f"size at a time."
            )
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS
        }
        own = [part.features for part in parts if part.features is not None]
        features = np.concatenate(own) if len(own) == len(parts) else None
        return replace(parts[0], **columns, features=features)


_COLUMNS = tuple(each.name for each in fields(Maps) if each.type == "np.ndarray")


def bits_of(notes: Sequence[str]) -> int:
    """The bits of warnings that are texts "name: …"; names without a bit are left out."""
    names = {note.partition(":")[0] for note in notes}
    return sum(1 << bit for bit, code in enumerate(CODES) if code in names)
