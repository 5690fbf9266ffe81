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
        targets: Sequence[Any],
        shown: tuple[int, bool],
        windows: Sequence[PhotoWindows | None] = (),
    ) -> list[Outcome]:
        """Each image's outcome with the mean map of its copies.

        run: inputs and questions → outcomes. shown: which input is changed, and whether its
        channels come first. windows: for each image windows of the photo that it was made of.
        """
        plain = run(inputs, targets)
        if not self.enhancements:
            return plain
        each = self._copies(inputs, shown, windows)
        rows = [(n, copy) for n, copies in enumerate(each) for copy in copies]
        of_copies: list[Outcome] = []
        for part in self._parts(rows):
            of_copies += run(_changed(inputs, part, shown), [targets[n] for n, _ in part])
        results = []
        for n, outcome in enumerate(plain):
            of_image = [
                (outcome_of_copy, copy)
                for outcome_of_copy, (at, copy) in zip(of_copies, rows, strict=True)
                if at == n
            ]
            scores = np.stack([outcome_of_copy.scores for outcome_of_copy, _ in of_image]).astype(
                "float64"
            )
            weights = np.ones_like(scores)
            if any(isinstance(outcome_of_copy, Scales) for outcome_of_copy in self.enhancements):
                weights = combine.score_weights(scores, self.logits)
            places = [copy.place for _, copy in of_image]
            maps = combine.weighted_mean(
                [outcome_of_copy.maps for outcome_of_copy, _ in of_image], places, weights
            )
            reached = np.any([outcome_of_copy.reached for outcome_of_copy, _ in of_image], axis=0)
            results.append(replace(outcome, maps=maps, reached=reached))
        return results

    def maps(
        self,
        run: Callable[[Inputs], np.ndarray],
        inputs: Inputs,
        shown: tuple[int, bool],
        windows: Sequence[PhotoWindows | None] = (),
    ) -> np.ndarray:
        """Maps of all classes (batch, classes, *space), each the plain mean of those of copies."""
        if not self.enhancements:
            return run(inputs)
        results = []
        for n, copies in enumerate(self._copies(inputs, shown, windows)):
            of_copies: list[np.ndarray] = []
            for part in self._parts([(n, copy) for copy in copies]):
                of_copies += list(run(_changed(inputs, part, shown)))
            ones = np.ones((len(copies), len(of_copies[0])))
            results.append(combine.weighted_mean(of_copies, [copy.place for copy in copies], ones))
        return np.stack(results)

    def _copies(
        self, inputs: Inputs, shown: tuple[int, bool], windows: Sequence[PhotoWindows | None]
    ) -> list[list[Copy]]:
        at, first = shown
        images = np.moveaxis(inputs[at], 1, -1) if first else inputs[at]
        if images.ndim < 3:
            raise OptionError(
                f"enhance changes images with an axis of channels; this input has the shape "
                f"{images.shape}. Leave enhance out."
            )
        near = windows or [None] * len(images)
        return [
            augmentations.copies(image, self.enhancements, image_windows)
            for image, image_windows in zip(images, near, strict=True)
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
