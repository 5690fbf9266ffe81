"""Questions as values: put to a model, composed, and read from what a user wrote."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seewhy.errors import TargetError
from seewhy.network.outputs import ModelOutputs, Output
from seewhy.targets import scores as scores_module
from seewhy.targets.labels import Group, Labels, numbered_labels
from seewhy.targets.same_function import SameFunction
from seewhy.targets.scores import class_scores, rank_scores
from seewhy.targets.target import Ranking, Target, TargetLabel, TargetText

Tensor = Any


@dataclass(frozen=True)
class Context:
    """What must be known of a model to put a question to it."""

    labels: Labels
    outputs: tuple[Output, ...]
    main: int
    scores: str
    """"logits" or "probabilities"."""

    @property
    def output(self) -> Output:
        return self.outputs[self.main]


@dataclass(frozen=True)
class UnresolvedTarget:
    """A question that is not yet put to any model. Composes with + - * and unary -."""

    words: str
    resolve: Callable[[Context], Target] = field(repr=False)
    """Raises TargetError if the model cannot be asked so."""

    def __add__(self, other: Any) -> UnresolvedTarget:
        return _sum_of_targets(self, unresolved_target(other), 1.0, "{} and {}")

    def __sub__(self, other: Any) -> UnresolvedTarget:
        return _sum_of_targets(self, unresolved_target(other), -1.0, "{} rather than {}")

    def __neg__(self) -> UnresolvedTarget:
        return _scaled_target(self, -1.0, "against {}")

    def __mul__(self, factor: float) -> UnresolvedTarget:
        if isinstance(factor, bool) or not np.isscalar(factor) or isinstance(factor, str):
            raise TargetError(f"a target can be multiplied by a number; got {factor!r}.")
        return _scaled_target(self, float(factor), f"{float(factor):g} × ({{}})")

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> UnresolvedTarget:
        if divisor == 0:
            raise TargetError("a target cannot be divided by 0.")
        return self * (1 / divisor)


def parse_target(target: Any, context: Context) -> Target:
    """A question from what a user wrote: "top", a class, a Question or a function.

    Raises TargetError if it is unknown, ambiguous or out of range; it lists candidates.
    """
    if isinstance(target, Target):
        return target
    return unresolved_target(target).resolve(context)


def parse_targets(targets: Sequence[Any], context: Context, count: int) -> list[Target]:
    """Several questions; "all-top" stands for the `count` highest classes."""
    questions: list[Target] = []
    for each in targets:
        if isinstance(each, str) and each.strip().lower().replace("_", "-") == "all-top":
            questions += [
                rank_target(rank, context) for rank in range(min(count, len(context.labels)))
            ]
        else:
            questions.append(parse_target(each, context))
    return questions


def unresolved_target(target: Any) -> UnresolvedTarget:
    if isinstance(target, UnresolvedTarget):
        return target
    if isinstance(target, Target):
        return UnresolvedTarget("question", lambda _: target)
    if isinstance(target, np.ndarray) and target.ndim == 0:
        target = target.item()
    if isinstance(target, str):
        return ask_rank(0) if target.strip().lower() == "top" else ask_class(target)
    if callable(target):
        return ask_function(target)
    return ask_class(_index(target))


def ask_class(label: int | str) -> UnresolvedTarget:
    """How strongly a class or a group: what `targets.class_` gives."""
    return UnresolvedTarget(str(label), lambda context: class_target(label, context, None))


def ask_rank(rank: int) -> UnresolvedTarget:
    """How strongly the class of a rank: what `targets.top` gives."""
    words = "top class" if rank == 0 else f"rank {rank}"
    return UnresolvedTarget(words, lambda context: rank_target(rank, context))


def ask_function(function: Callable[[Any], Tensor], about: str | None = None) -> UnresolvedTarget:
    """A user's function of the outputs: what `targets.custom` gives."""
    name = about or getattr(function, "__name__", type(function).__name__).strip("<>")

    def score(answers: ModelOutputs) -> Tensor:
        from keras import ops

        values = function(answers.as_given())
        batch = answers.raw().shape[0]
        shape = tuple(getattr(values, "shape", ()))
        if shape != (batch,):
            raise TargetError(
                f"the target {name!r} gave a value of shape {shape}; expected one score an "
                f"image, ({batch},). Take a class or a mean over the other axes."
            )
        return ops.cast(values, "float32")

    target = Target(("custom", SameFunction(function)), score, (), lambda _: TargetText(name))
    return UnresolvedTarget(name, lambda _: target)


