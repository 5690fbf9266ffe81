"""What files of models would take in memory, looked at before anything is unpacked or built."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from math import prod
from pathlib import Path
from typing import Any

from seewhy.errors import ModelError, SeewhyError
from seewhy.free_memory import free_memory

ALLOWED = 1_000_000_000
"""Bytes that any file may unpack to: of a network that was never trained, zeros shrink to nothing.
"""
RATIO = 20
"""Trained weights hardly shrink; a file that unpacks to more times its size was made to do so."""
LARGEST_TEXT, MOST_MEMBERS = 50_000_000, 10_000
"""Bytes of the config, and files in the archive."""
FOUR_BYTES = 4
SLACK = 100_000_000
"""Values that a model may have beyond those that its file holds."""
LARGEST_TENSOR = 2**31
"""Values of one image or activation; more than any device computes."""
_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ENCRYPTED = 1


def check_archive(path: Path, kind: type[SeewhyError]) -> None:
    """Raises the given kind of error for a .keras file that would unpack to too much, or cannot be.

    Python unpacks no more of a file than the directory says, so that one that lies is cut short,
    which its checksum tells.
    """
    name = repr(str(path))
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    for member in members:
        if member.flag_bits & _ENCRYPTED or member.compress_type not in _KNOWN:
            how = "encrypted" if member.flag_bits & _ENCRYPTED else "compressed in an unknown way"
            raise kind(f"{name} has {member.filename!r} {how}: save the model anew, as Keras does.")
        if member.filename.endswith(".json") and member.file_size > LARGEST_TEXT:
            raise kind(
                f"{member.filename!r} in {name} unpacks to {member.file_size:,} bytes, and "
                f"{LARGEST_TEXT:,} at most are read: this is no usual model."
            )
    if len(members) > MOST_MEMBERS:
        raise kind(f"{name} holds {len(members):,} files: this is no usual model.")
    check_unpacked(path, sum(member.file_size for member in members), kind)


def check_unpacked(path: Path, size: int, kind: type[SeewhyError]) -> None:
    """Raises the given kind of error for what a file of this size would not hold, or memory not."""
    packed = path.stat().st_size
    if size > max(ALLOWED, RATIO * packed):
        raise kind(
            f"{str(path)!r} has {packed:,} bytes and unpacks to {size:,}: this is no usual model. "
            f"Save it anew, as Keras does."
        )
    if size > free_memory():
        raise kind(
            f"{str(path)!r} unpacks to {size:,} bytes, and {free_memory():,} are free: close other "
            f"programs, or take a larger machine."
        )


def check_datasets(path: Path, kind: type[SeewhyError]) -> int | None:
    """How many values a file's arrays have; None where they are in other files.

    Raises the given kind of error for too many.
    """
    import h5py  # type: ignore[import-untyped]

    found = [0, 0]

    def note(_: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[0] += int(item.size)
            found[1] += int(item.size) * item.dtype.itemsize

    with ExitStack() as opened:
        source: Any = path
        if path.suffix.lower() == ".keras":
            archive = opened.enter_context(zipfile.ZipFile(path))
            if "model.weights.h5" not in archive.namelist():
                return None  # such as a sharded one
            source = opened.enter_context(archive.open("model.weights.h5"))
        opened.enter_context(h5py.File(source, "r")).visititems(note)
    check_unpacked(path, found[1], kind)
    return found[0]


class Budget:
    """How many values the layers of a model that is being built may still ask for."""

    def __init__(self, path: Path, stored: int | None) -> None:
        """stored: how many values its file holds; None where that is not known."""
        self._path = path
        self._stored = stored
        self.refused: ModelError | None = None
        """Raised already; Keras may have put it into an error of its own."""
        fitting = free_memory() // FOUR_BYTES
        self._left = fitting if stored is None else min(2 * stored + SLACK, fitting)

    def take(self, shape: Sequence[int]) -> None:
        """Raises ModelError where a layer asks for more than the file can hold."""
        self._left -= prod(int(side) for side in shape)
        if self._left < 0:
            self.refused = ModelError(
                f"the layers in {str(self._path)!r} ask for weights such as one of shape "
                f"{tuple(shape)}, and the file holds {self._stored or 0:,} values, or memory less: "
                f"it is broken, or needs a larger machine."
            )
            raise self.refused


def check_tensors(model: Any, path: Path) -> None:
    """Raises ModelError for inputs or activations that no memory holds."""
    import keras

    for layer in getattr(model, "layers", ()):
        try:
            tensors = keras.tree.flatten(layer.output)
        except (AttributeError, ValueError):  # it was never called, or several times
            continue
        for tensor in tensors:
            sides = [side for side in getattr(tensor, "shape", ()) if side]
            if prod(sides) > LARGEST_TENSOR:
                raise ModelError(
                    f"layer {layer.name!r} in {str(path)!r} gives tensors of shape "
                    f"{tuple(tensor.shape)}, which take {prod(sides) * FOUR_BYTES / 1e9:,.0f} GB: "
                    f"build the model for smaller images."
                )
