"""Paths and addresses alike."""

from __future__ import annotations

import os
from io import BufferedReader
from pathlib import Path
from typing import Any

from seewhy.datasets.places.address import Address, is_address, known_place
from seewhy.images.listing import absolute

Place = Path | Address


def place_of(text: str | Path | Address) -> Place:
    """What a path or an address names; the secrets of that are remembered."""
    if isinstance(text, Path | Address):
        return text
    known = known_place(os.fspath(text))
    return Address(known) if is_address(known) else Path(known)


def whole(text: str) -> str:
    """A path from the root, or an address without secrets."""
    known = known_place(text)
    return known if is_address(known) else absolute(known)


def opened(place: str | Path | Address) -> BufferedReader:
    """The file, to be read from any place in it; to be closed. Raises OSError."""
    known = place_of(place)
    return known.open_binary() if isinstance(known, Address) else known.open("rb")


def changed(path: str) -> int:
    """What tells a file that was written again from before; 0 for those elsewhere, of which it is
    not asked for each photo again. Raises OSError."""
    return 0 if is_address(path) else Path(path).stat().st_mtime_ns


def for_arrow(place: str | Path | Address) -> Any:
    """A file as pyarrow takes it. Raises OSError."""
    known = place_of(place)
    return known.open_binary() if isinstance(known, Address) else str(known)
