"""Evidence that comes of a run of the model by rules of its own, not of a cut."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from seewhy.plan.evidence_sources import (
    EvidenceSources,
    Given,
    QuestionBatch,
    arrange_on_grid,
    one_hot_cotangent,
)

Tensor = Any


def attention_maps(
    _: ModuleType,
    sources: EvidenceSources,
    question: QuestionBatch,
    images: Sequence[Tensor],
    values: Sequence[Tensor],
) -> tuple[tuple[Tensor, Any], list[Given]]:
    """The answers, and for each question the attentions, without any gradient."""
    assert sources.attention_run is not None  # noqa: S101  (for mypy: the plan has made it)
    outputs, attentions = sources.attention_run(images, None)
    evidence = [{"attentions": attentions} for _ in question.targets]
    return question.score(sources.layer, outputs, values), evidence


def attention_gradients(
    backend: ModuleType,
    sources: EvidenceSources,
    question: QuestionBatch,
    images: Sequence[Tensor],
    values: Sequence[Tensor],
) -> tuple[tuple[Tensor, Any], list[Given]]:
    """The answers, and for each question the attentions and their gradients."""
    from keras import ops

    attentive = sources.attention_run
    assert attentive is not None  # noqa: S101  (for mypy: the plan has made it)
    # of this run a compiler keeps the shape only
    shift = ops.zeros_like(attentive(images, None)[1])

    def score(moved: Tensor) -> tuple[Tensor, Any]:
        outputs, attentions = attentive(images, moved)
        value, ranked = question.score(sources.layer, outputs, values)
        return value, (ranked, ops.stop_gradient(attentions))

    value, (ranked, attentions), pullback = backend.value_and_pullback(score, shift)
    evidence = [
        {"attentions": attentions, "attention_gradients": pullback(one_hot_cotangent(value, k))}
        for k in range(len(question.targets))
    ]
    return (value, ranked), evidence


def block_gradients(
    backend: ModuleType,
    sources: EvidenceSources,
    question: QuestionBatch,
    images: Sequence[Tensor],
    values: Sequence[Tensor],
) -> tuple[tuple[Tensor, Any], list[Given]]:
    """The answers, and for each question the gradients of each block's own score."""
    from keras import ops

    run = sources.block_run
    assert run is not None  # noqa: S101  (for mypy: the plan has made it)
    # of this run a compiler keeps the shape only
    shift = ops.zeros_like(run(images, None)[1])
    count, blocks = shift.shape[:2]

    def score(moved: Tensor) -> tuple[Tensor, Any]:
        outputs, _ = run(images, moved)
        repeated = [ops.concatenate([value] * (1 + blocks)) for value in values]
        value, ranked = question.score(sources.layer, outputs, repeated)
        return value, (value[:, :count], [each[:count] for each in ranked])

    value, answers, pullback = backend.value_and_pullback(score, shift)
    mask = ops.arange(value.shape[1]) >= count
    evidence = []
    for k in range(len(question.targets)):
        cotangent = ops.where(mask, one_hot_cotangent(value, k), 0)
        evidence.append({"block_gradients": pullback(ops.cast(cotangent, value.dtype))})
    return answers, evidence


def full_gradients(
    backend: ModuleType,
    sources: EvidenceSources,
    question: QuestionBatch,
    images: Sequence[Tensor],
    values: Sequence[Tensor],
) -> tuple[tuple[Tensor, Any], list[Given]]:
    """The answers, and for each question image times gradient and bias times gradient."""
    from keras import ops

    run, cut = sources.bias_run, sources.input_cuts["images"]
    assert run is not None  # noqa: S101  (for mypy: the plan has made it)
    # of this run a compiler keeps the shapes only
    biases = run(images, None)[1]
    shifts = [ops.zeros(bias.shape, bias.dtype) for bias in biases]
    at = cut.input or 0

    def score(moved: Sequence[Tensor]) -> tuple[Tensor, Any]:
        inputs = [*images[:at], moved[0], *images[at + 1 :]]
        return question.score(cut, run(inputs, moved[1:])[0], values)

    value, ranked, pullback = backend.value_and_pullback(score, [images[at], *shifts])
    evidence = []
    for k in range(len(question.targets)):
        first, *rest = pullback(one_hot_cotangent(value, k))
        terms = [bias.times(slope) for bias, slope in zip(biases, rest, strict=True)]
        image = arrange_on_grid(cut, images[at]) * arrange_on_grid(cut, first)
        evidence.append({"full_gradients": [image, *terms]})
    return (value, ranked), evidence
