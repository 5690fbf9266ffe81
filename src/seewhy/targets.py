"""Questions to a model: from what a user names to one score an image."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.errors import TargetError
from seewhy.labels import Group, Label, Labels

Tensor = Any
Score = Callable[..., Tensor]
"""(outputs (batch, classes), values (batch, …)) → (batch,). Defined at module level: compiled
functions are kept by its identity, and what varies from question to question are the values."""


@dataclass(frozen=True)
class Target:
    """One question about one image."""

    score: Score
    value: np.ndarray
    """What `score` needs to know of this question, without the batch axis."""
    about: Label | Group | int
    """The class or group asked for; an integer is a rank, 0 for the top class."""


def of_class(label: Label) -> Target:
    """How strongly one class: its logit (or probability)."""
    return Target(class_score, np.asarray(label.index, "int32"), label)


def of_rank(rank: int) -> Target:
    """How strongly the class that the model puts at this rank, 0 for its top class."""
    return Target(rank_score, np.asarray(rank, "int32"), rank)


def of_group(group: Group, count: int, *, logits: bool) -> Target:
    """How strongly any class of a group: the log odds of its summed probability.

    count: number of the model's classes. With logits=False, the summed probability itself.
    """
    members = np.zeros(count, bool)
    members[list(group.indices)] = True
    if members.all():
        raise TargetError(f"{group.name!r} holds all {count} classes: there is no rest to compare.")
    return Target(group_log_odds if logits else group_probability, members, group)


def parse(wanted: Any, labels: Labels, *, logits: bool = True) -> Target:
    """A question from what a user wrote: "top", an index, a WordNet id, a name or a group's word.

    Raises TargetError if it is unknown, ambiguous or out of range; it lists candidates.
    """
    if isinstance(wanted, Target):
        return wanted
    if isinstance(wanted, str) and wanted.strip().lower() == "top":
        return of_rank(0)
    if not isinstance(wanted, str):
        wanted = _index(wanted)
    found = labels.find(wanted)
    if isinstance(found, Group):
        return of_group(found, len(labels), logits=logits)
    return of_class(found)


def parse_all(wanted: Sequence[Any], labels: Labels, top: int, *, logits: bool) -> list[Target]:
    """Several questions; "all-top" stands for the `top` highest classes."""
    questions: list[Target] = []
    for one in wanted:
        if isinstance(one, str) and one.strip().lower().replace("_", "-") == "all-top":
            questions += [of_rank(rank) for rank in range(min(top, len(labels)))]
        else:
            questions.append(parse(one, labels, logits=logits))
    return questions


def class_score(outputs: Tensor, indices: Tensor) -> Tensor:
    from keras import ops

    picked = ops.take_along_axis(outputs, ops.expand_dims(indices, -1), axis=-1)
    return ops.squeeze(picked, axis=-1)


def rank_score(outputs: Tensor, ranks: Tensor) -> Tensor:
    from keras import ops

    order = ops.argsort(-outputs, axis=-1)
    picked = ops.take_along_axis(order, ops.expand_dims(ranks, -1), axis=-1)
    return class_score(outputs, ops.squeeze(picked, axis=-1))


def group_log_odds(logits: Tensor, members: Tensor) -> Tensor:
    from keras import ops

    nothing = ops.full_like(logits, -np.inf)
    inside = ops.logsumexp(ops.where(members, logits, nothing), axis=-1)
    return inside - ops.logsumexp(ops.where(members, nothing, logits), axis=-1)


def group_probability(probabilities: Tensor, members: Tensor) -> Tensor:
    from keras import ops

    return ops.sum(ops.where(members, probabilities, ops.zeros_like(probabilities)), axis=-1)


def _index(wanted: Any) -> int:
    try:
        if isinstance(wanted, bool | np.bool_):
            raise TypeError
        return operator.index(wanted)
    except TypeError:
        raise TargetError(
            f"a target is an index, a WordNet id, a class name, a group's word or 'top'; "
            f"got {type(wanted).__name__} {wanted!r}."
        ) from None
