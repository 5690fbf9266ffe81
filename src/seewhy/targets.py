"""Questions to a model: what a map is asked to explain.

Each function gives a `Question`; questions compose (`a - b`, `0.5 * (a + b)`, `-a`) and say in
words what they ask. A class is named by index, WordNet id, name, or a group's word ("dog").
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seewhy import scores
from seewhy.errors import TargetError
from seewhy.labels import Group, Labels, numbered
from seewhy.outputs import Answers, Output, index
from seewhy.scores import About, Asked, Ranking, Target

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
        return _combined(self, _question(other), 1.0, "{} and {}")

    def __sub__(self, other: Any) -> Question:
        return _combined(self, _question(other), -1.0, "{} rather than {}")

    def __neg__(self) -> Question:
        return _scaled(self, -1.0, "against {}")

    def __mul__(self, factor: float) -> Question:
        if isinstance(factor, bool) or not np.isscalar(factor) or isinstance(factor, str):
            raise TargetError(f"a target can be multiplied by a number; got {factor!r}.")
        return _scaled(self, float(factor), f"{float(factor):g} × ({{}})")

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Question:
        return self * (1 / divisor)


def class_(wanted: int | str) -> Question:
    """How strongly one class, or any of a group: its logit (a group's log odds).

    With `scores="probabilities"` the probability. In a segmentation, the mean over the positions
    where the class is the best one (all positions if nowhere).
    """
    return Question(str(wanted), lambda context: _class(wanted, context, None))


def top(rank: int = 0) -> Question:
    """How strongly the class that the model puts at this rank: 0 for its top class.

    Of a single unit (a sigmoid or its logit) it is the predicted side. Of a model that was
    compiled for a quantity it is that quantity.
    """
    return Question("top class" if rank == 0 else f"rank {rank}", lambda c: _rank(rank, c))


def probability(wanted: int | str) -> Question:
    """The probability of a class, 0..1; its gradient fades where the model is sure."""
    return Question(
        f"probability of {wanted}",
        lambda context: _retold(_class(wanted, context, "probabilities"), "probability of {}"),
    )


def binary(positive: bool | None = None) -> Question:
    """One side of a single unit z: z for the positive side, -z for the other.

    positive: None takes the side that the model predicts.
    """

    def resolve(context: Context) -> Target:
        if not context.output.binary:
            raise TargetError(
                f"output {context.output.name!r} has {context.output.classes} units, and binary() "
                f"asks a single one. Ask a class of it, as with targets.class_(0)."
            )
        return _rank(0, context) if positive is None else _class(int(positive), context, None)

    words = {None: "predicted side", True: "positive side", False: "negative side"}
    return Question(words[positive], resolve)


def multi_label(
    wanted: Sequence[int | str] | None = None, *, threshold: float = 0.5
) -> Question:
    """The sum of the scores of several classes; None takes all of a probability ≥ threshold."""

    def resolve(context: Context) -> Target:
        k, asked_scores = context.main, None
        if wanted is None:
            return Target(
                ("likely", k),
                lambda answers, at: scores.likely(answers, at, k, asked_scores),
                (np.asarray(threshold, "float32"),),
                lambda ranking: Asked(f"all classes of probability {threshold:g} or more"),
            )
        found = [_found(one, context.labels) for one in wanted]
        return Target(
            ("several", k),
            lambda answers, inside: scores.several(answers, inside, k, asked_scores),
            (_inside(found, context.output.classes),),
            lambda ranking: Asked(" and ".join(one.name for one in found), tuple(found)),
        )

    return Question("several classes" if wanted else "all predicted classes", resolve)


def margin(a: Any, b: Any) -> Question:
    """Why a rather than b: the score of a less that of b."""
    return _question(a) - _question(b)


def counterfactual(wanted: Any) -> Question:
    """What speaks against a class: its negated score (Selvaraju et al. 2017, section 7.2)."""
    return -_question(wanted)


def regression(unit: int = 0) -> Question:
    """What makes a quantity large: one unit of the output as it is."""

    def resolve(context: Context) -> Target:
        k = context.main
        shape = context.output.shape
        count = shape[-1] if shape else 1
        if not -count <= unit < count:
            raise TargetError(f"output {context.output.name!r} has units 0 to {count - 1}; "
                              f"got {unit}.")
        return Target(
            ("unit", k),
            lambda answers, at: scores.unit(answers, at, k),
            (np.asarray(unit % count, "int32"),),
            lambda ranking: Asked(_value_name(context, unit % count)),
        )

    return Question(f"value {unit}", resolve)


def region(
    wanted: int | str = "top",
    *,
    mask: Any = None,
    point: Sequence[int] | None = None,
) -> Question:
    """The mean score of a class over a region of an output (batch, *space, classes).

    mask: bool of the output's space, such as (rows, cols). point: one position, such as
    (row, col). Neither: the positions where the class is the best one.
    """

    def resolve(context: Context) -> Target:
        output, k = context.output, context.main
        if not output.field:
            raise TargetError(
                f"output {output.name!r} of shape (batch, {', '.join(map(str, output.shape))}) "
                f"has no positions; region() asks a segmentation. Ask a class: class_({wanted!r})."
            )
        if mask is None and point is None:
            return parse(wanted, context)
        area = _area(output.shape[:-1], mask, point)
        where = f"at {tuple(point)}" if point is not None else f"over {int(area.sum())} positions"
        chosen = _found_or_rank(wanted, context)

        def score(answers: Answers, at: Tensor, area: Tensor) -> Tensor:
            field = scores.field_of(answers, at, k, None)
            return scores.over(field, area)

        def tell(ranking: Ranking) -> About:
            label = ranking.labels[chosen]
            return Asked(f"{label.name} {where}", (label,))

        return Target(("region", k), score, (np.asarray(chosen, "int32"), area), tell)

    return Question(f"{wanted} in a region", resolve)


def similarity(to: Any) -> Question:
    """The cosine between the output, an embedding (batch, units), and another.

    to: a vector (units,), or the name of another output, as of a two-tower model's text.
    """

    def resolve(context: Context) -> Target:
        k = context.main
        if isinstance(to, str):
            other = index(context.outputs, to)
            _same_size(context.output, context.outputs[other].shape)
            return Target(
                ("similar outputs", k, other),
                lambda answers: scores.cosine(answers.raw(k), answers.raw(other)),
                (),
                lambda ranking: Asked(f"similarity to {to}"),
            )
        vector = np.asarray(to, "float32")
        vector = vector[0] if vector.ndim > 1 and len(vector) == 1 else vector
        _same_size(context.output, vector.shape)
        return Target(
            ("similar", k),
            lambda answers, other: scores.cosine(answers.raw(k), other),
            (vector,),
            lambda ranking: Asked("similarity to the given embedding"),
        )

    return Question("similarity", resolve)


def box(place: int | Sequence[int], wanted: int | str | None = None) -> Question:
    """The score of one detection in an output (batch, detections, classes) or (batch, detections).

    place: index of the detection (or of the anchor, such as (row, col)). wanted: its class; None
    takes the one that is best there. For a model with several outputs, name the one with the
    scores: `output("scores", box(3, "dog"))`.
    """
    at = tuple(place) if isinstance(place, Sequence) else (int(place),)

    def resolve(context: Context) -> Target:
        output, k = context.output, context.main
        name = f"detection {at[0] if len(at) == 1 else at}"
        if len(output.shape) == 1:
            _check_place(at, output.shape)
            return replace(
                regression(at[0]).resolve(context), tell=lambda ranking: Asked(name)
            )
        area = _area(output.shape[:-1], None, at)
        label = None if wanted is None else _found(wanted, context.labels)
        if isinstance(label, Group):
            raise TargetError(f"box() takes one class; {label.name!r} is a group of classes.")

        def score(answers: Answers, area: Tensor, *chosen: Tensor) -> Tensor:
            from keras import ops

            if chosen:
                return scores.over(scores.field_of(answers, chosen[0], k, None), area)
            best = ops.max(answers.values(k), axis=-1)
            return scores.over(best, area)

        chosen = () if label is None else (np.asarray(label.index, "int32"),)
        words = name if label is None else f"{label.name} of {name}"
        about = Asked(words, () if label is None else (label,))
        return Target(("box", k, len(chosen)), score, (area, *chosen), lambda ranking: about)

    return Question(f"detection {at}", resolve)


def output(name: str | int, question: Any = "top") -> Question:
    """A question to another output, by name (a dictionary's key, the layer's name) or index."""
    asked = _question(question)

    def resolve(context: Context) -> Target:
        k = index(context.outputs, name)
        chosen = context.outputs[k]
        same = k == context.main or chosen.classes == len(context.labels)
        labels = context.labels if same else numbered(chosen.classes)
        target = asked.resolve(replace(context, main=k, labels=labels))
        score, tell = target.score, target.tell
        if k == context.main:
            return target

        def of_output(ranking: Ranking) -> About:
            about = tell(Ranking(labels, ()))
            return Asked(f"{chosen.name}: {about.name}", _classes_of(about))

        return replace(
            target,
            kind=("output", k, target.kind),
            score=lambda answers, *values: score(answers.at(k), *values),
            tell=of_output,
        )

    return Question(f"{name}: {asked.words}", resolve)


def custom(function: Callable[[Any], Tensor], about: str | None = None) -> Question:
    """Any function of the model's outputs → (batch,), of tensors of Keras's backend.

    It gets the outputs in the structure that the model gives, as float32: logits where a closing
    softmax or sigmoid was found, or probabilities with `scores="probabilities"`.
    """
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

    target = Target(("custom", function), score, (), lambda ranking: Asked(name))
    return Question(name, lambda context: target)


def parse(wanted: Any, context: Context) -> Target:
    """A question from what a user wrote: "top", a class, a Question or a function.

    Raises TargetError if it is unknown, ambiguous or out of range; it lists candidates.
    """
    if isinstance(wanted, Target):
        return wanted
    return _question(wanted).resolve(context)


def parse_all(wanted: Sequence[Any], context: Context, count: int) -> list[Target]:
    """Several questions; "all-top" stands for the `count` highest classes."""
    questions: list[Target] = []
    for one in wanted:
        if isinstance(one, str) and one.strip().lower().replace("_", "-") == "all-top":
            questions += [_rank(rank, context) for rank in range(min(count, len(context.labels)))]
        else:
            questions.append(parse(one, context))
    return questions


def _question(wanted: Any) -> Question:
    if isinstance(wanted, Question):
        return wanted
    if isinstance(wanted, Target):
        return Question("question", lambda context: wanted)
    if isinstance(wanted, str):
        return top() if wanted.strip().lower() == "top" else class_(wanted)
    if callable(wanted):
        return custom(wanted)
    return class_(_index(wanted))


def _class(wanted: int | str, context: Context, asked: str | None) -> Target:
    found = _found(wanted, context.labels)
    k = context.main
    if isinstance(found, Group):
        return Target(
            ("group", k, asked),
            lambda answers, inside: scores.group(answers, inside, k, asked),
            (_group(found, context.output.classes),),
            lambda ranking: found,
        )
    return Target(
        ("class", k, asked),
        lambda answers, at: scores.classes(answers, at, k, asked),
        (np.asarray(found.index, "int32"),),
        lambda ranking: found,
    )


def _rank(rank: int, context: Context) -> Target:
    k = context.main
    if context.output.regression:
        return regression(rank).resolve(context)
    count = context.output.classes
    if not 0 <= rank < count:
        raise TargetError(f"the model has {count} classes, ranks 0 to {count - 1}; got {rank}.")

    def tell(ranking: Ranking) -> About:
        if not ranking.order:
            return Asked("top class" if rank == 0 else f"rank {rank}")
        return ranking.labels[ranking.order[rank]]

    return Target(
        ("rank", k),
        lambda answers, at: scores.ranks(answers, at, k, None),
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
            return Asked(words.format(*names), tuple(c for p in parts for c in _classes_of(p)))

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
        return _retold(scaled, words)

    return Question(words.format(a.words), resolve)


def _retold(target: Target, words: str) -> Target:
    tell = target.tell

    def other(ranking: Ranking) -> About:
        about = tell(ranking)
        return Asked(words.format(about.name), _classes_of(about))

    return replace(target, tell=other)


def _classes_of(about: About) -> tuple[Any, ...]:
    return about.classes if isinstance(about, Asked) else (about,)


def _found(wanted: int | str, labels: Labels) -> Any:
    return labels.find(wanted if isinstance(wanted, str) else _index(wanted))


def _found_or_rank(wanted: int | str, context: Context) -> int:
    if isinstance(wanted, str) and wanted.strip().lower() == "top":
        raise TargetError(
            "region() with a mask or a point asks one class: give it, as in region('road', "
            "point=(3, 4))."
        )
    found = _found(wanted, context.labels)
    if isinstance(found, Group):
        raise TargetError(f"region() takes one class; {found.name!r} is a group of classes.")
    return int(found.index)


def _group(group: Group, count: int) -> np.ndarray:
    inside = _inside([group], count)
    if inside.all():
        raise TargetError(f"{group.name!r} holds all {count} classes: there is no rest to compare.")
    return inside


def _inside(found: Sequence[Any], count: int) -> np.ndarray:
    inside = np.zeros(count, bool)
    for one in found:
        inside[list(one.indices) if isinstance(one, Group) else one.index] = True
    return inside


def _area(space: tuple[int, ...], mask: Any, point: Sequence[int] | None) -> np.ndarray:
    if point is not None:
        _check_place(tuple(point), space)
        area = np.zeros(space, bool)
        area[tuple(point)] = True
        return area
    area = np.asarray(mask)
    if area.shape != space or not area.any():
        raise TargetError(
            f"a mask is a bool array of the output's shape {space} with at least one position "
            f"set; got shape {area.shape} with {int(np.count_nonzero(area))} set."
        )
    return area.astype(bool)


def _check_place(place: tuple[int, ...], space: tuple[int, ...]) -> None:
    fits = len(place) == len(space) and all(
        -side <= at < side for at, side in zip(place, space, strict=True)
    )
    if not fits:
        raise TargetError(
            f"the output has positions of shape {space}; got {place}. Give one index an axis."
        )


def _same_size(output: Output, shape: tuple[int, ...]) -> None:
    if int(np.prod(output.shape)) != int(np.prod(shape)):
        raise TargetError(
            f"output {output.name!r} gives embeddings of shape {output.shape}; got one of shape "
            f"{shape} to compare with. Give a vector of {int(np.prod(output.shape))} values."
        )


def _value_name(context: Context, unit: int) -> str:
    named = context.output.classes > 1 and len(context.labels) == context.output.classes
    return context.labels[unit].name if named and not context.output.binary else f"value {unit}"


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
