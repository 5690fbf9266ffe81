"""Runs changed copies of images, and puts their maps together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seewhy.enhance import augmentations, combine
from seewhy.enhance.augmentations import Copy, Enhancement, Scales
from seewhy.errors import OptionError
from seewhy.images.fitting import PhotoWindows
from seewhy.progress import steps
from seewhy.run.outcome import Outcome

Inputs = Sequence[np.ndarray]


@dataclass(frozen=True)
class Ensemble:
    """The enhancements of one explainer."""

    enhancements: tuple[Enhancement, ...]
    batch_size: int
    logits: bool
    """Whether scores are logits."""

    def outcomes(
        self,
        run: Callable[[Inputs, Sequence[Any]], list[Outcome]],
        inputs: Inputs,
        asked: Sequence[Any],
        shown: tuple[int, bool],
        closer: Sequence[PhotoWindows | None] = (),
    ) -> list[Outcome]:
        """Each image's outcome with the mean map of its copies.

        run: inputs and questions → outcomes. shown: which input is changed, and whether its
        channels come first. closer: for each image windows of the photo that it was made of.
        """
        plain = run(inputs, asked)
        if not self.enhancements:
            return plain
        each = self._copies(inputs, shown, closer)
        rows = [(n, copy) for n, copies in enumerate(each) for copy in copies]
        found: list[Outcome] = []
        for part in self._parts(rows):
            found += run(_changed(inputs, part, shown), [asked[n] for n, _ in part])
        done = []
        for n, outcome in enumerate(plain):
            own = [(one, copy) for one, (at, copy) in zip(found, rows, strict=True) if at == n]
            scores = np.stack([one.scores for one, _ in own]).astype("float64")
            weights = np.ones_like(scores)
            if any(isinstance(one, Scales) for one in self.enhancements):
                weights = combine.score_weights(scores, self.logits)
            places = [copy.place for _, copy in own]
            maps = combine.weighted_mean([one.maps for one, _ in own], places, weights)
            reached = np.any([one.reached for one, _ in own], axis=0)
            done.append(replace(outcome, maps=maps, reached=reached))
        return done

    def maps(
        self,
        run: Callable[[Inputs], np.ndarray],
        inputs: Inputs,
        shown: tuple[int, bool],
        closer: Sequence[PhotoWindows | None] = (),
    ) -> np.ndarray:
        """Maps of all classes (batch, classes, *space), each the plain mean of those of copies."""
        if not self.enhancements:
            return run(inputs)
        done = []
        for n, copies in enumerate(self._copies(inputs, shown, closer)):
            found: list[np.ndarray] = []
            for part in self._parts([(n, copy) for copy in copies]):
                found += list(run(_changed(inputs, part, shown)))
            ones = np.ones((len(copies), len(found[0])))
            done.append(combine.weighted_mean(found, [copy.place for copy in copies], ones))
        return np.stack(done)

    def _copies(
        self, inputs: Inputs, shown: tuple[int, bool], closer: Sequence[PhotoWindows | None]
    ) -> list[list[Copy]]:
        at, first = shown
        images = np.moveaxis(inputs[at], 1, -1) if first else inputs[at]
        if images.ndim < 3:
            raise OptionError(
                f"enhance changes images with an axis of channels; this input has the shape "
                f"{images.shape}. Leave enhance out."
            )
        near = closer or [None] * len(images)
        return [
            augmentations.copies(image, self.enhancements, own)
            for image, own in zip(images, near, strict=True)
        ]

    def _parts(self, rows: list[tuple[int, Copy]]) -> Any:
        with steps(len(rows)) as step:
            for start in range(0, len(rows), self.batch_size):
                part = rows[start : start + self.batch_size]
                yield part
                step(len(part))


def _changed(
    inputs: Inputs, part: Sequence[tuple[int, Copy]], shown: tuple[int, bool]
) -> list[np.ndarray]:
    at, first = shown
    changed = [array[[n for n, _ in part]] for array in inputs]
    images = np.stack([copy.image for _, copy in part])
    if not np.issubdtype(inputs[at].dtype, np.floating):
        bounds = np.iinfo(inputs[at].dtype)
        images = np.clip(np.rint(images), bounds.min, bounds.max)
    changed[at] = (np.moveaxis(images, -1, 1) if first else images).astype(inputs[at].dtype)
    return changed
