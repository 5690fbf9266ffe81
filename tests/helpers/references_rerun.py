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


def _mask(grid, height, width):
    """A unit's grid enlarged as Pillow does, then scaled to 0..1."""
    large = Image.fromarray(grid.astype("float32")).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    large = np.asarray(large, "float64")
    least, most = large.min(), large.max()
    return (large - least) / (most - least) if grid.min() < grid.max() else 0


def _seen(world, change=lambda grid: grid, share=1.0):
    """Scores (units, batch) of images seen through a share of the masks of changed units."""
    scores = []
    for k in range(world.activations.shape[-1]):
        masked = np.zeros_like(world.images)
        for n, image in enumerate(world.images):
            own = world.activations[n, :, :, k]
            # a unit that is the same everywhere has an empty mask, whatever is added to it
            mask = _mask(change(own), *image.shape[:2]) if np.ptp(own) else 0
            masked[n] = share * image * np.reshape(mask, (*np.shape(mask), 1))
        scores.append(world.score(masked))
    return np.array(scores)


def _weighed(world, scores):
    maps = np.zeros(world.activations.shape[:3])
    for n in range(len(maps)):
        weights = np.exp(scores[:, n] - scores[:, n].max())
        weights /= weights.sum()
        for k, weight in enumerate(weights):
            maps[n] += weight * world.activations[n, :, :, k]
    return maps


def score_cam(world):
    """Wang et al. 2020, algorithm 1: scores of masked images, softmax over the units."""
    return _weighed(world, _seen(world))


def ss_cam(world, samples, noise, seed):
    """Wang et al. 2020: the same, averaged over noisy units."""
    total = 0
    for sample in range(samples):
        shape = (1, *world.activations.shape[1:3])
        drawn = np.random.default_rng([seed, sample]).standard_normal(shape, "float32")[0]
        total += _seen(world, lambda own, drawn=drawn: own + np.ptp(own) * noise * drawn)
    return _weighed(world, total / samples)


def is_cam(world, steps):
    """Naidu et al. 2020: the same, averaged over fractions of the masks."""
    scores = [_seen(world, share=(step + 1) / steps) for step in range(steps)]
    return _weighed(world, np.mean(scores, axis=0))


def group_cam(world, groups, blur, denoise):
    """Zhang et al. 2021: groups of weighted units, and the image blurred where they are not."""
    batch, height, width, _ = world.images.shape
    units = world.activations.shape[-1]
    count = min(groups, units)
    hidden = np.zeros_like(world.images, "float64")
    for n, c in np.ndindex(batch, world.images.shape[-1]):
        hidden[n, :, :, c] = _blur(_blur(world.images[n, :, :, c], blur).T, blur).T
    base = world.score(hidden.astype("float32"))
    maps = np.zeros(world.activations.shape[:3])
    for g in range(count):
        joined = np.zeros(world.activations.shape[:3])
        for n, k in np.ndindex(batch, units):
            if k * count // units == g:
                mean = world.gradients[n, :, :, k].mean()
                joined[n] += mean * world.activations[n, :, :, k]
        joined = np.maximum(joined, 0)
        for own in joined:
            own[own <= np.percentile(own, 100 * denoise)] = 0
        masks = [np.broadcast_to(_mask(own, height, width), (height, width)) for own in joined]
        mask = np.stack(masks)[..., None]
        shown = world.score((world.images * mask + hidden * (1 - mask)).astype("float32"))
        for own, gain, map in zip(joined, shown - base, maps, strict=True):
            size = np.ptp(own)
            map += gain * ((own - own.min()) / size if size else 0 * own)
    return maps


def _blur(rows, share):
    """Along the first axis, with weights that sum to 1 at each place."""
    side = len(rows)
    blurred = np.zeros(rows.shape)
    for i in range(side):
        weights = np.exp(-(((np.arange(side) - i) / (share * side)) ** 2) / 2)
        blurred[i] = weights @ rows / weights.sum()
    return blurred


def recipro_cam(world, gaussian):
    """Byun and Lee 2022: each cell's activations alone, under a 3 × 3 Gaussian."""
    batch, rows, cols, _ = world.activations.shape
    maps = np.zeros((batch, rows, cols))
    near = {0: 1.0, 1: 0.5 if gaussian else 0.0}
    for i, j in np.ndindex(rows, cols):
        alone = np.zeros_like(world.activations)
        for y, x in np.ndindex(rows, cols):
            share = near.get(abs(y - i), 0) * near.get(abs(x - j), 0)
            alone[:, y, x] = share * world.activations[:, y, x]
        maps[:, i, j] = world.score_of(alone)
    maps -= maps.min(axis=(1, 2), keepdims=True)
    return maps / maps.max(axis=(1, 2), keepdims=True)


def occlusion(world, window, stride, baseline):
    """Zeiler and Fergus 2014: the mean fall of the score over the windows on each pixel."""
    batch, side, _, _ = world.images.shape
    size, step = round(window * side), round(stride * side)
    whole = world.score(world.images)
    total, times = np.zeros((batch, side, side)), np.zeros((side, side))
    starts = sorted({*range(0, side - size, step), side - size})
    for top in starts:
        for left in starts:
            hidden = world.images.copy()
            hidden[:, top : top + size, left : left + size] = baseline
            fall = whole - world.score(hidden)
            total[:, top : top + size, left : left + size] += fall[:, None, None]
            times[top : top + size, left : left + size] += 1
    return total / times


def rise(world, masks, cells, probability, seed):
    """Petsiuk et al. 2018, eq. 6, of scores less their mean."""
    batch, side, _, _ = world.images.shape
    cell = -(-side // cells)
    maps, drawn, scores = np.zeros((batch, side, side)), [], []
    for k in range(masks):
        random = np.random.default_rng([seed, k])
        grid = (random.random((cells, cells)) < probability).astype("float32")
        large = (cells + 1) * cell
        mask = np.asarray(Image.fromarray(grid).resize((large, large), Image.Resampling.BILINEAR))
        down, right = random.integers(0, cell), random.integers(0, cell)
        mask = mask[down : down + side, right : right + side]
        drawn.append(mask)
        scores.append(world.score(world.images * mask[None, :, :, None]))
    for mask, score in zip(drawn, np.array(scores) - np.mean(scores, axis=0), strict=True):
        maps += score[:, None, None] * mask / (masks * probability)
    return maps


METHODS = (
    *(ablation_cam, score_cam, ss_cam, is_cam, group_cam, recipro_cam),
    *(occlusion, rise),
)
REFERENCES = {method.__name__: method for method in METHODS}
