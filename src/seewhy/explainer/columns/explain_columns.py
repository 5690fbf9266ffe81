"""From images to `Maps`: a batch at a time, its results as arrays."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.explainer.batching import group_by_key, one_target_each
from seewhy.explainer.columns.explained_batch import (
    COLUMNS,
    ExplainedBatch,
    maps_of_outcome,
    outcome_of,
)
from seewhy.explainer.columns.pixel_batches import bits_of_batch, pixel_batch, prepared_batch
from seewhy.explainer.columns.read_photos import (
    in_batches,
    is_plain,
    pixels_of,
    read_ahead,
    sample_reader,
)
from seewhy.explainer.pipeline import Pipeline
from seewhy.images.fitted_file import FittedFile
from seewhy.models.prepare import Part, Prepared
from seewhy.results.maps_record import Maps, bits_of
from seewhy.targets.target import Target, batch_key

Fetch = Callable[[], ExplainedBatch]


def explain_columns(pipeline: Pipeline, images: Any, targets: Any, *, exact: bool = True) -> Maps:
    """The maps of many images; see `Explainer.maps`."""
    batch = ready_batch(pipeline, images)
    if batch is None:
        samples = pipeline.samples(images)
        each = questions_of(pipeline, targets, len(samples))
        explained = explained_samples(pipeline, samples, each, exact=exact)
    else:
        each = questions_of(pipeline, targets, len(batch))
        explained = explained_batch(pipeline, batch, each)
    parts = [part.maps for part in explained]
    if not parts:
        raise OptionError("there is no image to explain: the list is empty.")
    return Maps.joined(parts)


def ready_batch(pipeline: Pipeline, images: Any) -> np.ndarray | None:
    """The whole batch, where no image needs work of its own and one pass gives all maps."""
    if not is_plain(pipeline):
        return None
    batch = pixel_batch(images, pipeline)
    return prepared_batch(images, pipeline) if batch is None else batch


def questions_of(pipeline: Pipeline, targets: Any, count: int) -> list[Target]:
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


def explained_batch(
    pipeline: Pipeline, batch: np.ndarray, targets: Sequence[Target]
) -> Iterator[ExplainedBatch]:
    """A batch of `ready_batch`, in parts that go through together."""
    bits = np.full(len(batch), bits_of_batch(batch, pipeline), "uint32")
    size = pipeline.images_at_once
    return _one_late(
        _started(pipeline, batch[i : i + size], targets[i : i + size], bits[i : i + size])
        for i in range(0, len(batch), size)
    )


def in_parts(pipeline: Pipeline, batch: np.ndarray) -> Iterator[np.ndarray]:
    """A batch of `ready_batch`, in parts that go through together, as a pass takes them."""
    for start in range(0, len(batch), pipeline.images_at_once):
        yield _on_host(pipeline, batch[start : start + pipeline.images_at_once])


def _on_host(pipeline: Pipeline, images: np.ndarray) -> np.ndarray:
    """Photos preprocessed where that cannot be done in the pass."""
    wrapped = pipeline.wrapped
    if images.dtype != np.uint8 or wrapped.prepares_on_device(0):
        return images
    ready = wrapped.network_input(images, 0)
    return ready.astype("uint8") if wrapped.inputs[0].dtype == "uint8" else ready


def _one_late(started: Iterable[Fetch]) -> Iterator[ExplainedBatch]:
    """Each is fetched when the next one is started, so that the device need not wait."""
    waiting: deque[Fetch] = deque()
    for fetch in started:
        waiting.append(fetch)
        if len(waiting) > 1:
            yield waiting.popleft()()
    for fetch in waiting:
        yield fetch()


def _started(
    pipeline: Pipeline, images: np.ndarray, targets: Sequence[Target], bits: np.ndarray
) -> Fetch:
    """One batch on its way through the network, and what waits for it.

    bits: of what is known of each image; see `results.maps_record.CODES`.
    """
    images = _on_host(pipeline, images)
    alike = all(target is targets[0] for target in targets)
    groups = [] if alike else group_by_key([batch_key(target) for target in targets])
    if len(groups) < 2:
        return _asked(pipeline, images, targets, bits)
    fetches = [
        (members, _asked(pipeline, images[members], [targets[i] for i in members], bits[members]))
        for members in groups
    ]
    return lambda: _in_order([(members, fetch()) for members, fetch in fetches])


def _asked(
    pipeline: Pipeline, images: np.ndarray, targets: Sequence[Target], bits: np.ndarray
) -> Fetch:
    fetch = pipeline.runner.start_columns(pipeline.plan, [images], targets)

    def explained() -> ExplainedBatch:
        outcome = fetch()
        return ExplainedBatch(maps_of_outcome(pipeline, outcome, targets, bits), outcome)

    return explained


def explained_samples(
    pipeline: Pipeline, samples: Sequence[Any], targets: Sequence[Target], *, exact: bool
) -> Iterator[ExplainedBatch]:
    """Samples in batches, which are read in threads ahead of the network.

    exact: see `images.fitted_file.read_fitted`.
    """
    read: Callable[[Any], FittedFile | Prepared] = pipeline.prepare
    if is_plain(pipeline):
        read = sample_reader(pipeline, exact=exact)
    batches = in_batches(samples, pipeline.images_at_once)

    def started() -> Iterator[Fetch]:
        for start, batch in read_ahead(batches, read, several=in_threads(samples)):
            yield start_samples(pipeline, batch, targets[start : start + len(batch)])

    return _one_late(started())


def in_threads(samples: Sequence[Any]) -> Callable[[Any], bool]:
    """Whether a sample is read in a thread: files are, where there are several.

    Others may be no matter for threads, such as one picture that was given twice.
    """
    return lambda source: len(samples) > 1 and isinstance(source, str | os.PathLike)


def start_samples(
    pipeline: Pipeline, batch: Sequence[FittedFile | Prepared], targets: Sequence[Target]
) -> Fetch:
    """One batch of samples on its way through the network, and what waits for it."""
    bits = np.array([_bits(pipeline, sample) for sample in batch], "uint32")
    pixels = pixels_of(batch) if is_plain(pipeline) else None
    if pixels is not None:
        return _started(pipeline, pixels, targets, bits)
    prepared = [
        Prepared((Part(None, None, sample.pixels, None),))
        if isinstance(sample, FittedFile)
        else sample
        for sample in batch
    ]
    keys = [
        (batch_key(target), sample.shape) for target, sample in zip(targets, prepared, strict=True)
    ]
    explained = _in_order(
        [
            (
                members,
                _of_group(
                    pipeline,
                    [prepared[i] for i in members],
                    [targets[i] for i in members],
                    bits[members],
                ),
            )
            for members in group_by_key(keys)
        ]
    )
    return lambda: explained


def _bits(pipeline: Pipeline, sample: FittedFile | Prepared) -> int:
    if isinstance(sample, FittedFile):
        return bits_of(sample.notes)
    photo = pipeline.shown_part(sample).photo
    return 0 if photo is None else bits_of(photo.notes)


def _in_order(groups: Sequence[tuple[Sequence[int], ExplainedBatch]]) -> ExplainedBatch:
    """One batch, whose groups went through by themselves, in the order of its images."""
    if len(groups) == 1:
        return groups[0][1]
    joined = ExplainedBatch.joined([each for _, each in groups])
    return joined.rows(np.argsort(np.concatenate([members for members, _ in groups])))


def _of_group(
    pipeline: Pipeline, prepared: Sequence[Prepared], targets: list[Target], bits: np.ndarray
) -> ExplainedBatch:
    outcomes = pipeline.outcomes_of(prepared, [[target] for target in targets])
    columns = outcome_of(
        [np.stack([getattr(each, name) for each in outcomes]) for name in COLUMNS],
        [figures for each in outcomes for figures in each.figures],
    )
    return ExplainedBatch(maps_of_outcome(pipeline, columns, targets, bits), columns)
