"""The photos on which each method did best and worst, drawn with their maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from seewhy.errors import SeewhyError
from seewhy.images.photo import Photo, load
from seewhy.render.looks import CLEAR
from seewhy.studies import measuring
from seewhy.studies.benchmark.measures import Measure
from seewhy.studies.benchmark.model_run import ModelRun, Row

SIDE = 320
"""Pixels a side of the pictures."""
MOST_READ = 1024
"""Pixels a side, of more of which a JPEG is read smaller."""


@dataclass(frozen=True)
class DrawnPhoto:
    """One photo with its map."""

    words: str
    """ "best" or "worst", the photo's name and its figure."""
    asked: str
    """The target, with its probability."""
    picture: Image.Image


@dataclass(frozen=True)
class DrawnMethod:
    """Best and worst photo of one method."""

    name: str
    photos: tuple[DrawnPhoto, ...]


def best_and_worst(
    runs: Sequence[ModelRun], measure: Measure, target: Any
) -> Iterator[DrawnMethod]:
    """Of each method of each model, by one measure; methods that could not explain are left out.

    The maps are made again, two of each method. What cannot be read any more is left out.
    """
    for run in runs:
        for row in run.methods:
            drawn = [*_drawn(row, measure, target)]
            if drawn:
                name = f"{row.method} · {row.layer}"
                yield DrawnMethod(f"{run.name}: {name}" if runs[1:] else name, tuple(drawn))


def _drawn(row: Row, measure: Measure, target: Any) -> Iterator[DrawnPhoto]:
    figures = {
        photo: float(found[measure.label].mean())
        for photo, found in row.found.items()
        if (found[measure.label] == found[measure.label]).all()
    }
    if row.explainer is None or not figures:
        return
    order = sorted(figures, key=lambda photo: figures[photo], reverse=measure.high)
    chosen = {"best": order[0]} | ({"worst": order[-1]} if order[1:] else {})
    for word, path in chosen.items():
        try:
            photo: Photo = load(path, most=MOST_READ)
            (explanation,) = measuring.explain_quietly(row.explainer, [photo], target)
            picture = explanation.overlay(look=CLEAR)
        except SeewhyError:  # it was told when it was measured
            continue
        picture.thumbnail((SIDE, SIDE))
        words = f"{word}: {Path(path).name}, {measure.heading} {figures[path]:.3f}"
        yield DrawnPhoto(words, explanation.caption[0], picture)
