"""The record of one row of a store."""

from __future__ import annotations

import json
from dataclasses import replace

from seewhy.datasets.stored_row import StoredRow
from seewhy.errors import MapError, RecordError
from seewhy.images.digests import digest
from seewhy.results.records.make_record import file_name
from seewhy.results.records.read_record import read_record
from seewhy.results.records.record import PhotoRecord, QuestionRecord, Record

_UNKNOWN = "0" * 64


def row_record(row: StoredRow) -> Record:
    """All that is needed to make the explanation of a row again; the photo is not read.

    A store comes from outside, so that it is checked as a record of a file is. Where the store has
    no SHA-256 of the photo, it is "". Raises MapError for a row without a map, and RecordError
    for values that are not allowed.
    """
    if row.map is None:
        raise MapError(f"there is no map of {row.source!r}, which could not be read.")
    record = _record(row)
    try:
        checked = read_record(json.loads(json.dumps(record.as_dict())))
    except (TypeError, ValueError) as error:
        raise RecordError(f"the store's manifest.json is damaged: {error}.") from error
    known = row.photo_sha256 or ""
    return replace(checked, photo=replace(checked.photo, sha256=known))


def _record(row: StoredRow) -> Record:
    about, origin, map = row.manifest, row.origin, row.map
    assert map is not None  # noqa: S101  (for mypy)
    return Record(
        photo=PhotoRecord(
            file_name(row.source),
            row.photo_sha256 or _UNKNOWN,
            "file",
            (row.height or 0, row.width or 0),
        ),
        model=origin.model,
        layer=about["layer"],
        layers=origin.layers,
        question=QuestionRecord(
            row.target or row.question, row.target_index, None, origin.target, origin.asked
        ),
        method=origin.method,
        options=origin.options,
        not_recorded=origin.not_recorded,
        score=row.score,
        probability=None,
        predictions=tuple(dict(vars(each)) for each in row.top or ()),
        warnings=row.warnings or (),
        versions=about["versions"],
        backend=origin.backend,
        device=origin.device,
        map_sha256=digest(map),
        map_shape=tuple(map.shape),
        map=map,
        map_step=origin.map_step,
    )
