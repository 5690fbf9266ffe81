"""Photos of a run as the network takes them, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seewhy import images
from seewhy.datasets.sources.entry import Entry, as_text
from seewhy.datasets.sources.photo_of import file_of_photo
from seewhy.errors import SeewhyError
from seewhy.explainer.columns.read_photos import sample_reader
from seewhy.images.fitted_file import FittedFile
from seewhy.images.photo import Photo
from seewhy.models.prepare import Prepared
from seewhy.results.maps_record import bits_of

if TYPE_CHECKING:
    from seewhy.explainer.pipeline import Pipeline


@dataclass(frozen=True, eq=False)
class ReadPhoto:
    """One photo as the network takes it, or what is wrong with it."""

    entry: Entry
    error: str | None = None
    size: tuple[int, int] | None = None
    """(height, width) of the photo, upright."""
    image: np.ndarray | Photo | None = None
    """uint8 of the network's size; the photo itself where more of it is needed."""
    bits: int = 0
    """Of what must be known of the photo; see `results.maps_record.CODES`."""
    seen: tuple[int, ...] | None = None
    """(height, width) of the network's input."""
    sha256: str | None = None
    """Of all bytes of its file, or of those in an archive or table."""


def photo_reader(pipeline: Pipeline, *, exact: bool) -> Callable[[Entry], ReadPhoto]:
    """A function that reads a photo and brings it to the network's size.

    exact: see `images.fitted_file.read_fitted`.
    """
    # windows and other sizes of the input are cut from the photo itself
    whole = bool(pipeline.ensemble.enhancements or pipeline.options.sizes)
    fitted = None if whole else sample_reader(pipeline, exact=exact, digest=True)

    def read(entry: Entry) -> ReadPhoto:
        try:
            file = file_of_photo(entry.source)
            sample = fitted(file) if fitted else pipeline.prepare(images.load(file))
        except SeewhyError as error:
            return ReadPhoto(entry, as_text(str(error)))
        except Exception as error:  # whatever a decoder raises, the others are read
            what = f"{type(error).__name__}: {error}".rstrip(": .")
            return ReadPhoto(entry, as_text(f"{entry.source!r} cannot be read ({what})."))
        if isinstance(sample, FittedFile):
            seen = sample.pixels.shape[:2]
            bits = bits_of(sample.notes)
            return ReadPhoto(entry, None, sample.size, sample.pixels, bits, seen, sample.sha256)
        return _of_prepared(entry, sample, whole)

    return read


def _of_prepared(entry: Entry, sample: Prepared, whole: bool) -> ReadPhoto:
    (part,) = sample.parts
    photo = part.photo
    assert isinstance(photo, Photo)  # noqa: S101  (for mypy: entries are photos)
    fits = not whole and part.pixels is not None and part.pixels.dtype == np.uint8
    seen = None if part.geometry is None else tuple(part.geometry.input)
    image = part.pixels if fits else photo
    of, sha256 = photo.source or ("", None)
    digest = sha256 if of == "file" else None
    return ReadPhoto(entry, None, photo.size, image, bits_of(photo.notes), seen, digest)
