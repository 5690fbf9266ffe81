"""Methods that learn a mask: what must be hidden, or kept, to change the score the most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from keras import ops

from seewhy.methods.registry import method
from seewhy.methods.tensors import blurred, enlarged
from seewhy.progress import hidden
from seewhy.progress import steps as bar

Tensor = Any

FAMILY = "perturbation"

Pull = Callable[..., tuple[np.ndarray, np.ndarray]]
# How many degrees of blur the masks of an extremal perturbation choose from.
LEVELS = 8


@method(
    "meaningful_perturbation",
    paper="Fong and Vedaldi 2017, arXiv:1704.03296, eq. 4 without its jitter, of the share of the "
    "score that is left",
    family=FAMILY,
    cost="3 × steps + 2",
    use="The smallest region that the score cannot do without.",
    avoid="In a hurry; and its figures depend on the weights of area and smoothness.",
)
def meaningful_perturbation(  # noqa: PLR0913  (options)
    images: Tensor,
    score_images: Callable[..., Any],
    pull_images: Pull,
    *,
    steps: int = 150,
    cells: int = 28,
    blur: float = 0.05,
    area: float = 0.3,
    smoothness: float = 8.0,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """How much of each place is blurred away by the mask that lowers the score most cheaply.

    images: (batch, *space, channels). cells: of the mask along each axis. blur: its standard
    deviation, as a share of the sides. area, smoothness: what hiding the whole image, and a step
    of the mask from 0 to 1 between all neighbours (its third power, as in the paper), cost in
    shares of the score. The mask is learnt by Adam from nothing hidden on. Returns maps (batch,
    *cells) in 0..1, and the `score_left` with them, as a share of the image's score over that of
    the image that is all blurred; all zero where the blurred one has no lower score.
    """
    grid = tuple(min(cells, int(side)) for side in images.shape[1:-1])
    levels = ops.stack([blurred(images, blur), images])
    ends = _scores_hidden_and_seen(score_images, levels, grid)
    span = ends[1] - ends[0]
    use = (span > 0).reshape(-1, *(1,) * len(grid))
    keep = np.ones((len(span), *grid), "float32")
    left = np.ones(len(span))
    adam = Adam(keep.shape, 0.1)
    with bar(steps) as step, hidden():
        for _ in range(steps):
            scores, slopes = pull_images(seen_through, keep[None], levels)
            left = _share(scores[0] - ends[0], span)
            # a probability, as in the paper, falls to 0 and no further: nor does the share
            open = np.where(left > 0, 1, 0).reshape(use.shape)
            slope = open * _share(slopes[0], span) - area / np.prod(grid)
            slope = slope + smoothness * roughness(keep)[1] / np.prod(grid)
            keep = np.clip(keep - adam.step(slope), 0, 1).astype("float32")
            step(1)
    return np.where(use, 1 - keep, 0), {"score_left": left}


@method(
    "extremal_perturbation",
    paper="Fong, Patrick and Vedaldi 2019, arXiv:1910.08485, eq. 2 to 5, preservation, without "
    "its jitter",
    family=FAMILY,
    cost="3 × steps + 2",
    use="The region of a given area that keeps the most of the score.",
    avoid="In a hurry; and where the object's area is not known even roughly.",
)
def extremal_perturbation(  # noqa: PLR0913  (options)
    images: Tensor,
    score_images: Callable[..., Any],
    pull_images: Pull,
    *,
    area: float = 0.1,
    steps: int = 200,
    cells: int = 32,
    reach: float = 0.09,
    blur: float = 0.09,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A smooth mask of a given area whose part of the image, all else blurred, scores highest.

    images: (batch, *space, channels). area: share of the image that is kept, 0..1. cells: of the
    mask along each axis. reach: how far one cell of the mask spreads, blur: the largest standard
    deviation, as shares of the sides. Returns maps (batch, *cells) in 0..1, and the `score_kept`
    with them, as a share of the image's score over that of the image that is all blurred.
    """
    grid = tuple(min(cells, int(side)) for side in images.shape[1:-1])
    widths = np.linspace(blur, 0, LEVELS)[:-1]
    levels = ops.stack([*(blurred(images, float(width)) for width in widths), images])
    ends = _scores_hidden_and_seen(score_images, levels, grid)
    span = np.abs(ends[1] - ends[0])
    spreader = SmoothMaximum(grid, reach)
    raw = np.ones((len(span), int(np.prod(grid))))
    sorted_area = np.arange(spreader.cells) >= spreader.cells - round(area * raw.shape[1])
    speed, weight = np.zeros_like(raw), 30.0
    kept, mask = np.ones(len(span)), raw
    with bar(steps) as step, hidden():
        for _ in range(steps):
            spread, back = spreader(raw)
            mask = spread[:, spreader.inside]
            grids = mask.reshape(1, -1, *grid).astype("float32")
            scores, slopes = pull_images(seen_through, grids, levels)
            kept = _share(scores[0] - ends[0], span)
            gain = -weight * area_distance(spread, sorted_area)[1]
            gain[:, spreader.inside] += _share(slopes[0], span).reshape(mask.shape)
            speed = 0.9 * speed + 0.1 * back(gain)
            # the paper's rate and growth over 800 steps, in as many as there are
            raw = np.clip(raw + 0.1 * 800 / steps * speed, 0, 1)
            weight *= 16 ** (1 / steps)
            step(1)
    return mask.reshape(-1, *grid), {"score_kept": kept}


