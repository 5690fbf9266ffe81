"""The papers' formulas as slow loops in float64; imports nothing from seewhy."""

from __future__ import annotations

import numpy as np


def grad_cam(activations, gradients):
    """Selvaraju et al. 2017, eq. 1 and 2 without the ReLU."""
    maps = np.zeros(activations.shape[:3])
    for n, i, j, k in np.ndindex(activations.shape):
        importance = gradients[n, :, :, k].mean()
        maps[n, i, j] += importance * activations[n, i, j, k]
    return maps


def hires_cam(activations, gradients):
    """Draelos and Carin 2020, eq. 4."""
    maps = np.zeros(activations.shape[:3])
    for n, i, j, k in np.ndindex(activations.shape):
        maps[n, i, j] += gradients[n, i, j, k] * activations[n, i, j, k]
    return maps


REFERENCES = {"grad_cam": grad_cam, "hires_cam": hires_cam}
