"""Does the map foretell how the score changes with the image?"""

from __future__ import annotations

import numpy as np

from seewhy.checks import count, number, one_of
from seewhy.errors import OptionError
from seewhy.maps.scaling import check_finite
from seewhy.metrics import checks, perturbed_copies
from seewhy.metrics.perturbed_copies import Make, ScoreFunction

WAYS = ("noise", "squares")


def infidelity(  # noqa: PLR0913  (each choice has its default)
    images: np.ndarray,
    maps: np.ndarray,
    scorer: ScoreFunction,
    *,
    how: str | np.ndarray = "noise",
    samples: int = 100,
    sigma: float = 0.2,
    side: int = 8,
    scaled: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """The mean squared error of what the map says of changes of the image, from 0; low is good.

    images: float32 (batch, height, width, channels). maps: of the images' shape, or (batch,
    height, width) for the same value in each channel; signed, in units of the score for each unit
    of the image, as a gradient is.
    how: "noise" takes Gaussian noise of standard deviation sigma, in units of the images, off
    them; "squares" sets a square of side × side pixels at a random place to zero; or changes I
    themselves, float (samples, height, width, channels) or (samples, batch, …), of which the image
    less I is scored. The same changes are drawn for each image.
    scaled: multiplies each map by the number that serves it best, so that only its shape counts.
    Returns float64 (batch,): the mean of (sum(I · map) - (f(x) - f(x - I)))². Yeh et al. 2019,
    arXiv:1901.09392, definition 2.1, and section 2.2 for the scale.
    """
    images = checks.as_images(images)
    maps = _spread(checks.as_numbers(maps, "maps"), images)
    rows, changes = _changes(images, how, (samples, sigma, side, seed))
    expected = np.empty((len(images), rows))

    def make(which: np.ndarray, row: np.ndarray) -> np.ndarray:
        change = changes(which, row)
        expected[which, row] = np.einsum("nhwc,nhwc->n", change, maps[which])
        moved: np.ndarray = images[which] - change
        return moved

    after = perturbed_copies.scores_of_copies(scorer, images, rows, make)
    true = perturbed_copies.scores_of_images(scorer, images)[:, None] - after
    if scaled:
        below = (expected**2).sum(axis=1)
        above = (expected * true).sum(axis=1)
        best = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        expected = best[:, None] * expected
    error: np.ndarray = ((expected - true) ** 2).mean(axis=1)
    return error


def _spread(maps: np.ndarray, images: np.ndarray) -> np.ndarray:
    check_finite(maps)
    by_pixel = maps[..., None] if maps.ndim == 3 else maps
    if by_pixel.shape not in (images.shape, (*images.shape[:3], 1)):
        raise OptionError(
            f"maps have the images' shape {images.shape}, with channels or without; got "
            f"{maps.shape}."
        )
    return np.broadcast_to(by_pixel.astype("float64"), images.shape)


def _changes(
    images: np.ndarray, how: str | np.ndarray, drawn: tuple[int, float, int, int]
) -> tuple[int, Make]:
    """How many changes there are, and those of given images and rows."""
    if not isinstance(how, str):
        changes = checks.as_numbers(how, "changes").astype("float32")
        if changes.ndim == 4:
            changes = changes[:, None]
        if changes.ndim != 5 or changes.shape[2:] != images.shape[1:]:
            raise OptionError(
                f"changes have shape (samples, *{images.shape[1:]}); got {np.shape(how)}."
            )
        changes = np.broadcast_to(changes, (len(changes), *images.shape))
        return len(changes), lambda which, row: changes[row, which]
    samples, sigma, side, seed = drawn
    one_of("how", how, WAYS)
    number("sigma", sigma, 0)
    rows = count("samples", samples)
    shape = images.shape[1:]
    if how == "noise":
        return rows, lambda _, row: noise(row, shape, sigma, seed)
    reach = [max(1, length - count("side", side) + 1) for length in shape[:2]]
    corners = np.random.default_rng(seed).integers(reach, size=(rows, 2))

    def squares(which: np.ndarray, row: np.ndarray) -> np.ndarray:
        top, left = corners[row].T[:, :, None]
        at_rows, at_cols = (np.arange(length) for length in shape[:2])
        high = (at_rows >= top) & (at_rows < top + side)
        wide = (at_cols >= left) & (at_cols < left + side)
        removed: np.ndarray = images[which] * (high[:, :, None] & wide[:, None])[..., None]
        return removed

    return rows, squares


def noise(row: np.ndarray, shape: tuple[int, ...], sigma: float, seed: int) -> np.ndarray:
    """float32 (n, *shape): Gaussian, from a generator of its own for each row.

    So the same row has the same noise, whichever image and chunk it is drawn for.
    """
    rows, places = np.unique(row, return_inverse=True)
    drawn = [np.random.default_rng([seed, k]).normal(0, sigma, shape) for k in rows.tolist()]
    values: np.ndarray = np.stack(drawn).astype("float32")[places]
    return values