def unit_target(unit: int, context: Context) -> Target:
    """One unit of the output as it is: what `targets.regression` asks."""
    k, shape = context.main, context.output.shape
    count = shape[-1] if shape else 1
    if not -count <= unit < count:
        raise TargetError(
            f"output {context.output.name!r} has the units 0 to {count - 1}; got {unit}."
        )
    unit %= count
    # without names of the user's the labels would call a quantity "class 0"
    named = count > 1 and len(context.labels) == count
    named = named and context.labels != numbered_labels(count)
    name = context.labels[unit].name if named else f"value {unit}"
    return Target(
        ("unit", k),
        lambda answers, at: scores_module.unit_scores(answers, at, k),
        (np.asarray(unit, "int32"),),
        lambda _: TargetText(name),
    )


def class_target(name: int | str | Group, context: Context, scores_kind: str | None) -> Target:
    label = name if isinstance(name, Group) else find_label(name, context.labels)
    k = context.main
    if isinstance(label, Group):
        return Target(
            ("group", k, scores_kind),
            lambda answers, members: scores_module.group_scores(answers, members, k, scores_kind),
            (_members(label, context.output.classes),),
            lambda _: label,
            is_class_score=True,
            scores=scores_kind,
        )
    return Target(
        ("class", k, scores_kind),
        lambda answers, at: class_scores(answers, at, k, scores_kind),
        (np.asarray(label.index, "int32"),),
        lambda _: label,
        is_class_score=True,
        scores=scores_kind,
    )


def rank_target(rank: int, context: Context) -> Target:
    k = context.main
    if context.output.regression:
        return unit_target(rank, context)
    count = context.output.classes
    if not 0 <= rank < count:
        raise TargetError(f"the model has {count} classes, ranks 0 to {count - 1}; got {rank}.")

    def tell(ranking: Ranking) -> TargetLabel:
        if not ranking.order:
            return TargetText("top class" if rank == 0 else f"rank {rank}")
        return ranking.labels[ranking.order[rank]]

    return Target(
        ("rank", k),
        lambda answers, at: rank_scores(answers, at, k, None),
        (np.asarray(rank, "int32"),),
        tell,
        is_class_score=True,
        follows_rank=True,
    )


def _sum_of_targets(
    a: UnresolvedTarget, b: UnresolvedTarget, sign: float, words: str
) -> UnresolvedTarget:
    def resolve(context: Context) -> Target:
        first, second = a.resolve(context), b.resolve(context)
        cut = len(first.values)
        score_of_first, score_of_second = first.score, second.score

        def tell(ranking: Ranking) -> TargetLabel:
            parts = (first.tell(ranking), second.tell(ranking))
            names = [part.name for part in parts]
            return TargetText(words.format(*names), tuple(c for p in parts for c in classes_of(p)))

        return Target(
            ("sum", sign, cut, first.kind, second.kind),
            lambda answers, *v: (
                score_of_first(answers, *v[:cut]) + sign * score_of_second(answers, *v[cut:])
            ),
            (*first.values, *second.values),
            tell,
            follows_rank=first.follows_rank or second.follows_rank,
        )

    return UnresolvedTarget(words.format(a.words, b.words), resolve)


def _scaled_target(a: UnresolvedTarget, factor: float, words: str) -> UnresolvedTarget:
    def resolve(context: Context) -> Target:
        target = a.resolve(context)
        score = target.score
        scaled = replace(
            target,
            kind=("scaled", factor, target.kind),
            score=lambda answers, *values: factor * score(answers, *values),
            is_class_score=False,
        )
        return with_words(scaled, words)

    return UnresolvedTarget(words.format(a.words), resolve)


def with_words(target: Target, words: str) -> Target:
    tell = target.tell

    def other(ranking: Ranking) -> TargetLabel:
        about = tell(ranking)
        return TargetText(words.format(about.name), classes_of(about))

    return replace(target, tell=other)


def classes_of(about: TargetLabel) -> tuple[Any, ...]:
    return about.classes if isinstance(about, TargetText) else (about,)


def find_label(name: int | str, labels: Labels) -> Any:
    return labels.find(name if isinstance(name, str) else _index(name))


def _members(group: Group, count: int) -> np.ndarray:
    if max(group.indices) >= count:
        raise TargetError(f"{group.name!r} has the class {max(group.indices)}; there are {count}.")
    members = class_mask([group], count)
    if members.all():
        raise TargetError(f"{group.name!r} holds all {count} classes: there is no rest to compare.")
    return members


def class_mask(labels: Sequence[Any], count: int) -> np.ndarray:
    """bool (classes,): which classes are among these labels and groups."""
    members = np.zeros(count, bool)
    for label in labels:
        members[list(label.indices) if isinstance(label, Group) else label.index] = True
    return members


def _index(target: Any) -> int:
    try:
        if isinstance(target, bool | np.bool_):
            raise TypeError
        return operator.index(target)
    except TypeError:
        raise TargetError(
            f"a target is an index, a WordNet id, a class name, a group's word, 'top', a question "
            f"of seewhy.targets or a function of the outputs; got {type(target).__name__} "
            f"{target!r}."
        ) from None
