"""Does a map foretell scores better where it lies than moved elsewhere? A permutation test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.images.geometry import Geometry, enlarge

CELLS = 7
"""Maps are compared on so many regions along an axis at most: where they are hot, not how fine."""


@dataclass(frozen=True)
class ShiftTest:
    """How well a map foretells which half of a photo scores more, beside its moved copies."""

    agreement: float
    """The cosine between what the map and what the scores prefer, -1..1."""
    p: float
    """0..1: the share of its moved copies, itself among them, that agree as well or better."""
    centre: float
    """The agreement of a Gaussian in the middle."""


def coarse(map: np.ndarray) -> np.ndarray:
    """The positive part of a map of any rank on at most CELLS regions along each axis, float64."""
    sides = tuple(min(side, CELLS) for side in map.shape)
    return Geometry.identity(map.shape).from_photo(np.maximum(map, 0), sides)


def halves(size: Sequence[int], count: int, cells: int = 4) -> np.ndarray:
    """bool (count, *size): half of all pixels each, in blobs that depend on the number only.

    Half of a photo decides more of a score than a small part, without which it is often as before.
    """
    parts = np.zeros((count, int(np.prod(size))), bool)
    for seed, part in enumerate(parts):
        noise = enlarge(np.random.default_rng(seed).random((cells,) * len(size)), size)
        part[np.argsort(-noise, axis=None, kind="stable")[: part.size // 2]] = True
    return parts.reshape(count, *size)


def shift_test(
    map: np.ndarray, parts: np.ndarray, leads: np.ndarray, *, sigma: float = 0.25
) -> ShiftTest:
    """Whether the parts that hold more of a map score more, against the map moved and mirrored.

    map: (rows, cols), whose positive part counts. parts: bool (count, height, width), of half of
    the photo each. leads: (count,): by how much the photo with that part alone scores more than
    with the other alone. The copies are all cyclic shifts of the map and of its mirror images on
    at most CELLS × CELLS regions: each is as hot and as smooth as the map. A map that is the same
    everywhere agrees with nothing. sigma: of the Gaussian, as a share of each side.
    """
    grid = coarse(map)
    rows, cols = grid.shape
    held = np.stack([Geometry.identity(part.shape).from_photo(part, grid.shape) for part in parts])
    preferred = held.reshape(len(held), -1) - held.mean(axis=(1, 2))[:, None]
    down, across = (
        np.exp(-0.5 * ((np.arange(n) + 0.5) / n - 0.5) ** 2 / sigma**2) for n in grid.shape
    )
    mirrored = (grid, grid[:, ::-1], grid[::-1], grid[::-1, ::-1])
    moved = [
        np.roll(one, (i, j), axis=(0, 1))
        for one in mirrored
        for i in range(rows)
        for j in range(cols)
    ]
    agreements = _cosines(np.stack([*moved, np.outer(down, across)]), preferred, leads)
    own = agreements[0]
    # equal sums in another order differ in their last digits
    p = float((agreements[:-1] >= own - 1e-9).mean())
    return ShiftTest(float(own), p, float(agreements[-1]))


def _cosines(maps: np.ndarray, preferred: np.ndarray, leads: np.ndarray) -> np.ndarray:
    """float64 (maps,): 0 where a map prefers no part or all parts score alike."""
    flat = maps.reshape(len(maps), -1)
    sums = flat.sum(axis=1, keepdims=True)
    shares = np.divide(flat, sums, out=np.zeros_like(flat), where=sums > 0)
    apart = np.ptp(shares, axis=1) > 1e-12
    foretold = shares @ preferred.T
    lengths = np.sqrt((foretold**2).sum(axis=1) * (leads.astype("float64") ** 2).sum())
    cosines: np.ndarray = np.divide(
        foretold @ leads, lengths, out=np.zeros(len(maps)), where=apart & (lengths > 0)
    )
    return cosines
