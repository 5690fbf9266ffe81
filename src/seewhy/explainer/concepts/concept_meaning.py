"""Which classes a concept speaks for: what the tail answers without it, and to it alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.results.concepts import ConceptEffect, ConceptScores

Tensor = Any


def kept_concepts(count: int) -> np.ndarray:
    """Which concepts are kept, float32 (2 · count + 2, count + 1), in the order of `ConceptScores`.

    The last column is 1 where the activations stay as they are.
    """
    every = np.ones((1, count))
    alone = np.eye(count)
    kept = np.concatenate([0 * every, every, 1 - alone, alone])
    as_given = np.arange(len(kept)) == 0
    return np.concatenate([kept, as_given[:, None]], axis=1).astype("float32")


def recompose_activations(
    values: Tensor, rows: Tensor, strengths: Tensor, vectors: Tensor
) -> Tensor:
    """Activations (rows, batch, *space, units) of the concepts that each row keeps.

    values: (1, batch, *space, units). strengths: (batch, *space, concepts). vectors: (concepts,
    units).
    """
    from keras import ops

    ones = (1,) * (len(strengths.shape) - 1)
    kept = ops.reshape(rows[:, :-1], (rows.shape[0], *ones, -1))
    recomposed = ops.matmul(ops.expand_dims(strengths, 0) * kept, vectors)
    as_given = ops.reshape(rows[:, -1], (rows.shape[0], *ones, 1))
    return ops.where(as_given > 0, values, recomposed)


def scores_by_concept(scores: np.ndarray) -> ConceptScores:
    """Scores (rows, images, classes) of `kept_concepts`, by what they are of."""
    count = (len(scores) - 2) // 2
    by_image = np.moveaxis(scores, 0, 1)
    return ConceptScores(
        by_image[:, 0], by_image[:, 1], by_image[:, 2 : 2 + count], by_image[:, 2 + count :]
    )


def concept_effect(scores: ConceptScores, presence: np.ndarray) -> ConceptEffect:
    """What concepts mean to classes, from the scores without them.

    presence: (images, concepts), how much of a concept is in an image.
    What image i loses of class c without concept k is whole - without, d(i, k, c). The score lost
    is the mean of d(i, k, c) over the images, weighted by the concept's presence p(i, k). The share
    is the sum over images of p(i, k) · d⁺(i, k, c) in that of p(i, k) · Σ_j d⁺(i, j, c), with d⁺
    the positive part: 1 if the class loses by no other concept where this one is. Concepts that
    are in no image lose nothing.
    """
    lost = scores.whole[:, None].astype("float64") - scores.without
    positive = np.maximum(lost, 0)
    of_all = positive.sum(axis=1)
    weighted = np.einsum("ik,ikc->kc", presence, lost)
    by_concept = np.einsum("ik,ikc->kc", presence, positive)
    every = np.einsum("ik,ic->kc", presence, of_all)
    return ConceptEffect(
        _divided(weighted, presence.sum(axis=0)[:, None]), _divided(by_concept, every)
    )


def _divided(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and 0 where the whole is 0."""
    whole = np.broadcast_to(whole, part.shape)
    ratio: np.ndarray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return ratio
