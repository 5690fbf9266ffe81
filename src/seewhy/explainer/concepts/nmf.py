"""Non-negative matrix factorisation of activations, by scikit-learn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.errors import DependencyError, MapError, OptionError

# scikit-learn stops when a step changes the factors by this part of what the first step did. Far
# below its own 1e-4, so that rounding differences of backends do not decide when it stops.
TOLERANCE = 1e-6
# It stops as well after so many steps; after more where they cost nothing: up to so many
# multiplications in all.
STEPS, MOST_STEPS = 1000, 100_000
WORK = 5_000_000_000


@dataclass(frozen=True)
class Factors:
    """V ≈ strengths · vectors, the concept with the largest share first."""

    strengths: np.ndarray
    """float64 (positions, concepts), not negative."""
    vectors: np.ndarray
    """float64 (concepts, units), not negative, each of length 1; of zeros where there is none."""
    share: np.ndarray
    """float64 (concepts,): the share of V's energy that each concept takes."""
    error: float
    """0..1: the length of V - strengths · vectors in lengths of V."""
    converged: bool


def factorise(values: np.ndarray, count: int, seed: int) -> Factors:
    """The `count` non-negative parts that approximate V best, from one fixed start.

    values: V, (positions, units), not negative. Least squares, by coordinate descent from the
    non-negative double singular value decomposition whose zeros are filled with V's mean
    ("nndsvda"); seed: of its randomised decomposition.
    The scale that a factorisation leaves open is settled by vectors of length 1, so that a
    strength is the length of what the concept adds at a position. A concept's share is the inner
    product of its part with V, over V's with itself: shares are not negative, and where the
    descent has converged their sum is 1 - error².
    Raises OptionError for a count that V has no room for, MapError for values that cannot be
    factorised, DependencyError if scikit-learn is missing.
    """
    nmf = _nmf()
    _check(values, count)
    wide = values.astype("float64")
    # the start treats values below 1e-6 as zero, whatever the others are
    scale = np.sqrt(np.mean(wide**2))
    steps = min(MOST_STEPS, max(STEPS, WORK // (values.size * count)))
    model = nmf(
        n_components=count, init="nndsvda", random_state=seed, tol=TOLERANCE, max_iter=steps
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it converged is told in the result
        strengths = model.fit_transform(wide / scale)
    return _ordered(wide, strengths * scale, model.components_, model.n_iter_ < steps)


def _ordered(
    values: np.ndarray, strengths: np.ndarray, vectors: np.ndarray, converged: bool
) -> Factors:
    lengths = np.linalg.norm(vectors, axis=1)
    zero = lengths == 0
    vectors = vectors / np.where(zero, 1, lengths)[:, None]
    strengths = strengths * lengths
    energy = np.sum(values**2)
    share = np.sum((values @ vectors.T) * strengths, axis=0) / energy
    order = np.argsort(-share, kind="stable")
    missed = np.linalg.norm(values - strengths @ vectors) / np.sqrt(energy)
    return Factors(strengths[:, order], vectors[order], share[order], float(missed), converged)


def _check(values: np.ndarray, count: int) -> None:
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise MapError(
            f"{bad} of {values.size} activations are NaN or infinite, so that they have no "
            f"concepts. Check the model's weights, and that the images are preprocessed as it "
            f"expects."
        )
    positions, units = values.shape
    most = min(positions, units)
    if count > most:
        raise OptionError(
            f"{count} concepts are more than the layer can hold: all images together have "
            f"{positions} positions, with {units} units each. Ask for {most} at most, give more "
            f"images, or choose a layer with a finer grid."
        )
    if not values.any():
        raise MapError(
            "no activation is positive at any position of any image, so that there are no "
            "concepts. Choose another layer, and check that the images are preprocessed as the "
            "model expects."
        )


def _nmf() -> Any:
    try:
        from sklearn.decomposition import NMF
    except ImportError as error:
        raise DependencyError(
            "concepts are found by scikit-learn, which is not installed: "
            'pip install "seewhy[concepts]".'
        ) from error
    return NMF
