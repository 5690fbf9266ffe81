"""Whether two groups of maps differ by more than chance: a permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, gammaln

BLOCK = 499
"""Permutations that are drawn at once."""
ENOUGH = 10
"""Permutations at least as far apart as the groups, after which no more are drawn."""


@dataclass(frozen=True)
class Permuted:
    """How far apart the mean maps are, and how far by chance."""

    distance: float
    """Half of the sum of differences: the share of the evidence that lies elsewhere, 0..1."""
    by_chance: float
    """The same of permuted groups, the mean."""
    p: float
    """The share of permutations that are at least as far apart; where that is none of those that
    were drawn, by the gamma distribution with their moments."""


def permuted(
    a: np.ndarray, b: np.ndarray, pairs: np.ndarray, most: int, random: np.random.Generator
) -> Permuted:
    """Test whether two groups of maps have one mean.

    a, b: (n, cells), each row with the sum 1. pairs: int (m, 2), rows of a and of b that are of one
    photo: these change sides together, the others among each other. most: permutations at most.
    What is compared is the squared distance of the mean maps. Drawing ends early where it is
    settled that the groups do not differ; p is exact for that, too (Besag and Clifford 1991). Where
    no permutation is as far apart, p is that of a gamma distribution with the mean, variance and
    skewness of the permutations (as Berry and Mielke take it), so that many groups can be tested
    and corrected for.
    """
    both = np.concatenate([a, b]).astype("float64")
    own = np.concatenate([np.ones(len(a), bool), np.zeros(len(b), bool)])
    observed = (_weights(own[None]) @ both)[0]
    least = float((observed**2).sum()) * (1 - 1e-9)
    hits, drawn = 0, 0
    distances: list[float] = []
    squares: list[np.ndarray] = []
    while drawn < most and hits < ENOUGH:
        count = min(BLOCK, most - drawn)
        apart = _weights(_sides(len(a), len(b), pairs, count, random)) @ both
        squares.append((apart**2).sum(axis=1))
        further = squares[-1] >= least
        if not drawn:
            distances.append(float(np.abs(apart).sum(axis=1).mean() / 2))
        where = np.flatnonzero(further)
        if hits + len(where) >= ENOUGH:  # the permutation that settled it ends the count
            drawn += int(where[ENOUGH - hits - 1]) + 1
            hits = ENOUGH
            break
        hits, drawn = hits + len(where), drawn + count
    p = hits / drawn if hits == ENOUGH else (hits + 1) / (drawn + 1)
    if not hits:
        possible = _permutations(len(a), len(b), len(pairs))
        p = max(min(p, _tail(np.concatenate(squares), least)), 1 / possible)
    return Permuted(float(np.abs(observed).sum() / 2), distances[0], p)


def _tail(values: np.ndarray, least: float) -> float:
    """The chance of so much or more, by the gamma distribution with the moments of values."""
    deviation = values.std()
    skewness = float(((values - values.mean()) ** 3).mean() / max(deviation, 1e-300) ** 3)
    if not deviation or skewness <= 0:
        return 1.0
    scale = deviation * skewness / 2
    start = values.mean() - 2 * deviation / skewness
    return float(gammaincc(4 / skewness**2, (least - start) / scale))


def _permutations(first: int, second: int, pairs: int) -> float:
    """How many permutations there are."""
    singles = first + second - 2 * pairs
    log = pairs * np.log(2) + gammaln(singles + 1)
    log -= gammaln(first - pairs + 1) + gammaln(second - pairs + 1)
    return float(np.exp(min(log, 600)))


def _weights(sides: np.ndarray) -> np.ndarray:
    """What each map counts for the difference of the means. sides: bool (draws, n), whether it is
    of the first group."""
    first = sides.sum(axis=1, keepdims=True)
    weights: np.ndarray = np.where(sides, 1 / first, -1 / (sides.shape[1] - first))
    return weights


def _sides(
    first: int, second: int, pairs: np.ndarray, count: int, random: np.random.Generator
) -> np.ndarray:
    """bool (count, first + second): permuted groups of the same sizes."""
    sides = np.zeros((count, first + second), bool)
    swapped = random.random((count, len(pairs))) < 0.5
    sides[:, pairs[:, 0]] = ~swapped
    sides[:, first + pairs[:, 1]] = swapped
    single = np.setdiff1d(np.arange(first + second), np.append(pairs[:, 0], first + pairs[:, 1]))
    wanted = first - len(pairs)
    if wanted and wanted < len(single):
        order = np.argpartition(random.random((count, len(single))), wanted - 1, axis=1)
        sides[np.arange(count)[:, None], single[order[:, :wanted]]] = True
    else:
        sides[:, single] = bool(wanted)
    return sides


def holm(p: np.ndarray) -> np.ndarray:
    """p of several tests, corrected: at a level of 0.01 one run in a hundred has a false one."""
    order = np.argsort(p, kind="stable")
    raised = p[order] * (len(p) - np.arange(len(p)))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(raised), 1)
    return corrected
