"""Slow references of full gradients, and of methods that learn a mask."""

from __future__ import annotations

import numpy as np


def _linear(cells, side):
    """(side, cells): linear between the centres of cells, constant outside."""
    weights = np.zeros((side, cells))
    for pixel in range(side):
        at = min(max((pixel + 0.5) * cells / side - 0.5, 0), cells - 1)
        low = int(at)
        weights[pixel, low] += 1 - (at - low)
        if at > low:
            weights[pixel, low + 1] += at - low
    return weights


def full_grad(world):
    """Srinivas and Fleuret 2019: scaled absolute parts of the image and of each bias."""

    def scaled(part):
        size = np.abs(part)
        return (size - size.min()) / (size.max() - size.min())

    slopes, biases = world.slopes(), world.biases()
    maps = np.zeros(world.images.shape[:3])
    for n, image in enumerate(world.images):
        maps[n] = scaled(image * slopes["images"][n]).sum(axis=-1)
        for name, bias in biases.items():
            part = slopes[name][n] * bias
            if part.ndim == 3:
                grid = scaled(part).sum(axis=-1)
                rows, cols = (
                    _linear(c, s) for c, s in zip(grid.shape, maps.shape[1:], strict=True)
                )
                maps[n] += rows @ grid @ cols.T
    return maps


def _blurred(image, share):
    """Gaussian blur with weights that sum to 1."""
    for axis in (0, 1):
        side = image.shape[axis]
        width = max(share * side, 1e-3)
        done = np.zeros(image.shape)
        for i in range(side):
            weights = np.exp(-(((np.arange(side) - i) / width) ** 2) / 2)
            place = (slice(None),) * axis + (i,)
            done[place] = np.tensordot(weights / weights.sum(), image, axes=(0, axis))
        image = done
    return image


class _Seen:
    """Images through masks on a grid, the score of what is seen, and its slope at the mask."""

    def __init__(self, world, cells, widths):
        self.world = world
        self.levels = np.array(
            [[_blurred(image.astype("float64"), w) for image in world.images] for w in widths]
            + [world.images]
        )
        self.spread = _linear(cells, world.images.shape[1])

    def images(self, masks):
        depth = np.einsum("pi,nij,qj->npq", self.spread, masks, self.spread)
        depth = depth * (len(self.levels) - 1)
        below = np.minimum(depth.astype(int), len(self.levels) - 2)
        part = (depth - below)[..., None]
        n, rows, cols = np.indices(depth.shape)
        lower, upper = self.levels[below, n, rows, cols], self.levels[below + 1, n, rows, cols]
        return (1 - part) * lower + part * upper, (upper - lower) * (len(self.levels) - 1)

    def __call__(self, masks):
        images, steps = self.images(masks)
        score = self.world.score(images.astype("float32"))
        slope = (self.world.gradients_at(images.astype("float32")) * steps).sum(axis=-1)
        return score, np.einsum("pi,npq,qj->nij", self.spread, slope, self.spread)


def meaningful_perturbation(world, steps, cells, blur, area, smoothness):
    """Fong and Vedaldi 2017, eq. 4, by Adam, image by image."""
    seen = _Seen(world, cells, [blur])
    n = len(world.images)
    least, most = (seen(np.full((n, cells, cells), end))[0] for end in (0.0, 1.0))
    masks = np.ones((n, cells, cells))
    first, second = np.zeros(masks.shape), np.zeros(masks.shape)
    for step in range(1, steps + 1):
        score, slope = seen(masks)
        for k in range(n):
            span = most[k] - least[k]
            own = np.zeros((cells, cells))
            if span > 0 and score[k] > least[k]:
                own += slope[k] / span
            own -= area / cells**2
            for i, j in np.ndindex(cells, cells):
                for di, dj in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                    if 0 <= i + di < cells and 0 <= j + dj < cells:
                        away = masks[k, i, j] - masks[k, i + di, j + dj]
                        own[i, j] += smoothness * 3 * away * abs(away) / cells**2
            first[k] = 0.9 * first[k] + 0.1 * own
            second[k] = 0.999 * second[k] + 0.001 * own**2
        better = first / (1 - 0.9**step)
        masks = masks - 0.1 * better / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        masks = np.clip(masks, 0, 1)
    return (1 - masks) * (most > least)[:, None, None]


def _spread(raw, reach, around):
    """The smooth maximum of what the neighbours of each place reach it with, loop by loop."""
    cells = len(raw)
    width = reach * cells
    radius = 1 + int(np.ceil(width))
    mask = np.zeros((cells + 2 * around,) * 2)
    for i, j in np.ndindex(mask.shape):
        values = []
        for di in range(-radius, radius + 1):
            for dj in range(-radius, radius + 1):
                a, b = i - around + di, j - around + dj
                inside = 0 <= a < cells and 0 <= b < cells
                away = max(np.hypot(di, dj) / width - 0.5, 0)
                values.append(raw[a, b] * np.exp(-2 * away**2) if inside else 0.0)
        shares = np.exp(20 * np.array(values))
        mask[i, j] = shares @ values / shares.sum()
    return mask


def extremal_perturbation(world, area, steps, cells, reach, blur):
    """Fong et al. 2019: gradient ascent with momentum under a growing area constraint."""
    seen = _Seen(world, cells, np.linspace(blur, 0, 8)[:-1])
    n, around = len(world.images), int(np.ceil(reach * cells))
    least, most = (seen(np.full((n, cells, cells), end))[0] for end in (0.0, 1.0))
    raw = np.ones((n, cells, cells))
    speed, weight = np.zeros(raw.shape), 30.0
    inside = (slice(around, around + cells),) * 2
    for _ in range(steps):
        wide = np.array([_spread(one, reach, around) for one in raw])
        masks = np.array([one[inside] for one in wide])
        _, slope = seen(masks)
        for k in range(n):
            gain = np.zeros(wide[k].shape)
            gain[inside] = slope[k] / abs(most[k] - least[k])
            rank = np.argsort(np.argsort(wide[k], axis=None, kind="stable"), kind="stable")
            wanted = rank >= wide[k].size - round(area * cells**2)
            gain -= weight * 2 * (wide[k] - wanted.reshape(wide[k].shape)) / wide[k].size
            own = np.zeros((cells, cells))
            for i, j in np.ndindex(cells, cells):  # central differences of the spreading
                more, less = raw[k].copy(), raw[k].copy()
                more[i, j] += 1e-5
                less[i, j] -= 1e-5
                change = _spread(more, reach, around) - _spread(less, reach, around)
                own[i, j] = (gain * change).sum() / 2e-5
            speed[k] = 0.9 * speed[k] + 0.1 * own
        raw = np.clip(raw + 0.1 * 800 / steps * speed, 0, 1)
        weight *= 16 ** (1 / steps)
    return masks


METHODS = (full_grad, meaningful_perturbation, extremal_perturbation)
REFERENCES = {method.__name__: method for method in METHODS}
