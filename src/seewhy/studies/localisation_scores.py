"""Measures of localisation, added up photo by photo, so that no maps have to be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from seewhy.metrics.localisation.box_overlap import box_iou
from seewhy.metrics.localisation.boxes_and_masks import Corners
from seewhy.metrics.localisation.pointing import energy_inside, pointing_game
from seewhy.metrics.localisation.wsol import (
    IOUS,
    THRESHOLDS,
    average_precision,
    box_accuracies,
    pixel_counts,
)
from seewhy.render.notebooks.frames import data_frame
from seewhy.render.notebooks.html import HtmlTable, notebook_html

if TYPE_CHECKING:
    from pandas import DataFrame

# wsolevaluation brings maps and boxes to this size.
SIDE = 224
COLUMNS = {
    "pointing": "share of peaks on the thing (within the tolerance)",
    "energy": "share of the heat on the thing",
    "iou": "overlap of the box around the largest region with the thing's",
    "max_box_acc": "share of boxes that fit at the best threshold (MaxBoxAcc)",
    "max_box_acc_v2": "the same of any region's box, mean over three overlaps (MaxBoxAccV2)",
    "pxap": "pixel average precision (PxAP)",
    "top1_error": "share without the right class and a box that fits",
    "top5_error": "the same of five guesses",
}


@dataclass(frozen=True)
class LocalisationCase:
    """One thing, or several of one class, on one photo."""

    boxes: Sequence[Corners]
    mask: np.ndarray
    """bool (height, width)."""
    place: int | None
    """At which place the class was predicted, from 0 on; None beyond those listed or unasked."""
    classified: bool
    """Whether places count, so that there is a localisation error."""


@dataclass
class LocalisationScores:
    """What was measured of one kind of map so far."""

    name: str
    control: bool
    """Whether the maps know nothing of the question, or are of a wrong one."""
    tolerance: float
    threshold: float
    empty: int = 0
    """Maps without evidence, which hit nothing."""
    pointing: list[float] = field(default_factory=list)
    energy: list[float] = field(default_factory=list)
    iou: list[float] = field(default_factory=list)
    top1: list[float] = field(default_factory=list)
    top5: list[float] = field(default_factory=list)
    one: np.ndarray = field(default_factory=lambda: np.zeros((len(THRESHOLDS), 1)))
    every: np.ndarray = field(default_factory=lambda: np.zeros((len(THRESHOLDS), len(IOUS))))
    right: np.ndarray = field(default_factory=lambda: np.zeros(len(THRESHOLDS) + 1))
    wrong: np.ndarray = field(default_factory=lambda: np.zeros(len(THRESHOLDS) + 1))

    def add(self, heatmap: np.ndarray, case: LocalisationCase) -> None:
        """heatmap: (height, width) in 0..1, of the photo's size."""
        maps, masks, boxes = heatmap[None], case.mask[None], [case.boxes]
        hot = bool(heatmap.any())
        self.empty += not hot
        peak = pointing_game(maps, masks, tolerance=self.tolerance)[0] if hot else 0.0
        overlap = float(box_iou(maps, boxes, threshold=self.threshold)[0]) if hot else 0.0
        self.pointing.append(float(peak))
        self.energy.append(float(energy_inside(maps, masks)[0]) if hot else 0.0)
        self.iou.append(overlap)
        if case.classified:
            place = 5 if case.place is None else case.place
            self.top1.append(float(not (place < 1 and overlap >= 0.5)))
            self.top5.append(float(not (place < 5 and overlap >= 0.5)))
        self._fit(heatmap, case)
        right, wrong = pixel_counts(maps, masks)
        self.right += right
        self.wrong += wrong

    def _fit(self, heatmap: np.ndarray, case: LocalisationCase) -> None:
        """Boxes at all thresholds, on 224 × 224 pixels as wsolevaluation has it."""
        height, width = heatmap.shape
        picture = Image.fromarray(heatmap.astype("float32"))
        small = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        maps = np.clip(small, 0, 1)[None]
        scale = np.array([SIDE / width, SIDE / height] * 2)
        boxes = [(np.asarray(case.boxes) * scale).tolist()]
        self.one += box_accuracies(maps, boxes, ious=(0.5,))
        self.every += box_accuracies(maps, boxes, ious=IOUS, every=True)

    @property
    def best_threshold(self) -> float:
        """Fraction of a map's maximum at which most boxes fit: what `seewhy locate` should take."""
        return float(THRESHOLDS[int(self.one[:, 0].argmax())])

    def figures(self) -> dict[str, float]:
        """The columns; NaN where nothing was measured."""
        count = len(self.pointing)
        return {
            "pointing": _mean(self.pointing),
            "energy": _mean(self.energy),
            "iou": _mean(self.iou),
            "max_box_acc": float(self.one.max()) / count if count else np.nan,
            "max_box_acc_v2": float(self.every.max(axis=0).mean()) / count if count else np.nan,
            "pxap": average_precision(self.right, self.wrong),
            "top1_error": _mean(self.top1),
            "top5_error": _mean(self.top5),
        }


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


@dataclass(frozen=True)
class EvaluationRow:
    """What was measured of one kind of map."""

    name: str
    control: bool
    """Whether the maps know nothing of the question, or are of a wrong one."""
    figures: dict[str, float]
    """By the names of `COLUMNS`; NaN where it was not measured."""
    empty: int
    """How many maps had no evidence at all, which counts as hitting nothing."""
    best_threshold: float
    """Fraction of a map's maximum at which most boxes fit."""


@dataclass(frozen=True)
class Evaluation:
    """How well maps locate things, the controls beside them."""

    rows: tuple[EvaluationRow, ...]
    """The method's first."""
    photos: int
    cases: int
    """How many pairs of a photo and a class were asked."""
    settings: dict[str, Any]
    notes: tuple[str, ...]
    """What has to be known to read the figures."""
    problems: tuple[str, ...]
    """Photos that could not be used, and why."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        rows = [
            vars(row) | {"figures": {k: _plain(v) for k, v in row.figures.items()}}
            for row in self.rows
        ]
        return vars(self) | {
            "rows": rows,
            "notes": list(self.notes),
            "problems": list(self.problems),
        }

    def to_frame(self) -> DataFrame:
        """A data frame with a row for each kind of map. Raises DependencyError without pandas."""
        return data_frame(
            [
                {"maps": row.name, "control": row.control, **row.figures}
                | {"empty": row.empty, "best_threshold": row.best_threshold}
                for row in self.rows
            ]
        )

    def _repr_html_(self) -> str:
        rows = [(row.name, *(_cell(row.figures[name]) for name in COLUMNS)) for row in self.rows]
        marks = ["faint" if row.control else "strong" for row in self.rows]
        headings = ("maps", *(name.replace("_", " ") for name in COLUMNS))
        table = HtmlTable(headings, rows, marks=marks)
        title = f"{self.photos} photos, {self.cases} questions"
        return notebook_html(title, tables=[table], notes=(*self.notes, *self.problems))

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [" " * width + "".join(f"  {name:>14}" for name in COLUMNS)]
        for row in self.rows:
            cells = "".join(f"  {_cell(row.figures[name]):>14}" for name in COLUMNS)
            lines.append(f"{row.name:{width}}{cells}")
        return "\n".join(lines)


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value


def _cell(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
