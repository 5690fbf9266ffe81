"""The photos on which each method did best and worst, drawn with their maps."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from seewhy.errors import SeewhyError, SeewhyWarning
from seewhy.explainer.explainer import Explainer
from seewhy.images.photo import Photo, load
from seewhy.render.files import write
from seewhy.render.looks import CLEAR
from seewhy.studies.benchmark.measures import Measure
from seewhy.studies.benchmark.model_run import ModelRun, Row

SIDE = 320
"""Pixels a side of the pictures."""
MAPS, ASKED = "maps", "asked"
"""The folder of pictures that are kept, and the text in them that tells the target."""
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
    runs: Sequence[ModelRun], measure: Measure, target: Any, folder: Path | None
) -> Iterator[DrawnMethod]:
    """Of each method of each model, by one measure; methods that could not explain are left out.

    folder: where pictures are kept, so that a run that goes on explains nothing again; None to
    keep none. What cannot be read any more is left out.
    """
    for run in runs:
        for row in run.methods:
            drawn = [*_drawn(run, row, measure, target, folder)]
            if drawn:
                name = f"{row.method} · {row.layer}"
                yield DrawnMethod(f"{run.name}: {name}" if runs[1:] else name, tuple(drawn))


def _drawn(
    run: ModelRun, row: Row, measure: Measure, target: Any, folder: Path | None
) -> Iterator[DrawnPhoto]:
    figures = {
        photo: float(found[measure.label].mean())
        for photo, found in row.found.items()
        if np.isfinite(found[measure.label]).all()
    }
    if row.explainer is None or not figures:
        return
    order = sorted(figures, key=lambda photo: figures[photo], reverse=measure.high)
    chosen = {"best": order[0]} | ({"worst": order[-1]} if order[1:] else {})
    for word, path in chosen.items():
        kept = folder and folder / MAPS / f"{run.drawing_key(row, path)}.png"
        try:
            picture = (kept and _kept(kept)) or _new(row.explainer, path, target, kept)
        except (SeewhyError, OSError):  # it was told when it was measured
            continue
        words = f"{word}: {Path(path).name}, {measure.heading} {figures[path]:.3f}"
        yield DrawnPhoto(words, picture.info[ASKED], picture)


def _kept(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture if ASKED in picture.info else None
    except (OSError, ValueError):  # not there, or cut off in the middle
        return None


def _new(explainer: Explainer, path: str, target: Any, kept: Path | None) -> Image.Image:
    photo: Photo = load(path, most=MOST_READ)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        explanation = explainer.ask([photo], [target])[0][0]
    picture = explanation.overlay(look=CLEAR)
    picture.thumbnail((SIDE, SIDE))
    picture.info[ASKED] = explanation.caption[0]
    if kept:
        content, about = io.BytesIO(), PngInfo()
        about.add_itxt(ASKED, explanation.caption[0])
        picture.save(content, "png", pnginfo=about)
        write(kept, content.getbuffer())
    return picture
