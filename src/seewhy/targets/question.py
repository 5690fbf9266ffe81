"""Questions as values: put to a model, composed, and read from what a user wrote."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seewhy.errors import TargetError
from seewhy.network.outputs import Answers, Output
from seewhy.targets import scores as scores_module
from seewhy.targets.labels import Group, Labels
from seewhy.targets.scores import classes, ranks
from seewhy.targets.target import About, Asked, Ranking, Target

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
class Question:
    """A question that is not yet put to any model. Composes with + - * and unary -."""

    words: str
    resolve: Callable[[Context], Target] = field(repr=False)
    """Raises TargetError if the model cannot be asked so."""

    def __add__(self, other: Any) -> Question:
        return _combined(self, question(other), 1.0, "{} and {}")

    def __sub__(self, other: Any) -> Question:
        return _combined(self, question(other), -1.0, "{} rather than {}")

    def __neg__(self) -> Question:
        return _scaled(self, -1.0, "against {}")

    def __mul__(self, factor: float) -> Question:
        if isinstance(factor, bool) or not np.isscalar(factor) or isinstance(factor, str):
            raise TargetError(f"a target can be multiplied by a number; got {factor!r}.")
        return _scaled(self, float(factor), f"{float(factor):g} × ({{}})")

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Question:
        if divisor == 0:
            raise TargetError("a target cannot be divided by 0.")
        return self * (1 / divisor)


def parse(wanted: Any, context: Context) -> Target:
    """A question from what a user wrote: "top", a class, a Question or a function.

    Raises TargetError if it is unknown, ambiguous or out of range; it lists candidates.
    """
    if isinstance(wanted, Target):
        return wanted
    return question(wanted).resolve(context)


def parse_all(wanted: Sequence[Any], context: Context, count: int) -> list[Target]:
    """Several questions; "all-top" stands for the `count` highest classes."""
    questions: list[Target] = []
    for one in wanted:
        if isinstance(one, str) and one.strip().lower().replace("_", "-") == "all-top":
            questions += [of_rank(rank, context) for rank in range(min(count, len(context.labels)))]
        else:
            questions.append(parse(one, context))
    return questions


def question(wanted: Any) -> Question:
    if isinstance(wanted, Question):
        return wanted
    if isinstance(wanted, Target):
        return Question("question", lambda _: wanted)
    if isinstance(wanted, np.ndarray) and wanted.ndim == 0:
        wanted = wanted.item()
    if isinstance(wanted, str):
        return of_place(0) if wanted.strip().lower() == "top" else of_name(wanted)
    if callable(wanted):
        return of_function(wanted)
    return of_name(_index(wanted))


def of_name(wanted: int | str) -> Question:
    """How strongly a class or a group: what `targets.class_` gives."""
    return Question(str(wanted), lambda context: of_class(wanted, context, None))


def of_place(rank: int) -> Question:
    """How strongly the class of a rank: what `targets.top` gives."""
    words = "top class" if rank == 0 else f"rank {rank}"
    return Question(words, lambda context: of_rank(rank, context))


def of_function(function: Callable[[Any], Tensor], about: str | None = None) -> Question:
    """A user's function of the outputs: what `targets.custom` gives."""
    name = about or getattr(function, "__name__", type(function).__name__).strip("<>")

    def score(answers: Answers) -> Tensor:
        from keras import ops

        given = function(answers.as_given())
        batch = answers.raw().shape[0]
        shape = tuple(getattr(given, "shape", ()))
        if shape != (batch,):
            raise TargetError(
                f"the target {name!r} gave a value of shape {shape}; expected one score an "
                f"image, ({batch},). Take a class or a mean over the other axes."
            )
        return ops.cast(given, "float32")

    target = Target(("custom", _Same(function)), score, (), lambda _: Asked(name))
    return Question(name, lambda _: target)


