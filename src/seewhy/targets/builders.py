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
from seewhy.network.outputs import output_index
from seewhy.targets import question as question_module
from seewhy.targets import scores
from seewhy.targets.labels import numbered_labels
from seewhy.targets.question import (
    Context,
    UnresolvedTarget,
    ask_class,
    ask_function,
    ask_rank,
    class_target,
    classes_of,
    rank_target,
    unit_target,
    with_words,
)
from seewhy.targets.target import Ranking, Target, TargetLabel, TargetText

Tensor = Any


def class_(wanted: int | str) -> UnresolvedTarget:
    """How strongly one class, or any of a group: its logit (a group's log odds).

    With `scores="probabilities"` the probability. In a segmentation, the mean over the positions
    where the class is the best one (all positions if nowhere).
    """
    return ask_class(wanted)


def top(rank: int = 0) -> UnresolvedTarget:
    """How strongly the class that the model puts at this rank: 0 for its top class.

    Of a single unit (a sigmoid or its logit) it is the predicted side. Of a model that was
    compiled for a quantity it is that quantity.
    """
    return ask_rank(rank)


def probability(wanted: int | str) -> UnresolvedTarget:
    """The probability of a class, 0..1; its gradient fades where the model is sure."""
    return UnresolvedTarget(
        f"probability of {wanted}",
        lambda context: with_words(
            class_target(wanted, context, "probabilities"), "probability of {}"
        ),
    )


def binary(positive: bool | None = None) -> UnresolvedTarget:
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
            rank_target(0, context)
            if positive is None
            else class_target(int(positive), context, None)
        )

    words = {None: "predicted side", True: "positive side", False: "negative side"}
    return UnresolvedTarget(words[positive], resolve)


def multi_label(
    wanted: Sequence[int | str] | None = None, *, threshold: float = 0.5
) -> UnresolvedTarget:
    """The sum of the scores of several classes; None takes all of a probability ≥ threshold."""

    if isinstance(wanted, str) or (wanted is not None and not len(wanted)):
        raise TargetError(f"multi_label takes a list of classes, or None; got {wanted!r}.")

    def resolve(context: Context) -> Target:
        k, asked_scores = context.main, None
        if wanted is None:
            return Target(
                ("likely", k),
                lambda answers, at: scores.likely_scores(answers, at, k, asked_scores),
                (np.asarray(threshold, "float32"),),
                lambda _: TargetText(f"all classes of probability {threshold:g} or more"),
            )
        labels = [question_module.find_label(label, context.labels) for label in wanted]
        return Target(
            ("several", k),
            lambda answers, inside: scores.summed_scores(answers, inside, k, asked_scores),
            (question_module.class_mask(labels, context.output.classes),),
            lambda _: TargetText(" and ".join(label.name for label in labels), tuple(labels)),
        )

    return UnresolvedTarget("several classes" if wanted else "all predicted classes", resolve)


def margin(a: Any, b: Any) -> UnresolvedTarget:
    """Why a rather than b: the score of a less that of b."""
    return question_module.unresolved_target(a) - question_module.unresolved_target(b)


def counterfactual(wanted: Any) -> UnresolvedTarget:
    """What speaks against a class: its negated score (Selvaraju et al. 2017, section 7.2)."""
    return -question_module.unresolved_target(wanted)


def regression(unit: int = 0) -> UnresolvedTarget:
    """What makes a quantity large: one unit of the output as it is."""
    return UnresolvedTarget(f"value {unit}", lambda context: unit_target(unit, context))


def output(name: str | int, question: Any = "top") -> UnresolvedTarget:
    """A question to another output, by name (a dictionary's key, the layer's name) or index."""
    unresolved = question_module.unresolved_target(question)

    def resolve(context: Context) -> Target:
        k = output_index(context.outputs, name)
        chosen = context.outputs[k]
        same = k == context.main or chosen.classes == len(context.labels)
        labels = context.labels if same else numbered_labels(chosen.classes)
        target = unresolved.resolve(replace(context, main=k, labels=labels))
        score, tell = target.score, target.tell
        if k == context.main:
            return replace(target, kind=("output", k, target.kind))

        def of_output(_: Ranking) -> TargetLabel:
            about = tell(Ranking(labels, ()))
            return TargetText(f"{chosen.name}: {about.name}", classes_of(about))

        return replace(
            target,
            kind=("output", k, target.kind),
            score=lambda answers, *values: score(answers.at(k), *values),
            tell=of_output,
            is_class_score=False,
        )

    return UnresolvedTarget(f"{name}: {unresolved.words}", resolve)


def custom(function: Callable[[Any], Tensor], about: str | None = None) -> UnresolvedTarget:
    """Any function of the model's outputs → (batch,), of tensors of Keras's backend.

    It gets the outputs in the structure that the model gives, as float32: logits where a closing
    softmax or sigmoid was found, or probabilities with `scores="probabilities"`.
    TensorFlow and JAX compile it once: it must depend on nothing that changes. The batch may be
    filled up with copies of the last image, so each score must depend on its own image only.
    about: what it asks, in words; the function's name if not given.
    """
    return ask_function(function, about)
