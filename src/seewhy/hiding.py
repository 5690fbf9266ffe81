"""TODO."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seewhy import maps
from seewhy.images.geometry import Geometry
from seewhy.metrics.faithfulness.baselines import blurred


def hottest_first(map: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Pixels of the network's input, flat, by the map's value there."""
    maps.check_finite(map)
    fine = Geometry.identity(tuple(size)).to_photo(map)
    return np.argsort(-fine, axis=None, kind="stable")


def softened(images: np.ndarray) -> np.ndarray:
    """Blurred so much that nothing can be told in it."""
    middle = images.mean(axis=(1, 2), keepdims=True)
    for _ in range(3):
        # about the mean, as there is nothing beyond the edge of the image
        images = middle + blurred(images - middle)
    return images
