"""Are maps faithful to the model? What the checks need is gathered in shared passes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seewhy.errors import MapError, OptionError, SeewhyError
from seewhy.explainer.batching import group_by_key
from seewhy.explainer.pipeline import Pipeline
from seewhy.explainer.planning import sees_the_middle
from seewhy.explainer.scorer import Scorer
from seewhy.explainer.trust_checks import Evidence, judged, not_finite
from seewhy.images.geometry import Geometry
from seewhy.maps.shift_test import halves
from seewhy.metrics.faithfulness.baselines import heavily_blurred
from seewhy.metrics.perturbed_copies import scores_of_copies
from seewhy.models.prepare import Prepared
from seewhy.results.explanation import Explanation
from seewhy.results.trust import Trust
from seewhy.run.outcome import Outcome
from seewhy.targets.target import Target, batch_key

# How many halves of the photo are scored, each beside its other half.
PAIRS = 18


@dataclass(frozen=True)
class Subject:
    """A map, and the image and question that it is said to explain."""

    pipeline: Pipeline
    sample: Prepared
    asked: Target
    """As the explanation asked it."""
    question: Target
    """The same class for changed images, also where "top" was asked."""
    index: int | None
    """Of the class, where the target is one."""
    map: np.ndarray
    """On the grid of the pipeline's maps."""
    claimed: bool = True
    """Whether it is said to be the pipeline's own map."""
    frame: Geometry | None = None
    """How a map from elsewhere lay over the photo; None for one of the pipeline."""

    @property
    def geometry(self) -> Geometry:
        """How the photo lies in the network's input, and the map in what the layer sees of it."""
        geometry = self.pipeline.shown_part(self.sample).geometry
        assert geometry is not None  # noqa: S101  (for mypy: an image has a picture)
        return geometry

    def framed(self, map: np.ndarray) -> np.ndarray:
        """A map of the pipeline, seen as the given one was."""
        if self.frame is None:
            return map
        return self.frame.from_photo(self.frame.to_photo(np.maximum(map, 0)), map.shape)


@dataclass(frozen=True)
class TrustQuestion:
    """What an explanation keeps, so that it can be checked later: alone, or among others."""

    pipeline: Pipeline
    sample: Prepared
    question: Target

    @classmethod
    def of(cls, explanation: Explanation) -> TrustQuestion:
        """What an explanation kept. Raises OptionError if the model is no longer at hand."""
        if not isinstance(explanation.ask_trust, cls):
            raise OptionError(
                "the checks need the model, which is not at hand: this explanation was loaded, or "
                "made by hand. Explain the image again, then check that."
            )
        return explanation.ask_trust

    def __call__(self, explanation: Explanation) -> Trust:
        return check_trust([self.about(explanation)])[0]

    def about(self, explanation: Explanation) -> Subject:
        """The explanation's own map."""
        index = getattr(explanation.target, "index", None)
        question = self.question if index is None else self.pipeline.targets([int(index)])[0]
        # methods that run on changed copies may have asked "top" of each copy
        copies = self.pipeline.method.reruns or self.pipeline.ensemble.enhancements
        asked = self.question if copies else question
        return Subject(self.pipeline, self.sample, asked, question, index, explanation.map)

    def about_map(self, explanation: Explanation, map: Any, *, claimed: bool) -> Subject:
        """Another map of the same image and question, over the whole photo."""
        given = np.asarray(map)
        geometry = explanation.geometry
        if given.ndim != len(geometry.photo) or not given.size or given.dtype.kind not in "fiub":
            raise MapError(
                f"a map is an array of numbers with {len(geometry.photo)} axes that lies over the "
                f"whole photo; got shape {given.shape} of {given.dtype}. Give one value a place, "
                f"not the colours of a picture."
            )
        frame = geometry.of_size(given.shape)
        on_grid = frame.from_photo(given, explanation.map.shape)
        subject = self.about(explanation)
        return replace(subject, map=on_grid, claimed=claimed, frame=frame)


def subjects_of(explanations: Sequence[Explanation]) -> list[Subject]:
    """What is to be checked of explanations. Raises OptionError where the model is not at hand."""
    return [TrustQuestion.of(explanation).about(explanation) for explanation in explanations]


def check_trust(subjects: Sequence[Subject]) -> list[Trust]:
    """Check maps, those of one pipeline in shared batches.

    For methods of one pass it takes 39 forward passes a map: the image, its mirror image, the
    least likely class, and PAIRS times both halves.
    """
    results: list[Trust] = [not_finite()] * len(subjects)
    finite = [k for k, subject in enumerate(subjects) if np.isfinite(subject.map).all()]
    keys = [_batch_of(subjects[k]) for k in finite]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the explanation has told them
        for members in group_by_key(keys):
            together = [subjects[finite[i]] for i in members]
            for i, evidence in zip(members, _gathered(together), strict=True):
                results[finite[i]] = judged(evidence)
    return results


def _batch_of(subject: Subject) -> tuple[Any, ...]:
    keys = batch_key(subject.asked), batch_key(subject.question)
    return (id(subject.pipeline), subject.sample.shape, *keys)


def _gathered(subjects: Sequence[Subject]) -> list[Evidence]:
    """Evidence about subjects of one pipeline, one shape and one kind of question."""
    pipeline = subjects[0].pipeline
    inputs = pipeline.inputs([subject.sample for subject in subjects])
    samples = [subject.sample for subject in subjects]
    plain = _outcomes(pipeline, inputs, [[subject.asked] for subject in subjects], samples)
    found = [
        Evidence(subject.map, pipeline.method.name, subject.claimed, subject.framed(one.maps[0]))
        for subject, one in zip(subjects, plain, strict=True)
    ]
    _add_mirrored(subjects, inputs, found)
    _add_classes(subjects, inputs, plain, found)
    _add_shift_tests(subjects, found)
    return found


