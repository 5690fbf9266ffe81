"""Targets of outputs with space: regions, boxes of detectors, and likeness of embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seewhy.errors import TargetError
from seewhy.network.outputs import ModelOutputs, Output, output_index
from seewhy.targets import question as question_module
from seewhy.targets import scores
from seewhy.targets.builders import regression
from seewhy.targets.labels import Group
from seewhy.targets.question import Context, UnresolvedTarget, parse_target
from seewhy.targets.target import Ranking, Target, TargetLabel, TargetText

Tensor = Any


def region(
    wanted: int | str = "top",
    *,
    mask: Any = None,
    point: Sequence[int] | None = None,
) -> UnresolvedTarget:
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
            return parse_target(wanted, context)
        area = _area_mask(output.shape[:-1], mask, point)
        where = f"at {tuple(point)}" if point is not None else f"over {int(area.sum())} positions"
        chosen = _found_or_rank(wanted, context)

        def score(answers: ModelOutputs, at: Tensor, area: Tensor) -> Tensor:
            field = scores.field_of(answers, at, k, None)
            return scores.mean_over(field, area)

        def tell(ranking: Ranking) -> TargetLabel:
            label = ranking.labels[chosen]
            return TargetText(f"{label.name} {where}", (label,))

        return Target(("region", k), score, (np.asarray(chosen, "int32"), area), tell)

    return UnresolvedTarget(f"{wanted} in a region", resolve)


def similarity(to: Any) -> UnresolvedTarget:
    """The cosine between the output, an embedding (batch, units), and another.

    to: a vector (units,), or the name of another output, as of a two-tower model's text.
    """

    def resolve(context: Context) -> Target:
        k = context.main
        if isinstance(to, str):
            other = output_index(context.outputs, to)
            _same_size(context.output, context.outputs[other].shape)
            return Target(
                ("similar outputs", k, other),
                lambda answers: scores.cosine_scores(answers.raw(k), answers.raw(other)),
                (),
                lambda _: TargetText(f"similarity to {to}"),
            )
        vector = np.asarray(to, "float32")
        vector = vector[0] if vector.ndim > 1 and len(vector) == 1 else vector
        _same_size(context.output, vector.shape)
        return Target(
            ("similar", k),
            lambda answers, other: scores.cosine_scores(answers.raw(k), other),
            (vector,),
            lambda _: TargetText("similarity to the given embedding"),
        )

    return UnresolvedTarget("similarity", resolve)


def box(place: int | Sequence[int], wanted: int | str | None = None) -> UnresolvedTarget:
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
            return replace(regression(at[0]).resolve(context), tell=lambda _: TargetText(name))
        area = _area_mask(output.shape[:-1], None, at)
        label = None if wanted is None else question_module.find_label(wanted, context.labels)
        if isinstance(label, Group):
            raise TargetError(f"box() takes one class; {label.name!r} is a group of classes.")

        def score(answers: ModelOutputs, area: Tensor, *chosen: Tensor) -> Tensor:
            from keras import ops

            if chosen:
                return scores.mean_over(scores.field_of(answers, chosen[0], k, None), area)
            best = ops.max(answers.values(k), axis=-1)
            return scores.mean_over(best, area)

        chosen = () if label is None else (np.asarray(label.index, "int32"),)
        words = name if label is None else f"{label.name} of {name}"
        about = TargetText(words, () if label is None else (label,))
        return Target(("box", k, len(chosen)), score, (area, *chosen), lambda _: about)

    return UnresolvedTarget(f"detection {at}", resolve)


def _found_or_rank(wanted: int | str, context: Context) -> int:
    if isinstance(wanted, str) and wanted.strip().lower() == "top":
        raise TargetError(
            "region() with a mask or a point asks one class: give it, as in region('road', "
            "point=(3, 4))."
        )
    label = question_module.find_label(wanted, context.labels)
    if isinstance(label, Group):
        raise TargetError(f"region() takes one class; {label.name!r} is a group of classes.")
    return int(label.index)


def _area_mask(space: tuple[int, ...], mask: Any, point: Sequence[int] | None) -> np.ndarray:
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
