"""Do maps change where the image hardly does?"""

from __future__ import annotations

import numpy as np

from seewhy.checks import count, number, one_of
from seewhy.metrics import checks, perturbed_copies, similarity
from seewhy.metrics.perturbed_copies import ExplainFunction


def sensitivities(
    images: np.ndarray,
    explain: ExplainFunction,
    radius: float,
    *,
    samples: int = 10,
    relative: bool = True,
    seed: int = 0,
) -> np.ndarray:
    """How far maps move under noise of the image, from 0; low is good.

    images: float32 (batch, height, width, channels). explain: a function images → maps, or of
    (images, which). radius: the noise is uniform in ±radius, in units of the images. samples: how
    often. relative: divides by the length of the image's own map; NaN where that is 0.
    Returns float64 (batch, samples): the Euclidean length of the difference of the maps.
    """
    images = checks.as_images(images)
    rows = count("samples", samples)
    number("radius", radius, 0)

    def make(which: np.ndarray, rows: np.ndarray) -> np.ndarray:
        drawn_rows, places = np.unique(rows, return_inverse=True)
        drawn = [
            np.random.default_rng([seed, k]).uniform(-radius, radius, images.shape[1:])
            for k in drawn_rows.tolist()
        ]
        moved: np.ndarray = images[which] + np.stack(drawn).astype("float32")[places]
        return moved

    unchanged = perturbed_copies.maps_of_copies(explain, images, 1, lambda which, _: images[which])
    moved = perturbed_copies.maps_of_copies(explain, images, rows, make)
    distances: np.ndarray = np.sqrt(((moved - unchanged) ** 2).sum(axis=(2, 3)))
    if not relative:
        return distances
    lengths = np.sqrt((unchanged**2).sum(axis=(2, 3)))
    parts_of_length: np.ndarray = np.divide(
        distances, lengths, out=np.full_like(distances, np.nan), where=lengths > 0
    )
    return parts_of_length


def max_sensitivity(
    images: np.ndarray,
    explain: ExplainFunction,
    radius: float,
    *,
    samples: int = 10,
    relative: bool = True,
    seed: int = 0,
) -> np.ndarray:
    """The largest of `sensitivities`, float64 (batch,), from 0; low is good.

    Yeh et al. 2019, arXiv:1901.09392, definition 3.1, by sampling; relative as captum and Quantus.
    """
    moved = sensitivities(images, explain, radius, samples=samples, relative=relative, seed=seed)
    largest: np.ndarray = moved.max(axis=1)
    return largest


def average_sensitivity(
    images: np.ndarray,
    explain: ExplainFunction,
    radius: float,
    *,
    samples: int = 10,
    relative: bool = True,
    seed: int = 0,
) -> np.ndarray:
    """The mean of `sensitivities`, float64 (batch,), from 0; low is good.

    Yeh et al. 2019, arXiv:1901.09392, section 3, with the mean in the place of the maximum, as
    Quantus has it.
    """
    moved = sensitivities(images, explain, radius, samples=samples, relative=relative, seed=seed)
    mean: np.ndarray = moved.mean(axis=1)
    return mean


def flip_consistency(
    images: np.ndarray, explain: ExplainFunction, *, axis: str = "width", alike: str = "pearson"
) -> np.ndarray:
    """How well the map of the mirrored image is the mirrored map, up to 1; high is good.

    images: float32 (batch, height, width, channels). explain: as for `sensitivities`. axis:
    "width" mirrors left and right, "height" top and bottom. alike: "pearson", "spearman" or
    "ssim". Returns float64 (batch,). It asks the network and the method together: a network that
    sees mirrored images differently has different maps. Equivariance under transformations that
    the class does not depend on: Wang et al. 2020 (SEAM), arXiv:2004.04581, section 3.2.
    """
    compare = similarity.get_similarity(alike)
    images = checks.as_images(images)
    along = {"height": 1, "width": 2}[one_of("axis", axis, ("height", "width"))]
    mirrored = np.flip(images, along)
    plain = perturbed_copies.maps_of_copies(explain, images, 1, lambda which, _: images[which])[
        :, 0
    ]
    other = perturbed_copies.maps_of_copies(explain, mirrored, 1, lambda which, _: mirrored[which])[
        :, 0
    ]
    return compare(plain, np.flip(other, along))
