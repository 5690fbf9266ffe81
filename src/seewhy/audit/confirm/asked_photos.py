"""Photos as the network gets them, and what it answers to changed copies of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from seewhy.audit.find.evidence_rows import pooled
from seewhy.datasets.sources.photo_of import file_of_photo
from seewhy.errors import ImageError, SeewhyError
from seewhy.explainer.columns.read_photos import in_batches, pixels_of, read_ahead, sample_reader
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.pipeline import Pipeline
from seewhy.images.fitted_file import FittedFile
from seewhy.models.prepare import Prepared

HELD = 600_000_000
"""Bytes of pixels that are kept for the next question."""


@dataclass(eq=False)
class AskedPhotos:
    """Photos by their place among the rows of an audit, read once, and the network."""

    pipeline: Pipeline
    sources: Sequence[str]
    exact: bool = True
    problems: list[str] = field(default_factory=list)
    """What was wrong with photos that could not be read."""
    _held: dict[int, np.ndarray | None] = field(default_factory=dict)
    _size: tuple[int, int] | None = None

    def pixels(self, places: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(int (n,), uint8 (n, height, width, 3)): those of the photos that can be read, at the
        network's size, with their places. Where a model brings photos to its size by itself, all
        get the size of the first that was read."""
        wanted = [int(place) for place in places]
        self._read([place for place in dict.fromkeys(wanted) if place not in self._held])
        found = [(place, self._held[place]) for place in wanted]
        usable = [(place, each) for place, each in found if each is not None]
        if usable and self._size is None:
            self._size = usable[0][1].shape[0], usable[0][1].shape[1]
        size = self._size or (0, 0)
        kept = np.array([place for place, _ in usable], int)
        same = [_of_size(each, size) for _, each in usable]
        pixels = np.stack(same) if same else np.zeros((0, *size, 3), "uint8")
        self._let_go()
        return kept, pixels

    def answers(self, pixels: np.ndarray) -> np.ndarray:
        """float32 (n, classes): what ranks the classes, of photos at the network's size."""
        pipeline, found = self.pipeline, []
        (target,) = pipeline.targets(["top"])
        for batch in _batches(pixels, pipeline.runner.copies(pipeline.plan)):
            _, ranked = pipeline.runner.scores(
                pipeline.plan,
                [self._input(batch)],
                [target] * len(batch),
                pipeline.options.scores,
            )
            found.append(np.asarray(ranked, "float32"))
        return np.concatenate(found)

    def probabilities(self, pixels: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """float32 (n,): the probability of one class in each photo at the network's size.

        indices: int (n,), of the classes.
        """
        pipeline, found = self.pipeline, [np.zeros(0, "float32")]
        targets = pipeline.targets([int(index) for index in indices])
        size, start = pipeline.runner.copies(pipeline.plan), 0
        for batch in _batches(pixels, size):
            of_batch = targets[start : start + len(batch)]
            scores, _ = pipeline.runner.scores(
                pipeline.plan, [self._input(batch)], of_batch, "probabilities"
            )
            found.append(np.asarray(scores, "float32").reshape(len(batch)))
            start += len(batch)
        return np.concatenate(found)

    def activations(self, pixels: np.ndarray) -> np.ndarray:
        """float32 (n, rows, cols, units): what the target layer gives of them, averaged as maps
        are."""
        pipeline = self.pipeline
        return np.concatenate(
            [
                pooled(pipeline.runner.activations(pipeline.plan, 0, [self._input(batch)]))
                for batch in _batches(pixels, pipeline.images_at_once)
            ]
        )

    def evidence(self, pixels: np.ndarray, index: int) -> np.ndarray:
        """float32 (n, rows, cols): the positive evidence for a class, of photos at the network's
        size."""
        maps = pooled(Explainer.of(self.pipeline).maps(pixels, index).maps)
        positive: np.ndarray = np.maximum(np.where(np.isfinite(maps), maps, 0), 0)
        return positive

    def _input(self, pixels: np.ndarray) -> np.ndarray:
        wrapped = self.pipeline.wrapped
        ready = wrapped.network_input(pixels, 0)
        return ready.astype("uint8") if wrapped.inputs[0].dtype == "uint8" else ready

    def _read(self, places: Sequence[int]) -> None:
        read = sample_reader(self.pipeline, exact=self.exact)

        def pixels(place: int) -> np.ndarray | str:
            source = self.sources[place]
            try:
                sample = read(file_of_photo(source))
                found = pixels_of([sample])
            except SeewhyError as error:
                return str(error)
            except Exception as error:  # whatever a decoder raises, the others are read
                return f"{source!r} cannot be read ({type(error).__name__}: {error})."
            return _eight_bits(sample) if found is None else np.asarray(found[0])

        for batch, results in read_ahead(((b, b) for _, b in in_batches(places, 32)), pixels):
            for place, result in zip(batch, results, strict=True):
                self._held[place] = None if isinstance(result, str) else result
                if isinstance(result, str) and result not in self.problems:
                    self.problems.append(result)

    def _let_go(self) -> None:
        bytes = sum(each.nbytes for each in self._held.values() if each is not None)
        if bytes > HELD:
            self._held.clear()


def _of_size(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if pixels.shape[:2] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BILINEAR))


def _eight_bits(sample: FittedFile | Prepared) -> np.ndarray | str:
    """The pixels of a photo of more than 8 bits, or what is wrong with it."""
    part = None if isinstance(sample, FittedFile) else sample.parts[0].pixels
    if part is None:
        return "a sample is no photo, and cannot be changed as one."
    rounded: np.ndarray = np.clip(np.rint(part), 0, 255).astype("uint8")
    return rounded


def _batches(pixels: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(pixels), size):
        yield pixels[start : start + size]


def check_photos(photos: AskedPhotos, places: np.ndarray) -> None:
    """Raises ImageError where none of these photos can be read any more."""
    kept, _ = photos.pixels(places)
    if len(places) and not len(kept):
        raise ImageError(
            f"the photos of the store cannot be read any more: {photos.problems[0]} An audit "
            f"changes them and asks the model again: bring them back, or run again."
        )
