"""What one pass gave for a batch, as columns of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.explainer.build_explanations import notes_of_model
from seewhy.explainer.pipeline import Pipeline
from seewhy.maps import diagnostics
from seewhy.maps.map_checks import are_saturated, map_checks, top_classes
from seewhy.results.maps_record import CODES, Maps, bits_of
from seewhy.run.outcome import Outcome
from seewhy.targets.advice import asks_quantity
from seewhy.targets.labels import Label
from seewhy.targets.ranks import is_rank
from seewhy.targets.target import Ranking, Target


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class ExplainedBatch:
    """Some images in their order: their columns, and what the pass gave."""

    maps: Maps
    outcome: Outcome
    """Arrays with the images' axis in front, of one question each."""

    @classmethod
    def joined(cls, parts: Sequence[ExplainedBatch]) -> ExplainedBatch:
        """All parts behind each other."""
        if len(parts) == 1:
            return parts[0]
        maps = Maps.joined([part.maps for part in parts])
        columns = [
            np.concatenate([getattr(part.outcome, name) for part in parts]) for name in COLUMNS
        ]
        figures = tuple(each for part in parts for each in part.outcome.figures)
        return cls(maps, outcome_of(columns, figures))

    def rows(self, order: np.ndarray) -> ExplainedBatch:
        """The same images in another order."""
        columns = [getattr(self.outcome, name)[order] for name in COLUMNS]
        figures = tuple(self.outcome.figures[i] for i in order if self.outcome.figures)
        return ExplainedBatch(self.maps[order], outcome_of(columns, figures))


def outcome_of(columns: Sequence[np.ndarray], figures: Sequence[dict[str, float]]) -> Outcome:
    scores, ranked, probabilities, maps, reached = columns
    return Outcome(scores, ranked, probabilities, maps, reached, tuple(figures))


COLUMNS = ("scores", "ranked", "probabilities", "maps", "reached")


def maps_of_outcome(
    pipeline: Pipeline, columns: Outcome, targets: Sequence[Target], bits: np.ndarray
) -> Maps:
    """columns: arrays with the images' axis in front, of one question each."""
    output = pipeline.plan.context.output
    maps, scores = columns.maps[:, 0], columns.scores[:, 0]
    count = 0 if output.regression else pipeline.options.top
    top = top_classes(columns.ranked, count)
    shares = np.take_along_axis(columns.probabilities, top.astype(int), axis=1)
    hit = map_checks(maps, columns.reached[:, 0])
    hit["not-finite"] = hit["not-finite"] | ~np.isfinite(columns.ranked).all(axis=1)
    kind = targets[0].scores or pipeline.options.scores
    if targets[0].is_class_score and kind == "probabilities":
        hit["saturated"] = are_saturated(scores)
    for code, of_images in hit.items():
        bits = bits | (of_images.astype("uint32") << CODES.index(code))
    # those of one batch differ in their values only, so that the first one tells of all
    bits = bits | np.uint32(bits_of(notes_of_model(pipeline.plan.notes, targets[0])))
    bits = bits | _told_by_row(pipeline, columns, targets[0])
    return Maps(
        maps=maps,
        scores=scores,
        targets=_indices(pipeline, columns.ranked, targets, top),
        top=top,
        probabilities=shares.astype("float32"),
        warnings=bits.astype("uint32"),
        layer=pipeline.plan.layer,
        method=pipeline.method.name,
    )


def _told_by_row(pipeline: Pipeline, columns: Outcome, question: Target) -> np.ndarray:
    """Bits of what is known of single images only: figures of methods, and unclosed outputs."""
    count = len(columns.ranked)
    bits = np.zeros(count, "uint32")
    for row, figures in enumerate(columns.figures):
        bits[row] |= bits_of(diagnostics.figure_warnings(figures, ""))
    output = pipeline.plan.context.output
    if output.regression or output.field or output.final is not None or asks_quantity(question):
        return bits
    about = (output.unknown, output.binary, output.classifies, output.name)
    for row in range(count):
        bits[row] |= bits_of(diagnostics.output_warnings(columns.ranked[row], *about))
    return bits


def _indices(
    pipeline: Pipeline, ranked: np.ndarray, targets: Sequence[Target], top: np.ndarray
) -> np.ndarray:
    """The class that each image was asked about, int32; -1 for questions about no single one."""
    labels, indices = pipeline.plan.labels, np.full(len(targets), -1, "int32")
    if all(map(is_rank, targets)) and top.size:
        ranks = np.array([int(target.values[0]) for target in targets])
        order = top if ranks.max() < top.shape[1] else top_classes(ranked, int(ranks.max()) + 1)
        return np.take_along_axis(order, ranks[:, None], axis=1)[:, 0]
    known: dict[int, int] = {}
    for row, target in enumerate(targets):
        if id(target) not in known or target.follows_rank:
            best = top_classes(ranked[row : row + 1], ranked.shape[1] if target.follows_rank else 0)
            told = target.tell(Ranking(labels, tuple(best[0].tolist())))
            known[id(target)] = told.index if isinstance(told, Label) else -1
        indices[row] = known[id(target)]
    return indices