def _scores_hidden_and_seen(
    score_images: Callable[..., Any], levels: Tensor, grid: tuple[int, ...]
) -> np.ndarray:
    """Scores (2, batch) of the images with all hidden, and with all seen."""
    rows = np.broadcast_to(
        np.array([0, 1], "float32").reshape(2, 1, *(1,) * len(grid)),
        (2, int(levels.shape[1]), *grid),
    )
    scores: np.ndarray = score_images(seen_through, rows, levels).astype("float64")
    return scores


def seen_through(_: Tensor, masks: Tensor, levels: Tensor) -> Tensor:
    """Images by how much of each place is seen: masks (rows, batch, *grid) in 0..1.

    levels: (levels, batch, *space, channels), from all hidden to all seen.
    """
    size = tuple(int(side) for side in levels.shape[2:-1])
    count = int(levels.shape[0])
    depth = ops.expand_dims(enlarged(masks, size) * (count - 1), 0)
    below = ops.stop_gradient(ops.clip(ops.floor(depth), 0, count - 2))
    places = ops.reshape(ops.arange(count, dtype="float32"), (-1,) + (1,) * (len(depth.shape) - 1))
    # linear between the two nearest levels, in a form that has a slope on a level, too
    lower = ops.cast(ops.equal(places, below), "float32") * (1 - (depth - below))
    upper = ops.cast(ops.equal(places, below + 1), "float32") * (depth - below)
    return ops.einsum("lrb...,lb...c->rb...c", lower + upper, levels)


