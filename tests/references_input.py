"""Slow references of methods at the input."""

from __future__ import annotations

import numpy as np


def gradient_input(world):
    """Shrikumar et al. 2016: image times gradient."""
    maps = np.zeros(world.images.shape[:3])
    for c in range(world.images.shape[-1]):
        maps += world.images[..., c] * world.image_gradients[..., c]
    return maps


def integrated_gradients(world, steps, baseline):
    """Sundararajan et al. 2017, eq. 1 by the midpoint rule."""
    mean = np.zeros(world.images.shape)
    for step in range(steps):
        along = (step + 0.5) / steps
        mean += world.gradients_at(baseline + along * (world.images - baseline)) / steps
    return ((world.images - baseline) * mean).sum(axis=-1)


REFERENCES = {"gradient_input": gradient_input, "integrated_gradients": integrated_gradients}
