"""Small grey copies of photos, and digests of their files: what duplicates are known by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from seewhy import images
from seewhy.audit.told import Told
from seewhy.datasets.places.address import is_address
from seewhy.datasets.sources.entry import file_of
from seewhy.datasets.sources.photo_of import file_of_photo
from seewhy.errors import SeewhyError
from seewhy.explainer.columns.read_photos import in_batches, read_ahead
from seewhy.images.fitted_file import read_fitted
from seewhy.images.fitting import fit
from seewhy.images.opening import file_bytes
from seewhy.render.files import write

SIDE = 32
"""Pixels a side of the copies."""
PART = 2048
"""Photos whose copies are kept in one file, so that a pass that was stopped goes on."""
FOLDER = "copies"
_BATCH = 64
_GREY = np.array([0.299, 0.587, 0.114], "float32")

Copy = tuple[str, np.ndarray]
"""The SHA-256 of a photo's file, and its grey copy uint8 (32, 32)."""


class SmallCopies:
    """Copies of photos, in their order; `problems` has what was wrong with photos.

    folder: keeps them for the next time; None keeps none.
    """

    def __init__(self, sources: Sequence[str], folder: Path | None) -> None:
        self.sources = sources
        self.folder = None if folder is None else folder / FOLDER
        self.problems: list[str] = []

    def read(self, tell: Told) -> tuple[list[str], np.ndarray]:
        """The digests, "" where a photo cannot be read, and the copies uint8 (n, 32, 32)."""
        digests: list[str] = []
        copies = [np.zeros((0, SIDE, SIDE), "uint8")]
        for number, (start, sources) in enumerate(in_batches(self.sources, PART)):
            key = _key(sources)
            known = self._known(number, key)
            if known is None:
                known = self._read(sources, start, tell)
                self._keep(number, key, *known)
            digests += known[0]
            copies.append(known[1])
        return digests, np.concatenate(copies)

    def _read(self, sources: Sequence[str], start: int, tell: Told) -> tuple[list[str], np.ndarray]:
        digests: list[str] = []
        copies = np.zeros((len(sources), SIDE, SIDE), "uint8")
        for done, results in read_ahead(in_batches(sources, _BATCH), _copy_or_problem):
            tell("Duplicates", start + done, len(self.sources))
            for k, result in enumerate(results):
                digests.append("" if isinstance(result, str) else result[0])
                if isinstance(result, str):
                    self.problems.append(result)
                else:
                    copies[done + k] = result[1]
        return digests, copies

    def _known(self, number: int, key: str) -> tuple[list[str], np.ndarray] | None:
        if self.folder is None:
            return None
        try:
            with np.load(self._path(number), allow_pickle=False) as kept:
                digests, copies = kept["digests"].tolist(), kept["copies"]
                same = str(kept["key"]) == key and copies.shape == (len(digests), SIDE, SIDE)
            # what could not be read is tried again
            return (digests, copies) if same and all(digests) else None
        except Exception:  # none, or one that is damaged in any of the ways of zip files
            return None

    def _keep(self, number: int, key: str, digests: list[str], copies: np.ndarray) -> None:
        if self.folder is None:
            return
        file = BytesIO()
        np.savez(file, key=np.array(key), digests=np.array(digests), copies=copies)
        write(self._path(number), file.getvalue())

    def _path(self, number: int) -> Path:
        if self.folder is None:
            raise ValueError("there is no folder")
        return self.folder / f"part-{number:05}.npz"


def _key(sources: Sequence[str]) -> str:
    """Equal for the same files, as far as their sizes and times tell."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source}\n{_state(source)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _state(source: str) -> str:
    if is_address(source):
        return ""
    try:
        about = Path(str(file_of(source))).stat()
    except (OSError, ValueError, SeewhyError):
        return "gone"
    return f"{about.st_size} {about.st_mtime_ns}"


def _copy_or_problem(source: str) -> Copy | str:
    try:
        return small_copy(source)
    except SeewhyError as error:
        return str(error)
    except Exception as error:  # whatever a decoder raises, the others are read
        return f"{source!r} cannot be read ({type(error).__name__}: {error})."


def small_copy(source: str) -> Copy:
    """The digest of a photo's file, and its small grey copy. Of large JPEG files no more is decoded
    than is needed. Raises ImageError."""
    given = file_of_photo(source)
    data = given.getvalue() if isinstance(given, BytesIO) else file_bytes(given)[0]
    file = BytesIO(data)
    file.name = source
    fitted = read_fitted(file, (SIDE, SIDE), "squash", exact=False)
    if fitted is None:
        pixels = np.asarray(fit(images.load(file), (SIDE, SIDE), "squash")[0])
    else:
        pixels = fitted.pixels
    grey = np.rint(pixels.astype("float32") @ _GREY).astype("uint8")
    return hashlib.sha256(data).hexdigest(), grey
