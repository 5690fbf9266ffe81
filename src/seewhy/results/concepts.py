"""The result of looking for concepts in one or many images: a frozen record and its pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy import render
from seewhy.errors import MapError, OptionError
from seewhy.images.arrays import Array
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.maps import scaling
from seewhy.render import concept_colours
from seewhy.render.legends import readable
from seewhy.render.sheets import labelled_sheet
from seewhy.results.records.concepts_record import concepts_record, concepts_text
from seewhy.results.records.record import Origin
from seewhy.targets.labels import Labels

HEADING = (
    "A concept is a pattern that the layer finds in the photos. Each place has the colour of the "
    "one that is strongest there. Classes that a concept speaks for are named with how much of "
    "the support that all concepts give them comes from this one."
)
TOGETHER = "\u00a0"
"""A space at which no line is broken."""
# Classes that lose less than this part of what the first one loses are not named.
NEGLIGIBLE = 0.01


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Concepts:
    """What a layer sees in some images, in a few parts, and which classes each part speaks for.

    The parts are non-negative: activations ≈ Σ_k maps[:, k] · vectors[k]. The concept with the
    largest share comes first.
    """

    maps: np.ndarray = field(repr=False)
    """float32 (images, concepts, *grid), not negative: the length of what each concept adds to
    the activations at a position."""
    vectors: np.ndarray = field(repr=False)
    """float32 (concepts, units), not negative, each of length 1."""
    labels: tuple[tuple[tuple[str, float], ...], ...]
    """For each concept the classes that lose most without it, with its `meaning.share`; none that
    lose nothing."""
    share: tuple[float, ...]
    """For each concept its part of the activations' energy; together 1 - error²."""
    error: float
    """0..1: the length of what the concepts leave out, in lengths of the activations."""
    layer: str
    photos: tuple[Photo | Array, ...] = field(repr=False)
    geometries: tuple[Geometry, ...] = field(repr=False)
    answered: ConceptScores = field(repr=False)
    """The scores of all classes with and without each concept, for each image."""
    meaning: ConceptEffect = field(repr=False)
    """The same over all images."""
    classes: Labels = field(repr=False)
    options: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()
    """What must be known to read the concepts, each as "name: text"."""
    versions: dict[str, str] = field(default_factory=dict, repr=False)
    ask_origin: Callable[[], Origin] | None = field(default=None, repr=False)
    """Tells the model and the choices; None where they are not at hand."""

    def heatmap(self, image: int, concept: int) -> np.ndarray:
        """Where a concept is in an image: float32 of the photo's size, in 0..1.

        The map divided by the concept's largest value in any of the images, so that heatmaps of
        one concept can be compared; linearly enlarged along each axis, 0 where the network saw
        nothing. Raises OptionError for an image or concept that is not there.
        """
        image = _checked("image", image, len(self.maps))
        concept = _checked("concept", concept, self.maps.shape[1])
        largest = float(self.maps[:, concept].max())
        heat = scaling.finish(self.maps[image, concept], largest or None)
        return self.geometries[image].to_photo(heat)

    def overlay(self, image: int = 0, *, alpha: float = 0.65) -> Image.Image:
        """One photo under its concepts, with a legend below it.

        Each pixel has the colour of the concept with the largest heatmap there; where that is 1
        the colour hides the photo by alpha, where it is 0 not at all. Parts of the photo that the
        network did not see are grey and hatched. The picture has the photo's width, or 420
        pixels if that is more. Raises OptionError for an image that is not there or an alpha
        beyond 0..1, MapError for what is no photo.
        """
        picture = Image.fromarray(self._painted(_checked("image", image, len(self.maps)), alpha))
        return concept_colours.stack_pictures(picture, self._legend(picture.width))

    def sheet(self, *, alpha: float = 0.65) -> Image.Image:
        """All photos under their concepts, each below its name, with one legend.

        Raises as `overlay` does.
        """
        tiles = [self._painted(k, alpha) for k in range(len(self.maps))]
        titles = [Path(photo.name).name for photo in self.photos]
        drawn = labelled_sheet(tiles, titles)
        return concept_colours.stack_pictures(drawn, self._legend(drawn.width, several=True))

    def save(self, path: str | Path, *, alpha: float = 0.65, record: bool = True) -> Path:
        """Write the sheet; the suffix of the path tells the format. Returns the path.

        record: whether the file holds the `record`, with the photos' names."""
        text = concepts_text(self.record) if record else None
        return render.save(self.sheet(alpha=alpha), path, text=text)

    @cached_property
    def record(self) -> dict[str, Any]:
        """All that is needed to find them again, with the weights as they are when it is made, and
        digests of what was found."""
        return concepts_record(self, self.ask_origin and self.ask_origin())

    def as_dict(self, *, record: bool = True) -> dict[str, Any]:
        """The result as plain values for JSON, without pictures and vectors.

        record: whether `record` is among them."""
        presence = self.presence
        return ({"record": self.record} if record else {}) | {
            "layer": self.layer,
            "error": self.error,
            "concepts": [
                {
                    "share": self.share[k],
                    "labels": self._labels(k),
                    "presence": presence[:, k].tolist(),
                }
                for k in range(len(self.share))
            ],
            "photos": [
                {"photo": photo.name, "maps": self.maps[i].tolist()}
                for i, photo in enumerate(self.photos)
            ],
            "warnings": list(self.warnings),
            "options": self.options,
            "versions": self.versions,
        }

    @property
    def presence(self) -> np.ndarray:
        """float64 (images, concepts): how much of each concept is in each image, the sum of its
        map."""
        flat = self.maps.reshape(*self.maps.shape[:2], -1)
        summed: np.ndarray = flat.sum(axis=-1, dtype="float64")
        return summed

    def _labels(self, k: int) -> list[dict[str, Any]]:
        return [
            {
                **vars(self.classes[c]),
                "share": float(self.meaning.share[k, c]),
                "lost": float(self.meaning.lost[k, c]),
            }
            for c in self.meaning.order(k, len(self.labels[k]))
        ]

    def _painted(self, image: int, alpha: float) -> np.ndarray:
        if not 0 <= alpha <= 1:
            raise OptionError(f"alpha lies in 0..1; got {alpha!r}.")
        photo, geometry = self.photos[image], self.geometries[image]
        if not isinstance(photo, Photo):
            raise MapError(
                f"there is no picture of concepts in {photo.name!r}, which is no photo. Take "
                f"`maps`, or heatmap(image, concept)."
            )
        heatmaps = (self.heatmap(image, k) for k in range(len(self.share)))
        picture = concept_colours.paint_concepts(photo.pixels, heatmaps, alpha)
        return picture if geometry.sees_all else render.mark_unseen(picture, geometry.seen)

    def _legend(self, width: int, *, several: bool = False) -> Image.Image:
        entries = [
            f"{k + 1} · {share:.0%} of what the layer sees · {_told(labels)}"
            for k, (share, labels) in enumerate(zip(self.share, self.labels, strict=True))
        ]
        return concept_colours.concept_legend(entries, HEADING, width, several=several)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.sheet().save(buffer, format="png")
        return buffer.getvalue()


