"""Removing whole regions, the most relevant first."""

from __future__ import annotations

import numpy as np

from seewhy.checks import count
from seewhy.errors import OptionError
from seewhy.metrics import checks, perturbed_copies
from seewhy.metrics.faithfulness.baselines import Baseline
from seewhy.metrics.faithfulness.removal_curves import pixel_ranks, without_pixels
from seewhy.metrics.perturbed_copies import ScoreFunction

Segments = int | np.ndarray


def irof(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    segments: Segments = 8,
    baseline: Baseline = "mean",
) -> np.ndarray:
    """The area over the curve while the most relevant regions are removed, up to 1; high is good.

    images: float32 (batch, height, width, channels). maps: (batch, height, width), any sign; the
    relevance of a region is the mean of its values. scorer: gives probabilities. segments: int
    (batch, height, width), the number of each pixel's region, or how many squares a side of a grid
    has. baseline: what removed regions become, as for `deletion`.
    Returns float64 (batch,): 1 less the mean height of the curve by trapezoids, of scores divided
    by the image's own; NaN where that is 0. Rieger & Hansen 2020, arXiv:2003.08747, equation 2,
    divided by the number of regions, so that images with more of them count no more.
    """
    curve = irof_curve(images, maps, scorer, segments=segments, baseline=baseline)
    inside = ~np.isnan(curve)
    # a curve's own last point, as images have different numbers of regions
    last = np.maximum(inside.sum(axis=1) - 1, 1)
    ends = curve[:, 0] + curve[np.arange(len(curve)), last]
    area: np.ndarray = 1 - (np.where(inside, curve, 0).sum(axis=1) - ends / 2) / last
    return area


def irof_curve(
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    segments: Segments = 8,
    baseline: Baseline = "mean",
) -> np.ndarray:
    """The scores while regions are removed, divided by the image's own.

    Arguments are as for `irof`. Returns float64 (batch, most regions + 1), from 1 on; NaN behind
    the last region of images that have fewer.
    """
    images, maps = checks.images_and_maps(images, maps)
    regions, counts = _numbered(segments, maps.shape)
    most = int(counts.max())
    flat = (regions + most * np.arange(len(maps))[:, None, None]).ravel()
    sizes = np.bincount(flat, minlength=most * len(maps))
    sums = np.bincount(flat, maps.ravel(), most * len(maps))
    # what an image lacks comes last
    means = np.divide(sums, sizes, out=np.full_like(sums, -np.inf), where=sizes > 0)
    order = pixel_ranks(means.reshape(len(maps), 1, most))[:, 0]
    places = np.take_along_axis(order, regions.reshape(len(maps), -1), axis=1)
    places = places.reshape(maps.shape)

    def is_removed(which: np.ndarray, rows: np.ndarray) -> np.ndarray:
        removed: np.ndarray = places[which] < rows[:, None, None]
        return removed

    scores = perturbed_copies.scores_of_copies(
        scorer, images, most + 1, without_pixels(images, baseline, is_removed)
    )
    unchanged = scores[:, :1]
    curve: np.ndarray = np.divide(
        scores, unchanged, out=np.full_like(scores, np.nan), where=unchanged != 0
    )
    curve[np.arange(most + 1) > counts[:, None]] = np.nan
    return curve


def _numbered(segments: Segments, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Regions numbered from 0 on without gaps (batch, height, width), and how many (batch,)."""
    if isinstance(segments, int | np.integer):
        side = count("segments", int(segments))
        rows, cols = (np.arange(length) * min(side, length) // length for length in shape[1:])
        grid = rows[:, None] * (cols[-1] + 1) + cols
        return np.broadcast_to(grid, shape), np.full(shape[0], grid.max() + 1)
    labels = np.asarray(segments)
    if labels.shape != shape or not np.issubdtype(labels.dtype, np.integer):
        raise OptionError(
            f"segments are whole numbers of the maps' shape {shape}, or one number for a grid; got "
            f"{labels.dtype} of shape {labels.shape}."
        )
    numbered = [np.unique(of_image, return_inverse=True) for of_image in labels]
    regions = np.stack([places.reshape(shape[1:]) for _, places in numbered])
    return regions, np.array([len(values) for values, _ in numbered])