def _outcomes(
    pipeline: Pipeline,
    inputs: Sequence[np.ndarray],
    questions: Sequence[list[Target]],
    samples: Sequence[Prepared] = (),
) -> list[Outcome]:
    """Of any number of images, as many at once as the pipeline takes.

    samples: those behind the inputs, where these are unchanged.
    """
    fixed = pipeline.wrapped.inputs[0].batch
    size = min(pipeline.options.batch_size, fixed or pipeline.options.batch_size)
    outcomes: list[Outcome] = []
    for start in range(0, len(questions), size):
        part = slice(start, start + size)
        outcomes += (
            pipeline.outcomes_of(samples[part], questions[part])
            if samples
            else pipeline.outcomes([array[part] for array in inputs], questions[part])
        )
    return outcomes


def _add_mirrored(
    subjects: Sequence[Subject],
    inputs: Sequence[np.ndarray],
    found: Sequence[Evidence],
) -> None:
    pipeline = subjects[0].pipeline
    shown, first = pipeline.changed_input
    if inputs[shown].ndim < 4:
        for evidence in found:
            evidence.reasons["stable under a flip"] = "No mirror image: this is no picture."
        return
    sides = inputs[shown].shape[2:] if first else inputs[shown].shape[1:-1]
    if not sees_the_middle(subjects[0].geometry.extents, sides):
        for evidence in found:
            words = "The network looks at one side, so that a mirror image shows it another part."
            evidence.reasons["stable under a flip"] = words
        return
    mirrored = list(inputs)
    mirrored[shown] = np.ascontiguousarray(np.flip(inputs[shown], axis=-1 if first else -2))
    outcomes = _outcomes(pipeline, mirrored, [[subject.question] for subject in subjects])
    for k, (subject, evidence, outcome) in enumerate(zip(subjects, found, outcomes, strict=True)):
        if _alike(inputs[shown][k], mirrored[shown][k]):
            words = "The photo is its own mirror image: nothing to compare."
            evidence.reasons["stable under a flip"] = words
            continue
        evidence.flipped = subject.framed(outcome.maps[0][..., ::-1])


def _alike(image: np.ndarray, mirrored: np.ndarray) -> bool:
    """Whether two images are the same but for what no eye sees, a hundredth of their range."""
    apart = float(np.abs(image.astype("float64") - mirrored).max())
    return apart <= 0.01 * float(np.ptp(image.astype("float64")))


def _add_classes(
    subjects: Sequence[Subject],
    inputs: Sequence[np.ndarray],
    plain: Sequence[Outcome],
    found: Sequence[Evidence],
) -> None:
    """How probable the class is, and the map of the least likely one."""
    pipeline, rows, least = subjects[0].pipeline, [], []
    for k, (subject, evidence, outcome) in enumerate(zip(subjects, found, plain, strict=True)):
        if subject.index is None or outcome.ranked.size < 2:
            words = "Not compared with another class: the target is no single class."
            evidence.reasons["differs from the least likely class"] = words
            evidence.reasons["the class is supported"] = "The target is no single class."
            continue
        if np.ptp(outcome.ranked) == 0:
            words = "All classes are equally likely: none is the least likely one."
            evidence.reasons["differs from the least likely class"] = words
            evidence.probability = float(outcome.probabilities[subject.index])
            evidence.classes = outcome.ranked.size
            continue
        evidence.probability = float(outcome.probabilities[subject.index])
        evidence.classes = outcome.ranked.size
        evidence.least_asked = int(np.argmin(outcome.ranked)) == subject.index
        if not evidence.least_asked:
            rows.append(k)
            least.append(pipeline.targets([int(np.argmin(outcome.ranked))]))
    if rows:
        outcomes = _outcomes(pipeline, [array[rows] for array in inputs], least)
        for k, outcome in zip(rows, outcomes, strict=True):
            found[k].least = subjects[k].framed(outcome.maps[0])


def _add_shift_tests(subjects: Sequence[Subject], found: Sequence[Evidence]) -> None:
    """Which half of each photo scores more, all copies of all photos in shared batches."""
    pipeline = subjects[0].pipeline
    samples = [subject.sample for subject in subjects]
    questions = [subject.question for subject in subjects]
    try:
        scorer = Scorer(pipeline.runner, pipeline.plan, samples, questions, "probabilities")
        images = scorer.inputs
        if images.ndim != 4:
            raise MapError("this is no picture.")
    except SeewhyError as error:
        for evidence in found:
            evidence.reasons["foretells the score"] = f"No halves compared: {error}"
        return
    parts = halves(images.shape[1:3], PAIRS)
    scores = scores_of_copies(scorer, images, 2 * PAIRS, _with_one_half(images, parts))
    of_class = questions[0].is_class_score  # probabilities
    for subject, evidence, of_image in zip(subjects, found, scores, strict=True):
        geometry = subject.geometry
        on_input = geometry.to_input(evidence.map) if geometry.extents else evidence.map
        evidence.compare_halves(on_input, parts, of_image, of_class=of_class)


def _with_one_half(
    images: np.ndarray, parts: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """(which image, which row) → copies that keep one part, or what is outside of it."""
    blurred = heavily_blurred(images)
    kept = np.concatenate([parts, ~parts])[..., None]

    def make(which: np.ndarray, row: np.ndarray) -> np.ndarray:
        copies: np.ndarray = np.empty((len(row), *images.shape[1:]), images.dtype)
        for copy, image, part in zip(copies, which, row, strict=True):
            # one after the other, each in the processor's cache
            np.copyto(copy, blurred[image])
            np.copyto(copy, images[image], where=kept[part])
        return copies

    return make
