"""Photos whose maps or features are alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.errors import DependencyError

LEAST = 5
"""Photos that make a cluster."""
MOST = 2000
"""Vectors that are clustered; the others are assigned."""
_SHARE = 50
"""A cluster has at least one in so many."""


def hdbscan() -> Any:
    """The class of scikit-learn. Raises DependencyError where it is not installed."""
    try:
        from sklearn.cluster import HDBSCAN
    except ImportError as error:
        raise DependencyError(
            "an audit finds clusters with scikit-learn, which is not installed: pip install "
            '"seewhy[audit]".'
        ) from error
    return HDBSCAN


def clusters_of(vectors: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """int (n,): the cluster of each vector, -1 of those in none.

    vectors: float32 (n, dims), each of length 1. HDBSCAN (Campello, Moulavi and Sander 2013) on a
    sample of `MOST`; the others belong to the nearest cluster if they are as near to its mean as
    nine in ten of its own.
    """
    count = len(vectors)
    labels = np.full(count, -1)
    if count < 2 * LEAST:
        return labels
    chosen = np.sort(random.permutation(count)[:MOST])
    least = max(LEAST, len(chosen) // _SHARE)
    found = hdbscan()(min_cluster_size=least, min_samples=min(LEAST, least), copy=True)
    labels[chosen] = found.fit_predict(vectors[chosen].astype("float64"))
    rest = np.setdiff1d(np.arange(count), chosen)
    names = [name for name in np.unique(labels[chosen]) if name >= 0]
    if not names or not len(rest):
        return labels
    means = np.stack([vectors[labels == name].mean(axis=0) for name in names])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    least_alike = [
        np.quantile(vectors[labels == name] @ mean, 0.1)
        for name, mean in zip(names, means, strict=True)
    ]
    alike = vectors[rest] @ means.T
    nearest = alike.argmax(axis=1)
    near = alike[np.arange(len(rest)), nearest] >= np.array(least_alike)[nearest]
    labels[rest[near]] = np.array(names)[nearest[near]]
    return labels


def regularity(vectors: np.ndarray) -> float:
    """Mean cosine of pairs of vectors of length 1: 1 if all are the same; NaN of one."""
    count = len(vectors)
    if count < 2:
        return float("nan")
    total = vectors.astype("float64").sum(axis=0)
    squares = float((vectors.astype("float64") ** 2).sum())
    return float((total @ total - squares) / (count * (count - 1)))
