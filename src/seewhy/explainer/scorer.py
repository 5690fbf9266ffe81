"""The model as a function images → scores of fixed targets, which measures of maps ask for."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from seewhy.errors import ImageError, OptionError, TargetError
from seewhy.models.prepare import Prepared, batch_inputs
from seewhy.plan.plan import Plan
from seewhy.run.runner import Runner
from seewhy.targets.labels import Label
from seewhy.targets.question import parse_target
from seewhy.targets.target import Ranking, Target, batch_key


class Scorer:
    """Scores changed copies of images, each for the target of the image that it is a copy of.

    Compiled once, and fed with as many copies at once as memory allows. `Explainer.scorer` makes
    it.
    """

    inputs: np.ndarray
    """float32 (batch, height, width, channels): the images as the network gets them."""

    def __init__(
        self,
        runner: Runner,
        plan: Plan,
        samples: Sequence[Prepared],
        targets: Sequence[Target],
        scores: str,
    ) -> None:
        if not samples:
            raise ImageError("there is no image to score: the list is empty.")
        if len({sample.shape for sample in samples}) > 1:
            raise ImageError(
                "images of several sizes, or photos beside preprocessed arrays, are no one array. "
                "Make a scorer for each size."
            )
        wrapped = plan.wrapped
        self._runner, self._plan, self._scores = runner, plan, scores
        self._given = batch_inputs(samples, wrapped)
        entry = wrapped.inputs[plan.shown]
        self._first = wrapped.channels_first and entry.rank > 1
        image_input = self._given[plan.shown]
        self._dtype = image_input.dtype
        self.inputs = (np.moveaxis(image_input, 1, -1) if self._first else image_input).astype(
            "float32"
        )
        self._asked = self._pinned(targets)
        keys: list[Hashable] = list(map(batch_key, self._asked))
        self._kinds = np.array([keys.index(key) for key in keys])

    def __call__(self, images: Any, which: Any = None) -> np.ndarray:
        """The score of each image, float32 (n,).

        images: (n, height, width, channels), changed copies of `inputs`. which: int (n,), of which
        input each is a copy; None for one copy of each in their order.
        """
        copies = np.asarray(images)
        rows = np.arange(len(self.inputs)) if which is None else np.asarray(which)
        if copies.shape != (len(rows), *self.inputs.shape[1:]):
            raise OptionError(
                f"copies have shape ({len(rows)}, {', '.join(map(str, self.inputs.shape[1:]))}); "
                f"got {copies.shape}. Say with `which` of which input each is a copy."
            )
        ready = self._ready(copies)
        scores = np.empty(len(rows), "float32")
        for kind in np.unique(self._kinds[rows]).tolist():
            members = np.flatnonzero(self._kinds[rows] == kind)
            scores[members] = self._run(ready[members], rows[members])[0]
        return scores

    def _ready(self, copies: np.ndarray) -> np.ndarray:
        """As the model takes them."""
        if np.issubdtype(self._dtype, np.integer):
            limits = np.iinfo(self._dtype)
            copies = np.clip(np.rint(copies), limits.min, limits.max)
        ready = copies.astype(self._dtype, copy=False)
        return np.moveaxis(ready, -1, 1) if self._first else ready

    def _run(self, copies: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
        """Scores (n,) and what ranks the classes (n, classes), of targets of one kind."""
        size = self._runner.copies(self._plan)
        parts = []
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            inputs = [array[part] for array in self._given]
            inputs[self._plan.shown] = copies[start : start + size]
            targets = [self._asked[row] for row in part.tolist()]
            parts.append(self._runner.scores(self._plan, inputs, targets, self._scores))
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    def _pinned(self, targets: Sequence[Target]) -> list[Target]:
        """Targets that do not follow the copies: a rank becomes the class that has it now."""
        context = self._plan.context
        self._asked = list(targets)
        rows = np.array([k for k, target in enumerate(targets) if target.follows_rank], int)
        if not len(rows):
            return self._asked
        if not all(targets[row].is_class_score for row in rows):
            raise TargetError(
                "the top class of a changed copy may be another one, so that a scorer asks "
                "combined questions about named classes only. Name the class in the place of 'top'."
            )
        ranked = self._run(self._ready(self.inputs[rows]), rows)[1]
        orders = np.argsort(-ranked, axis=1, kind="stable").tolist()
        for row, order in zip(rows.tolist(), orders, strict=True):
            about = targets[row].tell(Ranking(context.labels, tuple(order)))
            assert isinstance(about, Label)  # noqa: S101  (for mypy: a rank is that of a class)
            self._asked[row] = parse_target(about.index, context)
        return self._asked
