"""Maps of two stores on one grid over the network's input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seewhy.audit.find.evidence_rows import EvidenceRows
from seewhy.errors import OptionError

FEWEST = 2
"""Cells a side below which a map says nothing of places."""


def common_maps(
    a: EvidenceRows, b: EvidenceRows, about: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> tuple[np.ndarray, np.ndarray]:
    """float32 (n, rows, cols) of each store: where the evidence lies on one grid that covers the
    network's input, each map with the sum 1.

    about: the manifests. Of grids of two sizes the coarser sides are taken, and evidence beyond the
    input's edge counts to the outermost cells. Raises OptionError for stores whose maps lie on
    other parts of the photos, or have too few cells to tell places.
    """
    fits = [each["options"]["fit"] for each in about]
    if fits[0] != fits[1]:
        raise OptionError(
            f"the photos of one store were fitted by {fits[0]!r}, those of the other by "
            f"{fits[1]!r}: their maps lie on other parts of the photos, and places cannot be "
            f"compared. Run one again with --fit {fits[0]}."
        )
    grid = min(a.grid[0], b.grid[0]), min(a.grid[1], b.grid[1])
    if min(grid) < FEWEST:
        raise OptionError(
            f"the maps of the two stores have {a.grid[0]} × {a.grid[1]} and {b.grid[0]} × "
            f"{b.grid[1]} cells: at least {FEWEST} a side tell where evidence lies. Run again with "
            f"an earlier layer (--layer), or at a larger --size."
        )
    same = a.grid == b.grid and about[0]["extents"] == about[1]["extents"]
    same = same and (about[0]["input"] == about[1]["input"] or not about[0]["extents"])
    first, second = (
        each.maps if same else _moved(each.maps, grid, own)
        for each, own in zip((a, b), about, strict=True)
    )
    return _shares(first), _shares(second)


def _moved(maps: np.ndarray, grid: tuple[int, int], about: Mapping[str, Any]) -> np.ndarray:
    """Maps by how much of each of their cells lies in each cell of another grid."""
    extents, input = about.get("extents") or [], about.get("input")
    found = maps
    for axis, cells in enumerate(grid):
        start, stop = 0.0, 1.0
        if extents and input:
            start, stop = (float(edge) / input[axis] for edge in extents[axis][:2])
        weights = _overlaps(np.linspace(start, stop, maps.shape[axis + 1] + 1), cells)
        found = np.moveaxis(np.tensordot(weights, found, (1, axis + 1)), 0, axis + 1)
    return found.astype("float32")


def _overlaps(edges: np.ndarray, cells: int) -> np.ndarray:
    """(cells, given): the share of each given cell that lies in each of equal cells of 0..1."""
    bounds = np.linspace(0, 1, cells + 1)
    bounds[0], bounds[-1] = min(0.0, edges.min()), max(1.0, edges.max())
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    common = np.minimum(high, bounds[1:, None]) - np.maximum(low, bounds[:-1, None])
    shares: np.ndarray = np.clip(common, 0, None) / (high - low)
    return shares


def _shares(maps: np.ndarray) -> np.ndarray:
    shares: np.ndarray = maps / maps.sum(axis=(1, 2), keepdims=True)
    return shares