class _Same:
    """Stands for one object, which need not be hashable."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


def of_value(unit: int, context: Context) -> Target:
    """One unit of the output as it is: what `targets.regression` asks."""
    k, shape = context.main, context.output.shape
    count = shape[-1] if shape else 1
    if not -count <= unit < count:
        raise TargetError(
            f"output {context.output.name!r} has the units 0 to {count - 1}; got {unit}."
        )
    unit %= count
    named = count > 1 and len(context.labels) == count
    name = context.labels[unit].name if named else f"value {unit}"
    return Target(
        ("unit", k),
        lambda answers, at: scores_module.unit(answers, at, k),
        (np.asarray(unit, "int32"),),
        lambda _: Asked(name),
    )


def of_class(wanted: int | str, context: Context, asked: str | None) -> Target:
    label = found(wanted, context.labels)
    k = context.main
    if isinstance(label, Group):
        return Target(
            ("group", k, asked),
            lambda answers, members: scores_module.group(answers, members, k, asked),
            (_members(label, context.output.classes),),
            lambda _: label,
        )
    return Target(
        ("class", k, asked),
        lambda answers, at: classes(answers, at, k, asked),
        (np.asarray(label.index, "int32"),),
        lambda _: label,
    )


def of_rank(rank: int, context: Context) -> Target:
    k = context.main
    if context.output.regression:
        return of_value(rank, context)
    count = context.output.classes
    if not 0 <= rank < count:
        raise TargetError(f"the model has {count} classes, ranks 0 to {count - 1}; got {rank}.")

    def tell(ranking: Ranking) -> About:
        if not ranking.order:
            return Asked("top class" if rank == 0 else f"rank {rank}")
        return ranking.labels[ranking.order[rank]]

    return Target(
        ("rank", k),
        lambda answers, at: ranks(answers, at, k, None),
        (np.asarray(rank, "int32"),),
        tell,
    )


def _combined(a: Question, b: Question, sign: float, words: str) -> Question:
    def resolve(context: Context) -> Target:
        first, second = a.resolve(context), b.resolve(context)
        cut = len(first.values)
        one, other = first.score, second.score

        def tell(ranking: Ranking) -> About:
            parts = (first.tell(ranking), second.tell(ranking))
            names = [part.name for part in parts]
            return Asked(words.format(*names), tuple(c for p in parts for c in classes_of(p)))

        return Target(
            ("sum", sign, cut, first.kind, second.kind),
            lambda answers, *v: one(answers, *v[:cut]) + sign * other(answers, *v[cut:]),
            (*first.values, *second.values),
            tell,
        )

    return Question(words.format(a.words, b.words), resolve)


def _scaled(a: Question, factor: float, words: str) -> Question:
    def resolve(context: Context) -> Target:
        target = a.resolve(context)
        score = target.score
        scaled = replace(
            target,
            kind=("scaled", factor, target.kind),
            score=lambda answers, *values: factor * score(answers, *values),
        )
        return retold(scaled, words)

    return Question(words.format(a.words), resolve)


def retold(target: Target, words: str) -> Target:
    tell = target.tell

    def other(ranking: Ranking) -> About:
        about = tell(ranking)
        return Asked(words.format(about.name), classes_of(about))

    return replace(target, tell=other)


def classes_of(about: About) -> tuple[Any, ...]:
    return about.classes if isinstance(about, Asked) else (about,)


def found(wanted: int | str, labels: Labels) -> Any:
    return labels.find(wanted if isinstance(wanted, str) else _index(wanted))


def _members(group: Group, count: int) -> np.ndarray:
    members = inside([group], count)
    if members.all():
        raise TargetError(f"{group.name!r} holds all {count} classes: there is no rest to compare.")
    return members


def inside(labels: Sequence[Any], count: int) -> np.ndarray:
    """bool (classes,): which classes are among these labels and groups."""
    members = np.zeros(count, bool)
    for one in labels:
        members[list(one.indices) if isinstance(one, Group) else one.index] = True
    return members


def _index(wanted: Any) -> int:
    try:
        if isinstance(wanted, bool | np.bool_):
            raise TypeError
        return operator.index(wanted)
    except TypeError:
        raise TargetError(
            f"a target is an index, a WordNet id, a class name, a group's word, 'top', a question "
            f"of seewhy.targets or a function of the outputs; got {type(wanted).__name__} "
            f"{wanted!r}."
        ) from None
