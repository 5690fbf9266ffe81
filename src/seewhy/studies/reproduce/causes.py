"""Why an explanation that was made again is another one."""

from __future__ import annotations

from collections.abc import Iterator

from seewhy.images.digests import pixels_digest
from seewhy.images.photo import Photo
from seewhy.results.explanation import Explanation
from seewhy.results.records.record import Record

_SHOWN = 16
"""Digits of a SHA-256 that are told."""


def changes(before: Record, explanation: Explanation) -> Iterator[str]:
    """What is otherwise than in the record and bears on the map."""
    now = explanation.record
    old, new = before.model.weights_sha256, now.model.weights_sha256
    if old is None or new is None:
        yield "weights not known: the record was made without the model at hand"
    elif old != new:
        yield f"other weights: SHA-256 {old[:_SHOWN]}… in the record, {new[:_SHOWN]}… now"
    if not before.photo.sha256:
        yield "photo not known: the store has no SHA-256 of it, as an earlier version made it"
    elif not _same_photo(before, explanation):
        one, other = before.photo.sha256, now.photo.sha256
        yield f"other photo: SHA-256 {one[:_SHOWN]}… in the record, {other[:_SHOWN]}… now"
    if before.layer != now.layer:
        yield f"other layer: {before.layer} in the record, {now.layer} now"
    if before.question.words != now.question.words and before.question.index != now.question.index:
        yield f"other class: {before.question.words} in the record, {now.question.words} now"


def surroundings(before: Record, now: Record) -> Iterator[str]:
    """What may be a cause: another version, backend or device."""
    if before.backend != now.backend:
        yield f"other backend: {before.backend} in the record, {now.backend} now (--backend)"
    for package, version in before.versions.items():
        other = now.versions.get(package)
        if other not in (None, version):
            yield f"other version of {package}: {version} in the record, {other} now"
    if before.device and before.device != now.device:
        yield f"other device: {before.device} in the record, {now.device} now"


def _same_photo(before: Record, explanation: Explanation) -> bool:
    photo, now = explanation.photo, explanation.record.photo
    if before.photo.of == "pixels" and now.of == "file" and isinstance(photo, Photo):
        return before.photo.sha256 == pixels_digest(photo)
    return (before.photo.of, before.photo.sha256) == (now.of, now.sha256)
