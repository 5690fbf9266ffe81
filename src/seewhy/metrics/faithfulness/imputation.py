"""Noisy linear imputation: removed pixels are filled with the weighted mean of their neighbours.

Each removed pixel equals the mean of its eight neighbours, those at its sides with weight 1/6 and
those at its corners with 1/12, of which some are removed, too (Rong et al. 2022, arXiv:2202.00449,
section 4.3 and appendix). That is one sparse linear system for each mask, symmetric and positive
definite, which SciPy factorises.
"""

from __future__ import annotations

import numpy as np

from seewhy.checks import number
from seewhy.errors import OptionError
from seewhy.metrics import checks

STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
SHARES = (1 / 12, 1 / 6, 1 / 12, 1 / 6, 1 / 6, 1 / 12, 1 / 6, 1 / 12)


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
    filled = checks.as_images(images).astype("float64")
    number("noise", noise, 0)
    removed = checks.as_numbers(removed, "removed")
    if removed.dtype != bool or removed.shape != filled.shape[:3]:
        raise OptionError(
            f"removed is bool of shape {filled.shape[:3]}; got {removed.dtype} of {removed.shape}."
        )
    for image, unknown in zip(filled, removed, strict=True):
        if unknown.all():
            image[:] = image.mean(axis=(0, 1))
        elif unknown.any():
            image[unknown] = _interpolated(image, unknown)
    if noise:
        drawn = np.random.default_rng(seed).normal(0, noise, filled.shape[1:])
        filled += drawn * removed[..., None]
    return filled.astype("float32")


def _interpolated(image: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Values (count, channels) of the unknown pixels of one image (height, width, channels)."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    rows, cols = np.nonzero(unknown)
    count = len(rows)
    numbers = np.full((unknown.shape[0] + 2, unknown.shape[1] + 2), -1)
    numbers[rows + 1, cols + 1] = np.arange(count)
    inside = np.pad(np.ones(unknown.shape), 1)
    known = np.pad(image * ~unknown[..., None], ((1, 1), (1, 1), (0, 0)))
    entries = []
    diagonal, right = np.zeros(count), np.zeros((count, image.shape[-1]))
    for (down, across), share in zip(STEPS, SHARES, strict=True):
        at = rows + 1 + down, cols + 1 + across
        diagonal += share * inside[at]
        right += share * known[at]
        linked = np.flatnonzero(numbers[at] >= 0)
        entries.append((np.full(len(linked), -share), linked, numbers[at][linked]))
    entries.append((diagonal, np.arange(count), np.arange(count)))
    values, first, second = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    matrix = csc_array((values, (first, second)), shape=(count, count))
    # the order for symmetric matrices: other ones fill up twice as much
    factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    solved: np.ndarray = factors.solve(right)
    return solved
