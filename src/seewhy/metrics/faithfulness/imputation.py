"""Noisy linear imputation: removed pixels are filled with the weighted mean of their neighbours.

Each removed pixel equals the mean of its eight neighbours, those at its sides with weight 1/6 and
those at its corners with 1/12, of which some are removed, too (Rong et al. 2022, arXiv:2202.00449,
section 4.3 and appendix). That is one sparse linear system for each mask, symmetric and positive
definite. It is solved by conjugate gradients, preconditioned by cycles over ever coarser grids,
so that the number of steps hardly grows with the size of what is removed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seewhy.errors import OptionError

STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
SHARES = (1 / 12, 1 / 6, 1 / 12, 1 / 6, 1 / 6, 1 / 12, 1 / 6, 1 / 12)
PRECISION = 1e-8
"""Of the residual, relative to the right side."""
MOST = 500
"""Steps; around 20 are needed for photos."""
DAMPING = 0.9


@dataclass(frozen=True)
class Level:
    """The equations of one grid, those of all masks one behind the other."""

    places: np.ndarray
    """(3, count): mask, row and column of each unknown."""
    diagonal: np.ndarray
    """(count,)."""
    near: np.ndarray
    """(8, count): the number of each neighbour; `count` where there is none to be solved."""
    links: np.ndarray
    """(8, count): its weight."""

    @property
    def count(self) -> int:
        return len(self.diagonal)

    def times(self, values: np.ndarray) -> np.ndarray:
        """The matrix times (channels, count)."""
        padded = np.pad(values, ((0, 0), (0, 1)))
        product: np.ndarray = self.diagonal * values
        for near, link in zip(self.near, self.links, strict=True):
            product -= link * padded.take(near, axis=1)
        return product


def impute(
    images: np.ndarray, removed: np.ndarray, *, noise: float = 0.01, seed: int = 0
) -> np.ndarray:
    """Images whose removed pixels are interpolated from those around them.

    images: (n, height, width, channels). removed: bool (n, height, width). noise: standard
    deviation of the Gaussian noise on filled pixels, in units of the images; 0 for none. The same
    noise (height, width, channels) is drawn for each of them. Where everything is removed, the
    image's mean colour is put.
    Returns float32 of the images' shape. Equals the solution of the authors' sparse system.
    """
    values = np.asarray(images, "float64")
    removed = np.asarray(removed, bool)
    if removed.shape != values.shape[:3]:
        raise OptionError(f"removed has the shape {values.shape[:3]}; got {removed.shape}.")
    nothing = np.asarray(removed.all(axis=(1, 2)))
    filled = values.copy()
    filled[nothing] = values[nothing].mean(axis=(1, 2), keepdims=True)
    unknown = removed & ~nothing[:, None, None]
    if unknown.any():
        filled[unknown] = _solve(*_system(values, unknown)).T
    if noise:
        drawn = np.random.default_rng(seed).normal(0, noise, values.shape[1:])
        filled += drawn * removed[..., None]
    return filled.astype("float32")


def _system(values: np.ndarray, unknown: np.ndarray) -> tuple[Level, np.ndarray]:
    """The equations, and their right sides (channels, count)."""
    places = np.stack(np.nonzero(unknown))
    near = _neighbours(places, unknown.shape)
    edged = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
    inside = np.pad(np.ones(unknown.shape[1:]), 1)
    mask, rows, cols = places
    diagonal = np.zeros(len(rows))
    right = np.zeros((values.shape[-1], len(rows)))
    links = np.zeros(near.shape)
    for k, ((down, across), share) in enumerate(zip(STEPS, SHARES, strict=True)):
        at = rows + 1 + down, cols + 1 + across
        solved = near[k] < len(rows)
        diagonal += share * inside[at]
        links[k] = share * solved
        right += share * edged[(mask, *at)].T * ~solved  # 0 outside
    return Level(places, diagonal, near, links), right


def _neighbours(places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The numbers of the eight neighbours (8, count); `count` where there is none."""
    count = places.shape[1]
    numbers = np.full((shape[0], shape[1] + 2, shape[2] + 2), count)
    mask, rows, cols = places
    numbers[mask, rows + 1, cols + 1] = np.arange(count)
    return np.stack([numbers[mask, rows + 1 + down, cols + 1 + right] for down, right in STEPS])


