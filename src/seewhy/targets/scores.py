"""Questions as tensor functions: a model's answers → one score an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.network.one_hot import one_hot as one_hot_rows
from seewhy.network.outputs import ModelOutputs

Tensor = Any


def class_scores(
    answers: ModelOutputs, indices: Tensor, k: int | None, scores: str | None
) -> Tensor:
    """The score of one class an image (batch,); of many positions, where it is the best."""

    one_hot = one_hot_rows(indices, answers.output(k).classes, dtype="float32")
    return one_class_scores(answers, one_hot, k, scores)


def rank_scores(answers: ModelOutputs, rank: Tensor, k: int | None, scores: str | None) -> Tensor:
    from keras import ops

    ranking = answers.output(k).pooled(answers.raw(k))[0]
    order = ops.argsort(-ops.stop_gradient(ranking), axis=-1)
    picked = ops.take_along_axis(order, ops.expand_dims(rank, -1), axis=-1)
    return class_scores(answers, ops.squeeze(picked, axis=-1), k, scores)


def one_class_scores(
    answers: ModelOutputs, one_hot: Tensor, k: int | None, scores: str | None
) -> Tensor:
    """The score of classes of which there is one an image, (batch, classes) → (batch,)."""

    values = answers.values(k, scores)
    field = _picked(values, one_hot)
    if not answers.output(k).field:
        return field
    return mean_over(field, _best(values, one_hot))


def mean_over(field: Tensor, mask: Tensor) -> Tensor:
    """Mean over the positions of a mask, (batch, *space) both; over all if the mask is empty."""
    from keras import ops

    space = tuple(range(1, len(field.shape)))
    weights = ops.cast(mask, field.dtype)
    empty = ops.equal(ops.sum(weights, axis=space, keepdims=True), 0)
    weights = ops.where(empty, ops.ones_like(weights), weights)
    return ops.sum(field * weights, axis=space) / ops.sum(weights, axis=space)


def field_of(answers: ModelOutputs, indices: Tensor, k: int | None, scores: str | None) -> Tensor:
    """The scores of one class an image at every position, (batch, *space)."""

    one_hot = one_hot_rows(indices, answers.output(k).classes, dtype="float32")
    return _picked(answers.values(k, scores), one_hot)


def group_scores(
    answers: ModelOutputs, inside: Tensor, k: int | None, scores: str | None
) -> Tensor:
    """The log odds (or probability) of any class of a group; inside: bool (batch, classes)."""
    from keras import ops

    values = answers.values(k, scores)
    inside = _spread(inside, values)
    if (scores or answers.scores) == "logits":
        nothing = ops.full_like(values, -np.inf)
        field = ops.logsumexp(ops.where(inside, values, nothing), axis=-1)
        field = field - ops.logsumexp(ops.where(inside, nothing, values), axis=-1)
    else:
        field = ops.sum(ops.where(inside, values, ops.zeros_like(values)), axis=-1)
    if not answers.output(k).field:
        return field
    return mean_over(field, _best(values, ops.cast(inside, "float32")))


def summed_scores(
    answers: ModelOutputs, inside: Tensor, k: int | None, scores: str | None
) -> Tensor:
    """The sum of the scores of several classes; inside: bool (batch, classes)."""
    from keras import ops

    values = answers.values(k, scores)
    return _summed(ops.where(_spread(inside, values), values, ops.zeros_like(values)))


def likely_scores(
    answers: ModelOutputs, threshold: Tensor, k: int | None, scores: str | None
) -> Tensor:
    """The sum of the scores of all classes whose probability reaches the threshold (batch,)."""
    from keras import ops

    shares = ops.stop_gradient(answers.values(k, "probabilities"))
    threshold = ops.reshape(threshold, (-1,) + (1,) * (len(shares.shape) - 1))
    values = answers.values(k, scores)
    return _summed(ops.where(shares >= threshold, values, ops.zeros_like(values)))


def unit_scores(answers: ModelOutputs, indices: Tensor, k: int | None) -> Tensor:
    """One unit of the output as it is (batch,); its mean where there are many positions."""
    from keras import ops

    raw = ops.cast(answers.raw(k), "float32")
    values = raw if len(raw.shape) > 1 else ops.expand_dims(raw, -1)
    field = _picked(values, one_hot_rows(indices, values.shape[-1], dtype="float32"))
    return ops.mean(ops.reshape(field, (field.shape[0], -1)), axis=-1)


def cosine_scores(one: Tensor, other: Tensor) -> Tensor:
    """The cosine of the angle between embeddings (batch, units) → (batch,)."""
    from keras import ops

    one, other = (ops.cast(each, "float32") for each in (one, other))
    one, other = (ops.reshape(each, (each.shape[0], -1)) for each in (one, other))
    lengths = [ops.sqrt(ops.sum(each * each, axis=-1)) for each in (one, other)]
    product = lengths[0] * lengths[1]
    zero = ops.equal(product, 0)
    dot = ops.sum(one * other, axis=-1)
    return ops.where(zero, dot, dot / ops.where(zero, ops.ones_like(product), product))


def _summed(values: Tensor) -> Tensor:
    from keras import ops

    return ops.sum(ops.reshape(values, (values.shape[0], -1)), axis=-1)


def _picked(values: Tensor, one_hot: Tensor) -> Tensor:
    """(batch, *space, classes) and (batch, classes) → (batch, *space)."""
    from keras import ops

    # where, not a product: an infinite score of another class must not give NaN
    one_hot = _spread(one_hot, values)
    return ops.sum(ops.where(one_hot > 0, values, ops.zeros_like(values)), axis=-1)


def _best(values: Tensor, one_hot: Tensor) -> Tensor:
    """bool (batch, *space): where the best class is one of those that are asked for."""
    from keras import ops

    best = ops.argmax(ops.stop_gradient(values), axis=-1)
    hits = one_hot_rows(best, values.shape[-1], dtype="float32")
    return ops.any(hits * _spread(one_hot, values) > 0, axis=-1)


def _spread(per_class: Tensor, values: Tensor) -> Tensor:
    """(batch, classes) → (batch, 1, …, classes) beside (batch, *space, classes)."""
    from keras import ops

    if len(per_class.shape) == len(values.shape):
        return per_class
    middle = (1,) * (len(values.shape) - 2)
    return ops.reshape(per_class, (per_class.shape[0], *middle, per_class.shape[-1]))