def _told(labels: Sequence[tuple[str, float]]) -> str:
    shares = [f"{readable(name)} ({share:.0%})".replace(" ", TOGETHER) for name, share in labels]
    return f"speaks for {', '.join(shares)}" if shares else "speaks for no class"


def _checked(name: str, value: Any, count: int) -> int:
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not 0 <= int(value) < count:
        raise OptionError(f"{name} is a whole number from 0 to {count - 1}; got {value!r}.")
    return int(value)


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class ConceptScores:
    """Scores of all classes for activations that were put together from concepts."""

    given: np.ndarray
    """(images, classes): for the activations as they are, the model's own scores."""
    whole: np.ndarray
    """(images, classes): for all concepts together."""
    without: np.ndarray
    """(images, concepts, classes): for all concepts but one."""
    alone: np.ndarray
    """(images, concepts, classes): for one concept, all others left out."""


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class ConceptEffect:
    """What each concept does to the score of each class, over all images."""

    lost: np.ndarray
    """float64 (concepts, classes): the score lost without the concept, weighted by presence."""
    share: np.ndarray
    """float64 (concepts, classes) in 0..1: of what a class loses by single concepts, this one's."""

    def order(self, concept: int, top: int) -> list[int]:
        """Up to `top` classes that lose by its removal, those that lose most first.

        None that lose less than a hundredth of what the first one loses.
        """
        lost = self.lost[concept]
        best = np.argsort(-lost, kind="stable")[:top]
        return [int(c) for c in best if lost[c] > max(0, NEGLIGIBLE * lost[best[0]])]

    def named_shares(self, concept: int, labels: Labels, top: int) -> tuple[tuple[str, float], ...]:
        """Those classes by name, each with its share."""
        best = self.order(concept, top)
        return tuple((labels[c].name, float(self.share[concept, c])) for c in best)
