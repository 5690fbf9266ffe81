"""Which small grey copies are of one photo, be it resized or compressed again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

FLAT = 2.0
"""Standard deviation of a copy, in grey levels, below which it shows nothing to be known by."""
SCREENED, ALIKE, SAME_DETAIL = 0.9, 0.92, 0.86
"""Correlation of copies of half the side, from which on copies are compared; of the copies
themselves; and of what is left of them without what is smooth: pages, X-rays or textures differ in
that only. Of those that were tried other photos have 0.84 at most, pages 0.79, textures 0.11."""
NEAR, LEAST_DETAIL = 2, 1.0
"""Pixels to each side over which copies are smoothed, and the standard deviation in grey levels of
what is left, below which it is noise of compression."""
APART, CONTRAST = 8.0, 0.35
"""Grey levels by which the mean of a part of a copy may differ, and how many of its standard
deviation if that is less: where a thing lies elsewhere, parts differ by more."""
PARTS = 8
"""Parts a side."""
ROWS = 256
"""Photos that are compared with all others at once."""
PARTNERS = 64
"""Photos that one is compared with at most, the closest."""
_PAIRS = 20_000


def groups_of_copies(digests: list[str], copies: np.ndarray, most: int) -> list[np.ndarray]:
    """Places of photos that are the same, a group each.

    digests: of their files; "" for one that could not be read. copies: uint8 (n, side, side).
    most: how many different files are compared for being nearly the same, the first ones.
    """
    first_of: dict[str, int] = {}
    same = np.array([first_of.setdefault(each, k) for k, each in enumerate(digests)], int)
    read = np.array([bool(each) for each in digests], bool)
    own = np.flatnonzero(read & (same == np.arange(len(digests))))[:most]
    near = own[near_pairs(copies[own])]
    equal = np.stack([np.flatnonzero(read), same[read]], axis=1)
    pairs = np.concatenate([near.reshape(-1, 2), equal])
    ones = np.ones(len(pairs), bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(digests),) * 2)
    _, names = connected_components(graph, directed=False)
    order = np.argsort(names, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(names[order])) + 1)
    return [part for part in parts if len(part) > 1]


def near_pairs(copies: np.ndarray) -> np.ndarray:
    """int (m, 2): pairs of copies that are nearly the same. copies: uint8 (n, side, side)."""
    shown = np.flatnonzero(copies.reshape(len(copies), -1).std(axis=1) >= FLAT)
    found = [np.zeros((0, 2), int)]
    for pairs in _screened(copies[shown]):
        for start in range(0, len(pairs), _PAIRS):
            some = shown[pairs[start : start + _PAIRS]]
            found.append(some[are_alike(copies[some[:, 0]], copies[some[:, 1]])])
    return np.concatenate(found)


def _screened(copies: np.ndarray) -> Iterator[np.ndarray]:
    """Pairs whose coarse copies correlate, by products of matrices."""
    count, half = len(copies), copies.shape[1] // 2
    coarse = copies.reshape(count, half, 2, half, 2).mean(axis=(2, 4), dtype="float32")
    vectors = _normed(coarse.reshape(count, -1))
    for start in range(0, count, ROWS):
        cosines = vectors[start : start + ROWS] @ vectors[start:].T
        cosines[np.tril_indices(len(cosines), m=cosines.shape[1])] = 0  # each pair once
        close = cosines >= SCREENED
        for k in np.flatnonzero(close.sum(axis=1) > PARTNERS):
            least = np.partition(cosines[k], -PARTNERS)[-PARTNERS]
            close[k] &= cosines[k] >= least
        yield np.argwhere(close) + start


def are_alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """bool (n,): whether pairs of copies uint8 (n, side, side) show the same.

    They correlate, in their details, too, and no part of one is lighter or darker than the same
    part of the other, beyond a change of the whole. Of photos without details only equal copies
    are.
    """
    count, side = one.shape[:2]
    flat = one.reshape(count, -1), other.reshape(count, -1)
    details = [_details(copies) for copies in (one, other)]
    correlated = (_normed(flat[0]) * _normed(flat[1])).sum(axis=1) >= ALIKE
    correlated &= (_normed(details[0]) * _normed(details[1])).sum(axis=1) >= SAME_DETAIL
    correlated &= np.minimum(*(each.std(axis=1) for each in details)) >= LEAST_DETAIL
    difference = one.astype("float32") - other
    parts = difference.reshape(count, PARTS, side // PARTS, PARTS, side // PARTS).mean(axis=(2, 4))
    parts -= np.median(parts, axis=(1, 2), keepdims=True)
    apart = np.abs(parts).max(axis=(1, 2))
    contrast = np.minimum(flat[0].std(axis=1), flat[1].std(axis=1))
    alike: np.ndarray = correlated & (apart <= np.minimum(APART, CONTRAST * contrast))
    alike |= (one == other).all(axis=(1, 2))
    return alike


def _details(copies: np.ndarray) -> np.ndarray:
    """float32 (n, pixels): copies less their smoothed selves, without the margin."""
    sharp = copies.astype("float32")
    width = 2 * NEAR + 1
    smooth = ndimage.uniform_filter(sharp, (0, width, width))
    inner = (slice(None), slice(NEAR, -NEAR), slice(NEAR, -NEAR))
    left: np.ndarray = (sharp - smooth)[inner].reshape(len(copies), -1)
    return left


def _normed(values: np.ndarray) -> np.ndarray:
    centred = values.astype("float32") - values.mean(axis=1, keepdims=True, dtype="float32")
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    normed: np.ndarray = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    return normed
