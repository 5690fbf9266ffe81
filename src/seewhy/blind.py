"""TODO."""

from __future__ import annotations

import numpy as np
from PIL import Image

from seewhy.metrics import controls

NAMES = ("random map", "centre Gaussian", "edge detector")


def grids(image: np.ndarray, grid: tuple[int, ...], seed: int) -> tuple[np.ndarray, ...]:
    """float32 (rows, cols) each, from 0 on, in the order of `NAMES`.

    image: (height, width, channels), whose edges are found. grid: (rows, cols). seed: of the random
    map. On the method's own grid they differ from its map in where they are hot, not in how fine
    they are: measures that remove pixels depend much on that.
    """
    blank = np.zeros((1, *grid, 1), "float32")
    steep = Image.fromarray(controls.edge_map(image[None])[0])
    edges = np.asarray(steep.resize((grid[1], grid[0]), Image.Resampling.BOX))
    return controls.random_map(blank, seed=seed)[0], controls.centre_map(blank)[0], edges
