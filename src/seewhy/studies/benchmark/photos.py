"""The photos of a benchmark: on disk, and read batch by batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from seewhy.annotations.records import Annotated
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.scorer import Scorer
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.studies import measuring
from seewhy.studies.benchmark.measures import Measure
from seewhy.studies.benchmark.results_file import ResultsFile
from seewhy.studies.measuring import DrawnPhoto


def list_benchmark_photos(
    paths: Sequence[str], boxes: Any, problems: dict[str, None]
) -> list[BenchmarkPhoto]:
    _, drawn = measuring.find_drawn(paths, boxes)
    photos = []
    for path, annotation in zip(paths, drawn, strict=True):
        try:
            with Path(path).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            problems[f"{path}: it cannot be read ({error.strerror})."] = None
            continue
        photos.append(BenchmarkPhoto(path, digest, annotation))
    return photos


def count_of_photos(count: int) -> str:
    return "1 photo is" if count == 1 else f"{count} photos are"


@dataclass(frozen=True)
class BenchmarkPhoto:
    """A photo on disk."""

    path: str
    digest: str
    """Of the file's bytes."""
    drawn: Annotated | None


@dataclass(frozen=True)
class RunOptions:
    """What is the same for all models."""

    measures: tuple[Measure, ...]
    target: Any
    seed: int
    results: ResultsFile
    problem: Callable[[str], None]
    """Is told what went wrong."""
    step: Callable[[int], None] = lambda _: None
    """Is told how many rows of photos were done."""


class PhotoBatch:
    """Some photos, read when they are first needed."""

    def __init__(
        self, first: Explainer, photos: Sequence[BenchmarkPhoto], options: RunOptions
    ) -> None:
        self.listed = photos
        self._first, self._options = first, options

    @cached_property
    def photos(self) -> dict[str, DrawnPhoto]:
        """By path; those that cannot be read are reported and left out."""
        pairs = [(photo.path, photo.drawn) for photo in self.listed]
        (batch,) = measuring.read_drawn_photos(pairs, len(pairs), self._options.problem)
        return {drawn.path: drawn for drawn in batch}

    @property
    def images(self) -> list[Photo]:
        """The photos that could be read."""
        return [drawn.photo for drawn in self.photos.values()]

    @cached_property
    def scorer(self) -> Scorer:
        return self._first.scorer(self.images, self._options.target)

    def place(self, path: str) -> int:
        """Which of the scorer's inputs a photo is."""
        return list(self.photos).index(path)

    def geometry(self, path: str) -> Geometry:
        fit = getattr(Geometry, self._first.fit)
        geometry: Geometry = fit(self.photos[path].photo.size, self.scorer.inputs.shape[1:3])
        return geometry
