"""Explanations of many images whose arrays are there, each made when somebody looks at it."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.explainer.batching import group_by_key
from seewhy.explainer.build_explanations import (
    ExplainerInfo,
    ShownInput,
    build_explanations,
    warn_of_kind,
)
from seewhy.explainer.columns.explain_columns import (
    Fetch,
    explained_batch,
    in_threads,
    questions_of,
    ready_batch,
    start_samples,
)
from seewhy.explainer.columns.explained_batch import COLUMNS, ExplainedBatch, outcome_of
from seewhy.explainer.columns.read_photos import in_batches, is_plain, read_ahead
from seewhy.explainer.pipeline import Pipeline
from seewhy.models.prepare import Prepared
from seewhy.models.samples import as_numpy
from seewhy.results.explanation import Explanation
from seewhy.results.explanations import Explanations, MadeWhenLookedAt
from seewhy.results.maps_record import CODES
from seewhy.targets.target import Target, batch_key


@dataclass(frozen=True, eq=False)
class _Part:
    """Some images that went through together, and their places among all."""

    places: Sequence[int]
    samples: Sequence[Any] | np.ndarray
    """As `Pipeline.prepare` takes them, or prepared already."""
    targets: Sequence[Target]
    explained: ExplainedBatch

    def explanation(self, row: int, info: ExplainerInfo, shown: ShownInput) -> Explanation:
        """Of one of its images."""
        given = self.explained.outcome
        columns = [getattr(given, name)[row] for name in COLUMNS]
        outcome = outcome_of(columns, given.figures[row : row + 1])
        (found,) = build_explanations(info, shown, [self.targets[row]], outcome)
        return found


def lazy_explanations(
    pipeline: Pipeline,
    images: Any,
    targets: Any,
    shown_input: Callable[[Prepared], ShownInput],
) -> Explanations | None:
    """An explanation for each image, made when it is looked at; warnings are told at once.

    shown_input: what the map of a sample is laid over, and what else can be asked about it.
    None where a method runs the network again, and where several layers or copies make a map:
    beside that, what explanations cost in Python does not count.
    """
    if not is_plain(pipeline):
        return None
    batch = ready_batch(pipeline, images)
    if batch is None:
        samples = pipeline.samples(images)
        parts = [
            *_parts_of_samples(pipeline, samples, questions_of(pipeline, targets, len(samples)))
        ]
    else:
        # as they are now: whoever gave them may write into them before an explanation is made
        kept, each = as_numpy(images).copy(), questions_of(pipeline, targets, len(batch))
        parts, start = [], 0
        for explained in explained_batch(pipeline, batch, each):
            places = range(start, start + len(explained.maps))
            start = places.stop
            rows = slice(places.start, places.stop)
            parts.append(_Part(places, kept[rows], each[rows], explained))
    table = {place: (part, row) for part in parts for row, place in enumerate(part.places)}
    info = pipeline.info()

    def make(place: int) -> Explanation:
        part, row = table[place]
        sample = part.samples[row]
        prepared = sample if isinstance(sample, Prepared) else pipeline.prepare(sample)
        return part.explanation(row, info, shown_input(prepared))

    found = MadeWhenLookedAt.of(len(table), make)
    _warn(found, [table[place] for place in range(len(table))])
    return Explanations(found)


def _parts_of_samples(
    pipeline: Pipeline, samples: Sequence[Any], targets: Sequence[Target]
) -> Iterator[_Part]:
    waiting: deque[tuple[Callable[[ExplainedBatch], _Part], Fetch]] = deque()
    batches = in_batches(samples, pipeline.images_at_once)
    for start, batch in read_ahead(batches, pipeline.prepare, several=in_threads(samples)):
        keys = [
            (batch_key(target), sample.shape)
            for target, sample in zip(targets[start : start + len(batch)], batch, strict=True)
        ]
        for members in group_by_key(keys):
            places = [start + i for i in members]
            together, asked = [batch[i] for i in members], [targets[place] for place in places]
            part = functools.partial(_Part, places, together, asked)
            waiting.append((part, start_samples(pipeline, together, asked)))
        while len(waiting) > 1:
            make, fetch = waiting.popleft()
            yield make(fetch())
    for make, fetch in waiting:
        yield make(fetch())


def _warn(found: Sequence[Explanation], rows: Sequence[tuple[_Part, int]]) -> None:
    """Tell what must be known to read them: each kind of warning once, with its count."""
    several: dict[str, list[int]] = {}
    for place, (part, row) in enumerate(rows):
        bits = int(part.explained.maps.warnings[row])
        names = [code for k, code in enumerate(CODES) if bits >> k & 1] if bits else []
        for name in [*names, *_of_photo(part.samples[row])]:
            several.setdefault(name, []).append(place)
    # in the order in which the first explanation of each tells them
    firsts = {places[0]: found[places[0]].warnings for places in several.values()}
    for place, texts in sorted(firsts.items()):
        for text in texts:
            places = several.get(text.partition(":")[0], [])
            if places[:1] == [place]:
                warn_of_kind(found[place], text, len(places), len(found))


def _of_photo(sample: Any) -> list[str]:
    """Names of what is known of a photo and of no map, which have no code."""
    parts = sample.parts if isinstance(sample, Prepared) else ()
    notes = [note for part in parts if part.photo is not None for note in part.photo.notes]
    return [name for name in (note.partition(":")[0] for note in notes) if name not in CODES]