def _share(values: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Values (batch, …) by each image's span (batch,), and 0 where that is not positive."""
    spans = span.reshape(-1, *(1,) * (values.ndim - 1))
    shares: np.ndarray = np.divide(values, spans, out=np.zeros(values.shape), where=spans > 0)
    return shares


def roughness(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums (batch,) of the third powers of steps between neighbours, and their slope."""
    total, slope = np.zeros(len(masks)), np.zeros(masks.shape)
    for axis in range(1, masks.ndim):
        steps = np.diff(masks.astype("float64"), axis=axis)
        total += (np.abs(steps) ** 3).sum(axis=tuple(range(1, masks.ndim)))
        slopes = 3 * steps * np.abs(steps)
        none = [(0, 0)] * masks.ndim
        slope += np.pad(slopes, [*none[:axis], (1, 0), *none[axis + 1 :]])
        slope -= np.pad(slopes, [*none[:axis], (0, 1), *none[axis + 1 :]])
    return total, slope


def area_distance(masks: np.ndarray, sorted_area: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far the sorted masks (batch, cells) are from the wanted ones, squared; and its slope."""
    order = np.argsort(masks, axis=1, kind="stable")
    away = np.take_along_axis(masks, order, axis=1) - sorted_area
    slope = np.empty_like(masks)
    np.put_along_axis(slope, order, 2 * away / masks.shape[1], axis=1)
    return (away**2).mean(axis=1), slope


class Adam:
    """Adaptive moments (Kingma and Ba 2014, arXiv:1412.6980), of many masks at once."""

    def __init__(self, shape: tuple[int, ...], rate: float) -> None:
        self.rate, self.count = rate, 0
        self.first, self.second = np.zeros(shape), np.zeros(shape)

    def step(self, slope: np.ndarray) -> np.ndarray:
        """What to take away."""
        self.count += 1
        self.first = 0.9 * self.first + 0.1 * slope
        self.second = 0.999 * self.second + 0.001 * slope**2
        first = self.first / (1 - 0.9**self.count)
        second = self.second / (1 - 0.999**self.count)
        return np.asarray(self.rate * first / (np.sqrt(second) + 1e-8))


@dataclass(frozen=True)
class SmoothMaximum:
    """The paper's smooth maximum convolution: each place takes the best of its neighbours.

    The places reach beyond the image, so that a mask at its edge is no cheaper than one within.
    """

    grid: tuple[int, ...]
    reach: float

    @property
    def cells(self) -> int:
        """How many places there are, in the image and around it."""
        return len(self.inside)

    @cached_property
    def inside(self) -> np.ndarray:
        """bool (places,): which are in the image."""
        return np.asarray(((self._places >= 0) & (self._places < self.grid)).all(axis=-1))

    @cached_property
    def _widths(self) -> np.ndarray:
        return np.maximum(self.reach * np.array(self.grid), 1e-6)

    @cached_property
    def _places(self) -> np.ndarray:
        """int (places, axes): indices of cells, some beyond the grid."""
        around = np.ceil(self._widths).astype(int)
        along = [range(-more, side + more) for more, side in zip(around, self.grid, strict=True)]
        return np.array(list(product(*along)))

    @cached_property
    def _near(self) -> tuple[np.ndarray, np.ndarray]:
        """For each place its neighbours (places, near), and their weights; 0 beyond the grid."""
        radii = 1 + np.ceil(self._widths).astype(int)
        offsets = np.array(list(product(*(range(-r, r + 1) for r in radii))))
        away = np.sqrt(((offsets / self._widths) ** 2).sum(axis=1))
        weights = np.exp(-2 * np.maximum(away - 0.5, 0) ** 2)
        at = self._places[:, None] + offsets
        inside = ((at >= 0) & (at < self.grid)).all(axis=-1)
        flat = np.ravel_multi_index(np.moveaxis(at, -1, 0), self.grid, mode="clip")
        return flat, weights * inside

    def __call__(self, raw: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        """Masks (batch, places) of raw ones (batch, cells), and how a slope is pulled back."""
        near, weights = self._near
        values = raw[:, near] * weights
        powers = np.exp(20 * (values - values.max(axis=-1, keepdims=True)))
        shares = powers / powers.sum(axis=-1, keepdims=True)
        masks = (shares * values).sum(axis=-1)

        def back(slope: np.ndarray) -> np.ndarray:
            back_of_cells = (
                shares * (1 + 20 * (values - masks[..., None])) * weights * slope[..., None]
            )
            flat = [np.bincount(near.ravel(), row.ravel(), raw.shape[1]) for row in back_of_cells]
            return np.stack(flat)

        return masks, back
