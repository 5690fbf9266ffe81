"""Rows of a store, named by their places."""

from __future__ import annotations

from typing import Any

import numpy as np


def rising_places(index: Any, count: int) -> np.ndarray:
    """The places among so many rows that a mask, or a list or array of places, names.

    Raises TypeError for what is neither, IndexError for places that there are not or do not rise.
    """
    given = np.asarray(index)
    if given.ndim == 1 and not given.size:
        return np.zeros(0, "int64")
    if given.ndim != 1 or given.dtype.kind not in "biu":
        raise TypeError(
            f"rows are taken by a place, a slice, a mask or a list of places; got {index!r}."
        )
    if given.dtype == bool:
        if len(given) != count:
            raise IndexError(f"a mask has a value for each of {count} rows; got {len(given)}.")
        return np.flatnonzero(given)
    places = np.where(given < 0, given + count, given)
    if places.min() < 0 or places.max() >= count:
        raise IndexError(f"places {given.min()} to {given.max()} in a store of {count} rows")
    if (np.diff(places) <= 0).any():
        raise IndexError(
            "a store keeps the order of its photos, each once: give places that rise, or take "
            "[store[k] for k in places]."
        )
    return places
