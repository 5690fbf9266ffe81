"""Slow references of class activation maps."""

from __future__ import annotations

import numpy as np


def grad_cam(world):
    """Selvaraju et al. 2017, eq. 1 and 2 without the ReLU."""
    maps = np.zeros(world.activations.shape[:3])
    for n, i, j, k in np.ndindex(world.activations.shape):
        importance = world.gradients[n, :, :, k].mean()
        maps[n, i, j] += importance * world.activations[n, i, j, k]
    return maps


def hires_cam(world):
    """Draelos and Carin 2020, eq. 4."""
    maps = np.zeros(world.activations.shape[:3])
    for n, i, j, k in np.ndindex(world.activations.shape):
        maps[n, i, j] += world.gradients[n, i, j, k] * world.activations[n, i, j, k]
    return maps


REFERENCES = {"grad_cam": grad_cam, "hires_cam": hires_cam}
