"""Which classes a concept speaks for: what the tail answers without it, and to it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.targets.labels import Labels

Tensor = Any

# Classes that lose less than this part of what the first one loses are not named.
NEGLIGIBLE = 0.01


@dataclass(frozen=True)
class Answered:
    """Scores of all classes for activations that were put together from concepts."""

    given: np.ndarray
    """(images, classes): for the activations as they are, the model's own scores."""
    whole: np.ndarray
    """(images, classes): for all concepts together."""
    without: np.ndarray
    """(images, concepts, classes): for all concepts but one."""
    alone: np.ndarray
    """(images, concepts, classes): for one concept, all others left out."""


@dataclass(frozen=True)
class Meaning:
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

    def told(self, concept: int, labels: Labels, top: int) -> tuple[tuple[str, float], ...]:
        """Those classes by name, each with its share."""
        best = self.order(concept, top)
        return tuple((labels[c].name, float(self.share[concept, c])) for c in best)


def rows(count: int) -> np.ndarray:
    """Which concepts are kept, float32 (2 · count + 2, count + 1), in the order of `Answered`.

    The last column is 1 where the activations stay as they are.
    """
    every = np.ones((1, count))
    one = np.eye(count)
    kept = np.concatenate([0 * every, every, 1 - one, one])
    as_given = np.arange(len(kept)) == 0
    return np.concatenate([kept, as_given[:, None]], axis=1).astype("float32")


def put_together(values: Tensor, rows: Tensor, strengths: Tensor, vectors: Tensor) -> Tensor:
    """Activations (rows, batch, *space, units) of the concepts that each row keeps.

    values: (1, batch, *space, units). strengths: (batch, *space, concepts). vectors: (concepts,
    units).
    """
    from keras import ops

    ones = (1,) * (len(strengths.shape) - 1)
    kept = ops.reshape(rows[:, :-1], (rows.shape[0], *ones, -1))
    made = ops.matmul(ops.expand_dims(strengths, 0) * kept, vectors)
    as_given = ops.reshape(rows[:, -1], (rows.shape[0], *ones, 1))
    return ops.where(as_given > 0, values, made)


def answered(scores: np.ndarray) -> Answered:
    """Scores (rows, images, classes) of `rows`, by what they are of."""
    count = (len(scores) - 2) // 2
    by_image = np.moveaxis(scores, 0, 1)
    return Answered(
        by_image[:, 0], by_image[:, 1], by_image[:, 2 : 2 + count], by_image[:, 2 + count :]
    )


def meaning(found: Answered, presence: np.ndarray) -> Meaning:
    """What concepts mean to classes, from the scores without them.

    presence: (images, concepts), how much of a concept is in an image.
    What image i loses of class c without concept k is whole - without, d(i, k, c). The score lost
    is the mean of d(i, k, c) over the images, weighted by the concept's presence p(i, k). The share
    is the sum over images of p(i, k) · d⁺(i, k, c) in that of p(i, k) · Σ_j d⁺(i, j, c), with d⁺
    the positive part: 1 if the class loses by no other concept where this one is. Concepts that
    are in no image lose nothing.
    """
    lost = found.whole[:, None].astype("float64") - found.without
    positive = np.maximum(lost, 0)
    of_all = positive.sum(axis=1)
    weighted = np.einsum("ik,ikc->kc", presence, lost)
    own = np.einsum("ik,ikc->kc", presence, positive)
    every = np.einsum("ik,ic->kc", presence, of_all)
    return Meaning(_divided(weighted, presence.sum(axis=0)[:, None]), _divided(own, every))


def _divided(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and 0 where the whole is 0."""
    whole = np.broadcast_to(whole, part.shape)
    ratio: np.ndarray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return ratio
