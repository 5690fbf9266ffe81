"""Pearson's correlation of maps, for all who compare some."""

from __future__ import annotations

import numpy as np


def correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each pair of rows, -1..1.

    one, other: (batch, n), real. Returns float64 (batch,); NaN where a row is constant.
    """
    constant = (np.ptp(one, axis=1) == 0) | (np.ptp(other, axis=1) == 0)
    # scaled first, so that squares of small values do not vanish
    one, other = (_centred(values.astype("float64")) for values in (one, other))
    lengths = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    ratio = np.full(len(one), np.nan)
    np.divide((one * other).sum(axis=1), lengths, out=ratio, where=~constant & (lengths > 0))
    bounded: np.ndarray = np.clip(ratio, -1, 1)
    return bounded


def correlation(one: np.ndarray, other: np.ndarray, *, constant: float = 0.0) -> float:
    """The same of two maps of one shape. constant: what is given where either is constant.

    NaN where a map has NaN or infinite values: then nothing is known of how much they agree.
    """
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return float("nan")
    value = float(correlations(one.reshape(1, -1), other.reshape(1, -1))[0])
    return constant if np.isnan(value) else value


def _centred(values: np.ndarray) -> np.ndarray:
    apart = values - values.mean(axis=1, keepdims=True)
    largest = np.abs(apart).max(axis=1, keepdims=True)
    scaled: np.ndarray = np.divide(apart, largest, out=np.zeros_like(apart), where=largest > 0)
    return scaled
