"""Photos as points: near each other where their evidence is alike."""

from __future__ import annotations

import warnings

import numpy as np

from seewhy.errors import DependencyError

POINTS = 200
"""Photos of a class that are drawn."""
_AXES = 30
"""Principal components that t-SNE is given."""
_PERPLEXITY = 30


def scattered(vectors: np.ndarray, seed: int) -> np.ndarray:
    """float32 (n, 2), 0..1: places of vectors, by PCA and then t-SNE (van der Maaten and Hinton
    2008).

    vectors: float32 (n, dims). Of fewer than five, or all the same, the first two principal
    components are taken. Raises DependencyError without scikit-learn.
    """
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise DependencyError(
            "the page of an audit needs scikit-learn, which is not installed: pip install "
            '"seewhy[audit]".'
        ) from error
    principal = _principal(vectors.astype("float64"))
    places = principal[:, :2]
    if len(vectors) >= 5 and np.ptp(places[:, 0]) > 0:
        perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of ill-conditioned starts, which are drawn as they are
            tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
            places = tsne.fit_transform(principal)
    low, width = places.min(axis=0), np.ptp(places, axis=0)
    scaled: np.ndarray = np.divide(
        places - low, width, out=np.full(places.shape, 0.5), where=width > 0
    )
    return scaled.astype("float32")


def _principal(vectors: np.ndarray) -> np.ndarray:
    """float64 (n, axes): principal components, at least two."""
    centred = vectors - vectors.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    found: np.ndarray = (left * scale)[:, :_AXES]
    if found.shape[1] < 2:
        found = np.pad(found, ((0, 0), (0, 2 - found.shape[1])))
    return found


def drawn_points(
    of_class: np.ndarray, members: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """int (n,), sorted: the photos of a class that are points, at most `POINTS`, half of them of
    findings where there are so many.

    of_class, members: int, places among the rows; the second within the first.
    """
    rest = np.setdiff1d(of_class, members)
    own = random.permutation(members)[: max(POINTS // 2, POINTS - len(rest))]
    return np.sort(np.concatenate([own, random.permutation(rest)[: POINTS - len(own)]]))
