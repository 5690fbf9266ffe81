"""The model and the photo that a record names: where they are looked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seewhy import images
from seewhy.checks import check_regular_file
from seewhy.data import FOLDER
from seewhy.errors import ImageError, RecordError
from seewhy.models import presets
from seewhy.render.drawn_size import MOST_DRAWN
from seewhy.results.records.record import ModelRecord, PhotoRecord

_GIVE = "give {what} (--{flag}; in Python {flag}=…)"


def model_of(record: ModelRecord, folders: Sequence[Path]) -> tuple[str, Path | None]:
    """The preset or file, and the file of weights of a preset. Raises RecordError."""
    if record.preset is not None:
        if not presets.is_name(record.preset):
            raise RecordError(
                f"the record names the preset {record.preset!r}, which this version of seewhy does "
                f"not have: {_GIVE.format(what='the model', flag='model')}."
            )
        return record.preset, weights_of(record, folders)
    if record.file is None:
        raise RecordError(
            f"the record names the model {record.name!r}, which came from no file: "
            f"{_GIVE.format(what='it', flag='model')}."
        )
    found = _named(record.file, folders)
    if not found:
        raise RecordError(
            f"the model {record.file!r} is neither beside the file nor in the current folder: "
            f"{_GIVE.format(what='its path', flag='model')}."
        )
    return str(found[0]), None


def weights_of(record: ModelRecord, folders: Sequence[Path]) -> Path | None:
    """The file of weights that was given for a preset. Raises RecordError where it is not found."""
    if record.weights_file is None:
        return None
    found = _named(record.weights_file, folders)
    if not found:
        raise RecordError(
            f"the weights {record.weights_file!r} of {record.preset} are neither beside the file "
            f"nor in the current folder: copy them there."
        )
    return found[0]


def photo_of(record: PhotoRecord, folders: Sequence[Path]) -> Path:
    """The photo, of several of its name the one of its SHA-256. Raises RecordError."""
    found = _named(record.name, [*folders, FOLDER]) if record.name else []
    if not found:
        named = repr(record.name) if record.name else "that was explained"
        raise RecordError(
            f"the photo {named} is neither beside the file nor in the current folder: "
            f"{_GIVE.format(what='its path', flag='photo')}."
        )
    same = [path for path in found if record.of == "file" and _sha256(path) == record.sha256]
    return (same or found)[0]


def photo_within(record: PhotoRecord, folder: Path) -> Path:
    """The same, of all photos in a folder and in those in it. Raises RecordError."""
    there = [Path(root) for root, _, names in os.walk(folder) if record.name in names]
    if not record.name or not there:
        raise RecordError(
            f"there is no photo {record.name!r} in the folder {str(folder)!r} or in those in it: "
            f"give the folder that it lies in."
        )
    return photo_of(record, sorted(there))


def opened_photo(source: Any, record: PhotoRecord) -> Any:
    """What an explainer takes of a photo; a path is read as it was read for the record.

    The numbers of a .npy file are taken as an array. Raises ImageError.
    """
    if not isinstance(source, str | Path):
        return source
    if Path(source).suffix.lower() == ".npy":
        return _array(Path(source))
    photo = images.load(source)
    # the commands read a very large JPEG smaller
    if photo.size != record.size and max(photo.size) > MOST_DRAWN:
        smaller = images.load(source, most=MOST_DRAWN)
        return smaller if smaller.size == record.size else photo
    return photo


def _array(path: Path) -> np.ndarray:
    check_regular_file(path, ImageError)
    try:
        array: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ImageError(f"{str(path)!r} is no array that can be read: {error}.") from error
    return array


def _named(name: str, folders: Sequence[Path]) -> list[Path]:
    return [folder / name for folder in folders if (folder / name).is_file()]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