def _solve(fine: Level, right: np.ndarray) -> np.ndarray:
    """Conjugate gradients, for each mask and channel with steps of its own."""
    cycle = _cycle(fine)
    starts = np.flatnonzero(np.diff(fine.places[0], prepend=-1))
    sizes = np.diff(starts, append=fine.count)

    def dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        sums: np.ndarray = np.add.reduceat(one * other, starts, axis=1)
        return sums

    def spread(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        share = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
        shares: np.ndarray = share.repeat(sizes, axis=1)
        return shares

    found, rest = np.zeros_like(right), right.copy()
    goal = PRECISION**2 * dot(right, right)
    way = cycle(rest)
    slope = dot(rest, way)
    for _ in range(MOST):
        product = fine.times(way)
        length = spread(slope, dot(way, product))
        found += length * way
        rest -= length * product
        if (dot(rest, rest) <= goal).all():
            break
        better = cycle(rest)
        before, slope = slope, dot(rest, better)
        way = better + spread(slope, before) * way
    return found


def _cycle(fine: Level) -> Callable[[np.ndarray], np.ndarray]:
    """About the inverse, from one W-cycle: symmetric and positive, as gradients want it."""
    levels, parts = [fine], []
    while levels[-1].places[1:].any():
        level, children = _halved(levels[-1])
        levels.append(level)
        parts.append(children)
    # of an island without a way out nothing is left on coarse grids
    inverses = [
        np.divide(1, one.diagonal, out=np.zeros(one.count), where=one.diagonal > 1e-9)
        for one in levels
    ]

    def run(k: int, right: np.ndarray) -> np.ndarray:
        level, inverse = levels[k], inverses[k]
        if k == len(parts):
            solved: np.ndarray = inverse * right
            return solved
        guess: np.ndarray = DAMPING * inverse * right
        owners, children = parts[k]
        # of small grids there are few unknowns: going there twice costs little and helps much
        for _ in range(2 if k else 1):
            rest = np.pad(right - level.times(guess), ((0, 0), (0, 1)))
            coarse = sum(rest.take(child, axis=1) for child in children)
            guess += run(k + 1, coarse).take(owners, axis=1)
        guess += DAMPING * inverse * (right - level.times(guess))
        return guess

    return lambda right: run(0, right)


def _halved(level: Level) -> tuple[Level, tuple[np.ndarray, np.ndarray]]:
    """The equations where all unknowns of 2 × 2 pixels have one value.

    Also the number of each unknown's block (count,), and the unknowns of each block (4, blocks).
    """
    mask, rows, cols = level.places
    shape = (int(mask.max()) + 1, int(rows.max()) // 2 + 1, int(cols.max()) // 2 + 1)
    flat = np.ravel_multi_index((mask, rows // 2, cols // 2), shape)
    found, owners = np.unique(flat, return_inverse=True)
    places = np.stack(np.unravel_index(found, shape))
    children = np.full((4, len(found)), level.count)
    children[2 * (rows % 2) + cols % 2, owners] = np.arange(level.count)
    diagonal = np.bincount(owners, level.diagonal, len(found))
    links = np.zeros((8, len(found)))
    for (down, across), link in zip(STEPS, level.links, strict=True):
        to = np.stack([(rows + down) // 2 - rows // 2, (cols + across) // 2 - cols // 2])
        own = ~to.any(axis=0)
        diagonal -= np.bincount(owners, link * own, len(found))
        for k, step in enumerate(STEPS):
            there = (to[0] == step[0]) & (to[1] == step[1])
            if there.any():
                links[k] += np.bincount(owners, link * there, len(found))
    return Level(places, diagonal, _neighbours(places, shape), links), (owners, children)
