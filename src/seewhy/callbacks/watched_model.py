"""The model that is trained, asked about the watched photos again and again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seewhy.callbacks.inside import inside_of_each, shrunk
from seewhy.callbacks.probes import Probes, check_count, names_of
from seewhy.callbacks.same_randomness import same_randomness
from seewhy.errors import OptionError, warn
from seewhy.explainer.batching import group_by_key
from seewhy.explainer.build_explanations import ExplainerInfo, ShownInput, build_explanations
from seewhy.explainer.explainer import Explainer
from seewhy.images.photo import Photo
from seewhy.models.prepare import Part, Prepared
from seewhy.render.drawn_size import smaller
from seewhy.results.explanation import Explanation
from seewhy.targets.target import Target, batch_key

DRAWN = 480
"""Pixels a side that photos are kept and drawn with."""
TOLD = ("no-gradient", "not-finite", "single-cell", "range-unlikely", "range-assumed")
"""Warnings that are told before training; others come and go while a model learns."""


class WatchedModel:
    """One model with its photos, read and fitted once; its compiled passes are used again.

    model: built. probes, inside: as they were given. options: of `Explainer`.
    Raises a SeewhyError whose message tells the mend.
    """

    def __init__(
        self,
        model: Any,
        probes: Probes,
        inside: Any,
        *,
        is_box: bool,
        options: Mapping[str, Any],
    ) -> None:
        self.model = model
        with same_randomness():
            self._pipeline = Explainer(model, **options).pipeline
            samples = self._pipeline.samples(probes.photos)
            if not samples:
                raise OptionError("there is no photo to watch: give 8 to 16 that you know well.")
            check_count(len(samples))
            batches = list(self._pipeline.prepared(samples))
            asked = probes.targets_of(self._pipeline.plan.labels, len(samples))
            self._targets = self._pipeline.targets(asked)
            prepared = [sample for batch in batches for sample in batch]
            shown = [self._pipeline.shown_part(sample) for sample in prepared]
        self._parts = [_small(part) for part in shown]
        whole = options.get("sizes") or options.get("enhance")  # these look at the photo again
        self._prepared = prepared if whole else [_without_photos(sample) for sample in prepared]
        self._info = dataclasses.replace(self._pipeline.info(), ask_origin=None)
        self.names = names_of(probes.photos, len(samples))
        self.inside = _masks(inside, probes.photos, shown, self._parts, is_box)

    @property
    def info(self) -> ExplainerInfo:
        """What all explanations have in common."""
        return self._info

    def explain(self) -> list[Explanation]:
        """One explanation for each photo, with the weights that the model has now."""
        with same_randomness():
            found: dict[int, Explanation] = {}
            size = self._pipeline.images_at_once
            keys = [
                (batch_key(target), sample.shape)
                for sample, target in zip(self._prepared, self._targets, strict=True)
            ]
            for members in group_by_key(keys):
                for start in range(0, len(members), size):
                    found |= self._explained(members[start : start + size])
        return [found[k] for k in range(len(self._prepared))]

    def _explained(self, members: Sequence[int]) -> dict[int, Explanation]:
        """Photos of one shape, asked questions of one kind."""
        targets: list[Target] = [self._targets[k] for k in members]
        outcomes = self._pipeline.outcomes_of(
            [self._prepared[k] for k in members], [[target] for target in targets]
        )
        return {
            k: _kept(self._info, self._parts[k], target, outcome)
            for k, target, outcome in zip(members, targets, outcomes, strict=True)
        }

    def tell_warnings(self, explanations: Sequence[Explanation]) -> None:
        """Warn once of what makes the figures worthless, before hours are spent."""
        notes = [note for note in self._info.notes if not note.startswith("output-chosen")]
        for explanation in explanations:
            notes += [note for note in explanation.warnings if note.startswith(TOLD)]
        sides = explanations[0].map.shape
        if min(sides) < 3 and max(sides) > 1:
            grid = " × ".join(map(str, sides))
            notes.append(
                f"all-border: the layer's grid is {grid}, where each cell lies on the border, so "
                f"seewhy_border is 1. Choose an earlier layer."
            )
        for note in dict.fromkeys(notes):
            warn(note)


def _kept(info: ExplainerInfo, part: Part, target: Target, outcome: Any) -> Explanation:
    """An explanation without what asks the model, whose weights will be others then."""
    (explanation,) = build_explanations(info, ShownInput(part, _gone), [target], outcome)
    return dataclasses.replace(explanation, ask_all=None)


def _gone() -> np.ndarray:
    raise OptionError("the weights of that epoch are gone.")


def _small(part: Part) -> Part:
    """The photo as it is drawn."""
    if not isinstance(part.photo, Photo) or max(part.photo.size) <= DRAWN:
        return part
    assert part.geometry is not None  # noqa: S101  (for mypy: a photo has one)
    photo, geometry = smaller(part.photo, part.geometry, DRAWN)
    return dataclasses.replace(part, photo=photo, geometry=geometry)


def _without_photos(sample: Prepared) -> Prepared:
    return Prepared(tuple(_without_photo(part) for part in sample.parts))


def _without_photo(part: Part) -> Part:
    if part.photo is None or part.geometry is None:
        return part
    return _small(part)


def _masks(
    inside: Any, photos: Any, shown: Sequence[Part], parts: Sequence[Part], is_box: bool
) -> list[np.ndarray | None]:
    sizes = [part.geometry.photo if part.geometry is not None else () for part in shown]
    masks = inside_of_each(inside, photos, sizes, is_box)
    drawn = [part.geometry.photo if part.geometry is not None else () for part in parts]
    return [
        None if mask is None else shrunk(mask, size)
        for mask, size in zip(masks, drawn, strict=True)
    ]
