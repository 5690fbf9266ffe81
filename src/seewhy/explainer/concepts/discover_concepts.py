"""Concepts in the activations of images: gathered, factorised, and asked what they speak for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from seewhy.errors import ImageError, OptionError, warn
from seewhy.explainer.build_explanations import ExplainerInfo
from seewhy.explainer.concepts import concept_meaning
from seewhy.explainer.concepts.nmf import Factors, factorise
from seewhy.explainer.pipeline import Pipeline
from seewhy.explainer.recording.origin import OriginMaker
from seewhy.models.prepare import Prepared
from seewhy.plan.plan import Plan
from seewhy.results.concepts import Concepts, ConceptScores
from seewhy.run.runner import Runner


@dataclass(frozen=True)
class ConceptOptions:
    """What the user said of the concepts."""

    count: int
    top: int
    seed: int

    def __post_init__(self) -> None:
        for name, least in (("count", 1), ("top", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
                raise OptionError(f"{name} is a whole number from {least} on; got {value!r}.")


def discover_concepts(
    pipeline: Pipeline, chunks: Sequence[Sequence[Prepared]], options: ConceptOptions
) -> Concepts:
    """What `Explainer.concepts` gives for images that are ready for the network, in batches."""
    runner, plan, info = pipeline.runner, pipeline.plan, pipeline.info()
    if len(plan.cuts) > 1:
        raise OptionError(f"concepts are those of one layer; got {plan.layer}. Give one of them.")
    prepared = [sample for some in chunks for sample in some]
    _check(prepared)
    batches = [pipeline.inputs(some) for some in chunks]
    activations = np.concatenate([runner.activations(plan, 0, inputs) for inputs in batches])
    # what is not finite must not be clipped away, but told
    positive = np.where(np.isfinite(activations), np.maximum(activations, 0), activations)
    units = activations.shape[-1]
    factors = factorise(positive.reshape(-1, units), options.count, options.seed)
    strengths = factors.strengths.reshape(*activations.shape[:-1], options.count).astype("float32")
    vectors = factors.vectors.astype("float32")
    answers = _concept_scores(runner, plan, batches, strengths, vectors)
    presence = strengths.reshape(len(prepared), -1, options.count).sum(axis=1, dtype="float64")
    meaning = concept_meaning.concept_effect(answers, presence)
    parts = [pipeline.shown_part(sample) for sample in prepared]
    notes = [*info.notes, *_notes(activations, factors, answers, info)]
    _warn(notes)
    return Concepts(
        maps=np.moveaxis(strengths, -1, 1),
        vectors=vectors,
        labels=tuple(
            meaning.named_shares(k, info.labels, options.top) for k in range(options.count)
        ),
        share=tuple(factors.share.tolist()),
        error=factors.error,
        layer=info.layer,
        photos=tuple(part.photo for part in parts if part.photo is not None),
        geometries=tuple(part.geometry for part in parts if part.geometry is not None),
        answered=answers,
        meaning=meaning,
        classes=info.labels,
        options={**info.options, "count": int(options.count), "seed": int(options.seed)},
        warnings=tuple(notes),
        versions=info.versions,
        ask_origin=OriginMaker.of(pipeline).of_all,
    )


def _check(prepared: Sequence[Prepared]) -> None:
    if not prepared:
        raise ImageError("there is no image to find concepts in: the list is empty.")
    shapes = {sample.shape for sample in prepared}
    if len(shapes) > 1:
        raise OptionError(
            f"images of {len(shapes)} sizes give grids of several shapes, which are no one array. "
            f"Give images of one size, or bring all to one with size=…."
        )


def _concept_scores(
    runner: Runner,
    plan: Plan,
    batches: Sequence[list[np.ndarray]],
    strengths: np.ndarray,
    vectors: np.ndarray,
) -> ConceptScores:
    """The scores of all classes for what is put together from concepts."""
    rows = concept_meaning.kept_concepts(len(vectors))
    scores, start = [], 0
    for inputs in batches:
        of_batch = strengths[start : start + len(inputs[0])]
        scores.append(
            runner.class_scores(
                plan, 0, inputs, concept_meaning.recompose_activations, rows, of_batch, vectors
            )
        )
        start += len(of_batch)
    return concept_meaning.scores_by_concept(np.concatenate(scores, axis=1))


def _notes(
    activations: np.ndarray, factors: Factors, answers: ConceptScores, info: ExplainerInfo
) -> Iterator[str]:
    """What must be known to read the concepts."""
    negative = float(np.sum(np.minimum(activations, 0) ** 2, dtype="float64"))
    if negative:
        share = negative / float(np.sum(activations**2, dtype="float64"))
        yield (
            f"clipped: {share:.1%} of the energy of the activations of {info.layer!r} is negative "
            f"and was set to 0, since concepts only add. A layer behind a ReLU has none."
        )
    if not factors.converged:
        yield "not-converged: the factorisation was still moving when it was stopped."
    if info.output.regression:
        return
    same = np.argmax(answers.given, axis=-1) == np.argmax(answers.whole, axis=-1)
    if not same.all():
        most = min(len(factors.strengths), factors.vectors.shape[1])
        more = len(factors.vectors) < most
        mend = "Ask for more (count)." if more else "No more fit this layer: take another."
        yield (
            f"incomplete: for {int(np.sum(~same))} of {len(same)} images the model's top class is "
            f"another when it sees no more than the concepts (which hold {factors.share.sum():.0%} "
            f"of the activations), so that what they speak for is uncertain. {mend}"
        )


def _warn(notes: Sequence[str]) -> None:
    for text in notes:
        warn(text)
