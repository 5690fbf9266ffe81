"""How much of a map, and whether its peak, lies inside of the thing."""

from __future__ import annotations

import numpy as np

from seewhy.checks import number
from seewhy.maps.scaling import rectify
from seewhy.metrics import checks
from seewhy.metrics.localisation.boxes_and_masks import Boxes, as_masks


def pointing_game(
    maps: np.ndarray, where: np.ndarray | Boxes, *, tolerance: float = 15
) -> np.ndarray:
    """Whether the largest value of each map hits the thing: 1 or 0; high is good.

    maps: (batch, height, width) of the photo's size, any sign; of equal largest values the first
    in reading order counts. where: bool masks (batch, height, width), or for each image a list of
    boxes (left, top, right, bottom). tolerance: in pixels; a peak that is nearer than this to a
    pixel of the thing hits it; 0 for hits inside only.
    Returns float64 (batch,), of which the mean is the paper's accuracy; NaN for an empty mask.
    Zhang et al. 2016, arXiv:1608.00507, section 4.2, with the distance as TorchRay takes it.
    """
    maps = checks.as_maps(maps)
    number("tolerance", tolerance, 0)
    masks = as_masks(where, maps.shape)
    rows, cols = np.divmod(maps.reshape(len(maps), -1).argmax(axis=1), maps.shape[2])
    down = np.arange(maps.shape[1]) - rows[:, None]
    across = np.arange(maps.shape[2]) - cols[:, None]
    far = down[:, :, None] ** 2 + across[:, None] ** 2
    nearest = np.where(masks, far, np.inf).min(axis=(1, 2))
    hits = (nearest < tolerance**2) | (nearest == 0)
    return np.where(masks.any(axis=(1, 2)), hits, np.nan)


def energy_inside(maps: np.ndarray, where: np.ndarray | Boxes) -> np.ndarray:
    """What share of the heat lies inside of the thing, 0..1; high is good.

    maps: (batch, height, width) of the photo's size; their positive part counts. where: as for
    `pointing_game`; several boxes are taken together. Returns float64 (batch,); NaN for a map
    without positive values. The energy-based pointing game of Wang et al. 2020 (Score-CAM),
    arXiv:1910.01279, section 4.3.
    """
    maps = checks.as_maps(maps)
    masks = as_masks(where, maps.shape)
    largest = np.maximum(maps.max(axis=(1, 2), keepdims=True), 0)
    # of the largest, so that neither sums of large values overflow nor small ones vanish
    heat = np.divide(rectify(maps), largest, out=np.zeros_like(maps), where=largest > 0)
    total = heat.sum(axis=(1, 2))
    inside = (heat * masks).sum(axis=(1, 2))
    part: np.ndarray = np.divide(inside, total, out=np.full_like(total, np.nan), where=total > 0)
    return part
