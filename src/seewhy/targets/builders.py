"""Questions to a model: what a map is asked to explain.

Each function gives a `Question`; questions compose (`a - b`, `0.5 * (a + b)`, `-a`) and say in
words what they ask. A class is named by index, WordNet id, name, or a group's word ("dog").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seewhy.errors import TargetError
from seewhy.network.outputs import index
from seewhy.targets import question as question_module
from seewhy.targets import scores
from seewhy.targets.labels import numbered
from seewhy.targets.question import (
    Context,
    Question,
    classes_of,
    of_class,
    of_function,
    of_name,
    of_place,
    of_rank,
    of_value,
    retold,
)
from seewhy.targets.target import About, Asked, Ranking, Target

Tensor = Any


def class_(wanted: int | str) -> Question:
    """How strongly one class, or any of a group: its logit (a group's log odds).

    With `scores="probabilities"` the probability. In a segmentation, the mean over the positions
    where the class is the best one (all positions if nowhere).
    """
    return of_name(wanted)


def top(rank: int = 0) -> Question:
    """How strongly the class that the model puts at this rank: 0 for its top class.

    Of a single unit (a sigmoid or its logit) it is the predicted side. Of a model that was
    compiled for a quantity it is that quantity.
    """
    return of_place(rank)


def probability(wanted: int | str) -> Question:
    """The probability of a class, 0..1; its gradient fades where the model is sure."""
    return Question(
        f"probability of {wanted}",
        lambda context: retold(of_class(wanted, context, "probabilities"), "probability of {}"),
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
        return of_rank(0, context) if positive is None else of_class(int(positive), context, None)

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
        found = [question_module.found(one, context.labels) for one in wanted]
        return Target(
            ("several", k),
            lambda answers, inside: scores.several(answers, inside, k, asked_scores),
            (question_module.inside(found, context.output.classes),),
            lambda _: Asked(" and ".join(one.name for one in found), tuple(found)),
        )

    return Question("several classes" if wanted else "all predicted classes", resolve)


def margin(a: Any, b: Any) -> Question:
    """Why a rather than b: the score of a less that of b."""
    return question_module.question(a) - question_module.question(b)


def counterfactual(wanted: Any) -> Question:
    """What speaks against a class: its negated score (Selvaraju et al. 2017, section 7.2)."""
    return -question_module.question(wanted)


def regression(unit: int = 0) -> Question:
    """What makes a quantity large: one unit of the output as it is."""
    return Question(f"value {unit}", lambda context: of_value(unit, context))


def output(name: str | int, question: Any = "top") -> Question:
    """A question to another output, by name (a dictionary's key, the layer's name) or index."""
    asked = question_module.question(question)

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
            return Asked(f"{chosen.name}: {about.name}", classes_of(about))

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
    return of_function(function, about)
