"""Rows of a store made again: is what the model says now still what the store holds?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seewhy import checks, images
from seewhy.datasets.again.row_record import row_record
from seewhy.datasets.open_store import Store, open_store
from seewhy.datasets.places.address import Address
from seewhy.datasets.sources.photo_of import file_of_photo
from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import ImageError, OptionError
from seewhy.images.fitted_file import FittedFile
from seewhy.images.photo import Photo

if TYPE_CHECKING:  # they import Keras
    from seewhy.explainer.explainer import Explainer
    from seewhy.studies.reproduce.make_again import Again
    from seewhy.studies.reproduce.reproduction import Reproduced, Reproduction


def reproduce_store(
    store: Store | str | Path,
    model: Any = None,
    *,
    rows: int = 8,
    ids: Sequence[str] = (),
    seed: int = 0,
) -> Reproduction:
    """Explain some photos of a store again, and compare the maps with those that it holds.

    model: as `Explainer` takes it, or an Explainer; None takes the preset of the store's record, or
        the file of its name in the store, beside it, or in the current folder.
    rows: how many are drawn at random, with a seed; all if there are fewer. ids: those of these
        photos instead, with each question.
    A store keeps maps rounded to 1/1024 of their largest magnitude: "identical" says that the map
    made now, rounded so, is the same in every bit, and "within 1e-4" that it is nowhere farther
    off than a ten-thousandth of the map's range beyond that rounding.
    Raises StoreError, OptionError for ids that are not in it, and RecordError where the model is
    not found or the record cannot be repeated.
    """
    from seewhy.studies.reproduce.make_again import Again
    from seewhy.studies.reproduce.reproduction import Reproduction

    opened = store if isinstance(store, Store) else open_store(store)
    folder = opened.folder
    around = () if isinstance(folder, Address) else (folder.resolve(), folder.resolve().parent)
    again = Again(model, None, tuple(dict.fromkeys((*around, Path.cwd()))))
    exact = bool(opened.manifest["exact"])
    chosen = chosen_rows(opened, rows, ids, seed)
    return Reproduction(str(folder), tuple(_again(again, row, exact=exact) for row in chosen))


def chosen_rows(store: Store, count: int, ids: Sequence[str], seed: int) -> list[StoredRow]:
    """The rows that are made again, in the order of the store. Raises OptionError."""
    checks.count("rows", count)
    wanted, readable, place = set(ids), [], 0
    for part in range(store.parts):
        table = store.columns_of(part, ["id", "error"])
        valid = table["error"].combine_chunks().is_valid().to_pylist()
        for id, broken in zip(table["id"].to_pylist(), valid, strict=True):
            if not broken and (not wanted or id in wanted):
                readable.append(place)
            place += 1
    if not readable:
        what = f"no photo {ids[0]!r} with a map" if ids else "no photo with a map"
        raise OptionError(f"the store {str(store.folder)!r} has {what}: see its column id.")
    if not wanted and len(readable) > count:
        drawn = np.random.default_rng(seed).choice(len(readable), count, replace=False)
        readable = [readable[k] for k in sorted(drawn.tolist())]
    return [store[k] for k in readable]


def _again(again: Again, row: StoredRow, *, exact: bool) -> Reproduced:
    from seewhy.studies.reproduce.reproduction import DIFFERS, Reproduced

    record = row_record(row)
    try:
        return again.one(record, lambda explainer: _sample(explainer, row, exact=exact))
    except ImageError as error:
        return Reproduced(record, None, DIFFERS, None, (f"the photo cannot be read: {error}",))


def _sample(explainer: Explainer, row: StoredRow, *, exact: bool) -> Photo:
    """The photo, or of a JPEG file that is much larger than needed what the run read of it."""
    from seewhy.explainer.columns.read_photos import sample_reader

    if exact:
        return images.load(file_of_photo(row.source))
    fitted = sample_reader(explainer.pipeline, exact=False, digest=True)(file_of_photo(row.source))
    if not isinstance(fitted, FittedFile):
        return images.load(file_of_photo(row.source))
    source = None if fitted.sha256 is None else ("file", fitted.sha256)
    return Photo(fitted.pixels, row.source, fitted.notes, source=source)
