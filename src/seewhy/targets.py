"""Questions to a model: what a map is asked to explain.

Each function gives a `Question`; questions compose (`a - b`, `0.5 * (a + b)`, `-a`) and say in
words what they ask. A class is named by index, WordNet id, name, or a group's word ("dog").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seewhy import questions, scores
from seewhy.errors import TargetError
from seewhy.labels import Group, numbered
from seewhy.network.outputs import Answers, Output, index
from seewhy.questions import Context, Question
from seewhy.scores import About, Asked, Ranking, Target

Tensor = Any


def class_(wanted: int | str) -> Question:
    """How strongly one class, or any of a group: its logit (a group's log odds).

    With `scores="probabilities"` the probability. In a segmentation, the mean over the positions
    where the class is the best one (all positions if nowhere).
    """
    return questions.of_name(wanted)


def top(rank: int = 0) -> Question:
    """How strongly the class that the model puts at this rank: 0 for its top class.

    Of a single unit (a sigmoid or its logit) it is the predicted side. Of a model that was
    compiled for a quantity it is that quantity.
    """
    return questions.of_place(rank)


def probability(wanted: int | str) -> Question:
    """The probability of a class, 0..1; its gradient fades where the model is sure."""
    return Question(
        f"probability of {wanted}",
        lambda context: questions.retold(
            questions.of_class(wanted, context, "probabilities"), "probability of {}"
        ),
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
        return (
            questions.of_rank(0, context)
            if positive is None
            else questions.of_class(int(positive), context, None)
        )

    words = {None: "predicted side", True: "positive side", False: "negative side"}
    return Question(words[positive], resolve)


def multi_label(wanted: Sequence[int | str] | None = None, *, threshold: float = 0.5) -> Question:
    """The sum of the scores of several classes; None takes all of a probability ≥ threshold."""

    if isinstance(wanted, str) or (wanted is not None and not len(wanted)):
        raise TargetError(f"multi_label takes a list of classes, or None; got {wanted!r}.")

    def resolve(context: Context) -> Target:
        k, asked_scores = context.main, None
        if wanted is None:
            return Target(
                ("likely", k),
                lambda answers, at: scores.likely(answers, at, k, asked_scores),
                (np.asarray(threshold, "float32"),),
                lambda _: Asked(f"all classes of probability {threshold:g} or more"),
            )
        found = [questions.found(one, context.labels) for one in wanted]
        return Target(
            ("several", k),
            lambda answers, inside: scores.several(answers, inside, k, asked_scores),
            (questions.inside(found, context.output.classes),),
            lambda _: Asked(" and ".join(one.name for one in found), tuple(found)),
        )

    return Question("several classes" if wanted else "all predicted classes", resolve)


def margin(a: Any, b: Any) -> Question:
    """Why a rather than b: the score of a less that of b."""
    return questions.question(a) - questions.question(b)


def counterfactual(wanted: Any) -> Question:
    """What speaks against a class: its negated score (Selvaraju et al. 2017, section 7.2)."""
    return -questions.question(wanted)


def regression(unit: int = 0) -> Question:
    """What makes a quantity large: one unit of the output as it is."""
    return Question(f"value {unit}", lambda context: questions.of_value(unit, context))


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
            return questions.parse(wanted, context)
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
                lambda _: Asked(f"similarity to {to}"),
            )
        vector = np.asarray(to, "float32")
        vector = vector[0] if vector.ndim > 1 and len(vector) == 1 else vector
        _same_size(context.output, vector.shape)
        return Target(
            ("similar", k),
            lambda answers, other: scores.cosine(answers.raw(k), other),
            (vector,),
            lambda _: Asked("similarity to the given embedding"),
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
            return replace(regression(at[0]).resolve(context), tell=lambda _: Asked(name))
        area = _area(output.shape[:-1], None, at)
        label = None if wanted is None else questions.found(wanted, context.labels)
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
        return Target(("box", k, len(chosen)), score, (area, *chosen), lambda _: about)

    return Question(f"detection {at}", resolve)


def output(name: str | int, question: Any = "top") -> Question:
    """A question to another output, by name (a dictionary's key, the layer's name) or index."""
    asked = questions.question(question)

    def resolve(context: Context) -> Target:
        k = index(context.outputs, name)
        chosen = context.outputs[k]
        same = k == context.main or chosen.classes == len(context.labels)
        labels = context.labels if same else numbered(chosen.classes)
        target = asked.resolve(replace(context, main=k, labels=labels))
        score, tell = target.score, target.tell
        if k == context.main:
            return target

        def of_output(_: Ranking) -> About:
            about = tell(Ranking(labels, ()))
            return Asked(f"{chosen.name}: {about.name}", questions.classes_of(about))

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
    TensorFlow and JAX compile it once: it must depend on nothing that changes. The batch may be
    filled up with copies of the last image, so each score must depend on its own image only.
    about: what it asks, in words; the function's name if not given.
    """
    return questions.of_function(function, about)


def _found_or_rank(wanted: int | str, context: Context) -> int:
    if isinstance(wanted, str) and wanted.strip().lower() == "top":
        raise TargetError(
            "region() with a mask or a point asks one class: give it, as in region('road', "
            "point=(3, 4))."
        )
    found = questions.found(wanted, context.labels)
    if isinstance(found, Group):
        raise TargetError(f"region() takes one class; {found.name!r} is a group of classes.")
    return int(found.index)


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
