"""Slow references of methods that run the network again."""

from __future__ import annotations

import numpy as np
from PIL import Image


def ablation_cam(world):
    """Desai and Ramaswamy 2020, eq. 4 and 5."""
    maps = np.zeros(world.activations.shape[:3])
    whole = world.score_of(world.activations)
    for k in range(world.activations.shape[-1]):
        without = world.activations.copy()
        without[..., k] = 0
        share = (whole - world.score_of(without)) / whole
        for n in range(len(maps)):
            maps[n] += share[n] * world.activations[n, :, :, k]
    return maps


def score_cam(world):
    """Wang et al. 2020, algorithm 1: scores of masked images, softmax over the units."""
    batch, height, width, _ = world.images.shape
    units = world.activations.shape[-1]
    scores = np.zeros((units, batch))
    for k in range(units):
        masked = np.zeros_like(world.images)
        for n in range(batch):
            grid = world.activations[n, :, :, k].astype("float32")
            large = Image.fromarray(grid).resize((width, height), Image.Resampling.BILINEAR)
            mask = np.asarray(large, "float64")
            least, most = grid.min(), grid.max()
            mask = (mask - least) / (most - least) if most > least else 0 * mask
            masked[n] = world.images[n] * mask[:, :, None]
        scores[k] = world.score(masked)
    maps = np.zeros(world.activations.shape[:3])
    for n in range(batch):
        weights = np.exp(scores[:, n] - scores[:, n].max())
        weights /= weights.sum()
        for k in range(units):
            maps[n] += weights[k] * world.activations[n, :, :, k]
    return maps


REFERENCES = {"ablation_cam": ablation_cam, "score_cam": score_cam}
