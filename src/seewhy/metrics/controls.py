"""Maps that know nothing of the network: what a measure gives for them, it gives for nothing."""

from __future__ import annotations

import numpy as np
from PIL import Image

from seewhy.checks import number
from seewhy.errors import OptionError
from seewhy.metrics import checks

GREY = (0.299, 0.587, 0.114)
"""The weights of red, green and blue, of ITU-R BT.601."""
NAMES = ("random map", "centre Gaussian", "edge detector")


def random_map(images: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Uniform noise in 0..1, float32 (batch, height, width): for each image its own.

    images: (batch, height, width, channels), of which only the shape counts. An image has the same
    noise at its place of every batch.
    """
    batch, height, width, _ = checks.as_images(images).shape
    drawn = [np.random.default_rng([seed, k]).random((height, width)) for k in range(batch)]
    return np.stack(drawn).astype("float32")


def centre_map(images: np.ndarray, *, sigma: float = 0.25) -> np.ndarray:
    """A Gaussian around the middle, float32 (batch, height, width), up to 1.

    images: (batch, height, width, channels), of which only the shape counts. sigma: its standard
    deviation along each axis as a share of that side. Photographers put things into the middle:
    what localises no better than this has found nothing.
    """
    if number("sigma", sigma, 0) == 0:
        raise OptionError(f"sigma is a positive share of the side; got {sigma!r}.")
    batch, height, width, _ = checks.as_images(images).shape
    down, across = (
        np.exp(-0.5 * (((np.arange(side) + 0.5) / side - 0.5) / sigma) ** 2)
        for side in (height, width)
    )
    bell = np.outer(down, across)
    return np.broadcast_to(bell / bell.max(), (batch, height, width)).astype("float32")


def edge_map(images: np.ndarray) -> np.ndarray:
    """How steep the grey image is at each pixel (Sobel), float32 (batch, height, width), from 0 on.

    images: float32 (batch, height, width, channels); three channels are weighted as red, green and
    blue, others equally. Pixels outside are those at the edge. Adebayo et al. 2018,
    arXiv:1810.03292, section 5.1, show how much some maps resemble an edge detector.
    """
    from scipy.ndimage import sobel

    images = checks.as_images(images).astype("float64")
    channels = images.shape[-1]
    weights = np.array(GREY) if channels == 3 else np.full(channels, 1 / channels)
    steepness = [
        np.hypot(*(sobel(grey, axis, mode="nearest") for axis in (0, 1)))
        for grey in images @ weights
    ]
    return np.stack(steepness).astype("float32")


def control_maps(image: np.ndarray, grid: tuple[int, ...], seed: int) -> tuple[np.ndarray, ...]:
    """float32 (rows, cols) each, from 0 on, in the order of `NAMES`.

    image: (height, width, channels), whose edges are found. grid: (rows, cols). seed: of the random
    map. On the method's own grid they differ from its map in where they are hot, not in how fine
    they are: measures that remove pixels depend much on that.
    """
    blank = np.zeros((1, *grid, 1), "float32")
    steep = Image.fromarray(edge_map(checks.as_images([image]))[0])  # type: ignore[arg-type]
    edges = np.asarray(steep.resize((grid[1], grid[0]), Image.Resampling.BOX))
    return random_map(blank, seed=seed)[0], centre_map(blank)[0], edges
