"""From images to `Maps`: a batch at a time, its results as arrays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.explainer.batching import group_by_key, one_target_each
from seewhy.explainer.build_explanations import notes_of_model
from seewhy.explainer.columns.pixel_batches import bits_of_batch, pixel_batch, prepared_batch
from seewhy.explainer.pipeline import Pipeline
from seewhy.maps import diagnostics
from seewhy.maps.map_checks import are_saturated, map_checks, top_classes
from seewhy.models.prepare import Prepared
from seewhy.results.maps_record import CODES, Maps, bits_of
from seewhy.run.outcome import Outcome
from seewhy.targets.advice import asks_quantity
from seewhy.targets.labels import Label
from seewhy.targets.ranks import is_rank
from seewhy.targets.target import Ranking, Target, batch_key


def explain_columns(pipeline: Pipeline, images: Any, targets: Any) -> Maps:
    """The maps of many images; see `Explainer.maps`."""
    pixels = _ready(pipeline, images)
    if pixels is None:
        samples = pipeline.samples(images)
        each = _questions(pipeline, targets, len(samples))
        parts = [*_of_samples(pipeline, samples, each)]
    else:
        each = _questions(pipeline, targets, len(pixels))
        parts = [*_of_batch(pipeline, pixels, each)]
    if not parts:
        raise OptionError("there is no image to explain: the list is empty.")
    return Maps.joined(parts)


def _ready(pipeline: Pipeline, images: Any) -> np.ndarray | None:
    """The whole batch, where no image needs work of its own and one pass gives all maps."""
    plain = not (pipeline.ensemble.enhancements or pipeline.options.sizes)
    if not plain or not pipeline.runner.is_one_pass or not pipeline.is_planned:
        return None
    if len(pipeline.plan.cuts) != 1:
        return None
    batch = pixel_batch(images, pipeline)
    return prepared_batch(images, pipeline) if batch is None else batch


def _questions(pipeline: Pipeline, targets: Any, count: int) -> list[Target]:
    """A target an image; equal ones are put to the model once."""
    several = isinstance(targets, list | tuple) or np.ndim(targets) > 0
    if not several:
        return pipeline.targets([targets]) * count
    known: dict[Any, Target] = {}
    each = []
    for target in one_target_each(targets, count):
        plain = isinstance(target, str | int | np.integer) and not isinstance(target, bool)
        if not plain:
            each += pipeline.targets([target])
            continue
        if target not in known:
            (known[target],) = pipeline.targets([target])
        each.append(known[target])
    return each


def _of_batch(pipeline: Pipeline, batch: np.ndarray, targets: Sequence[Target]) -> Iterator[Maps]:
    wrapped, size = pipeline.wrapped, pipeline.options.batch_size
    fixed = wrapped.inputs[0].batch
    size = min(size, fixed or size)
    started: deque[Callable[[], list[Maps]]] = deque()
    for start in range(0, len(batch), size):
        images, asked = batch[start : start + size], targets[start : start + size]
        started.append(_started(pipeline, images, asked))
        if len(started) > 1:  # the device has the next batch before this one is looked at
            yield from started.popleft()()
    for fetch in started:
        yield from fetch()


def _started(
    pipeline: Pipeline, images: np.ndarray, targets: Sequence[Target]
) -> Callable[[], list[Maps]]:
    """One batch on its way through the network, and what waits for it."""
    wrapped, bits = pipeline.wrapped, bits_of_batch(images, pipeline)
    if images.dtype == np.uint8 and not wrapped.prepares_on_device(0):
        ready = wrapped.network_input(images, 0)
        images = ready.astype("uint8") if wrapped.inputs[0].dtype == "uint8" else ready
    alike = all(target is targets[0] for target in targets)
    groups = [] if alike else group_by_key([batch_key(target) for target in targets])
    if len(groups) < 2:
        fetch = _asked(pipeline, [images], targets, bits)
        return lambda: [fetch()]
    fetches = [
        (members, _asked(pipeline, [images[members]], [targets[i] for i in members], bits))
        for members in groups
    ]
    return lambda: _in_order([(members, fetch()) for members, fetch in fetches])


def _of_samples(
    pipeline: Pipeline, samples: Sequence[Any], targets: Sequence[Target]
) -> Iterator[Maps]:
    start = 0
    for prepared in pipeline.prepared(samples):
        asked = targets[start : start + len(prepared)]
        start += len(prepared)
        keys = [
            (batch_key(target), sample.shape)
            for target, sample in zip(asked, prepared, strict=True)
        ]
        yield from _in_order(
            [
                (
                    members,
                    _of_group(
                        pipeline, [prepared[i] for i in members], [asked[i] for i in members]
                    ),
                )
                for members in group_by_key(keys)
            ]
        )


def _in_order(groups: Sequence[tuple[Sequence[int], Maps]]) -> list[Maps]:
    """One batch, whose groups went through by themselves, in the order of its images."""
    if len(groups) == 1:
        return [groups[0][1]]
    joined = Maps.joined([maps for _, maps in groups])
    return [joined[np.argsort(np.concatenate([members for members, _ in groups]))]]


def _of_group(pipeline: Pipeline, prepared: Sequence[Prepared], targets: list[Target]) -> Maps:
    bits = []
    for sample in prepared:
        photo = pipeline.shown_part(sample).photo
        bits.append(0 if photo is None else bits_of(photo.notes))
    outcomes = pipeline.outcomes_of(prepared, [[target] for target in targets])
    stacked = [np.stack([getattr(each, name) for each in outcomes]) for name in _NAMES]
    columns = Outcome(
        *(stacked[0], stacked[1], stacked[2], stacked[3], stacked[4]),
        figures=tuple(figures for each in outcomes for figures in each.figures),
    )
    return _maps(pipeline, columns, targets, np.array(bits, "uint32"))


_NAMES = ("scores", "ranked", "probabilities", "maps", "reached")


def _asked(
    pipeline: Pipeline, inputs: list[np.ndarray], targets: Sequence[Target], bits: int
) -> Callable[[], Maps]:
    fetch = pipeline.runner.start_columns(pipeline.plan, inputs, targets)
    return lambda: _maps(pipeline, fetch(), targets, np.full(len(targets), bits, "uint32"))


def _maps(
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
