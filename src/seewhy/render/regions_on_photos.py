"""Greyed regions and signed differences, drawn on photos."""

from __future__ import annotations

import numpy as np


def greyed_region(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photo with the region greyed and its edge drawn."""
    faded = (0.25 * photo + 0.75 * 200).astype("uint8")
    picture = np.where(mask[..., None], faded, photo)
    picture[rim(mask)] = (255, 0, 0)
    return picture


def signed_difference(plain: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Red where it is positive and blue where it is negative, over the greyed photo."""
    grey = plain.mean(axis=-1, keepdims=True).repeat(3, axis=-1) * 0.6 + 80
    colour = np.where(difference[..., None] > 0, (255.0, 0.0, 0.0), (0.0, 0.0, 255.0))
    strength = np.clip(abs(difference), 0, 1)[..., None]
    mixed: np.ndarray = np.rint(grey * (1 - strength) + colour * strength).astype("uint8")
    return mixed


def rim(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask, bool (rows, cols), of which a neighbour is outside."""
    from scipy.ndimage import binary_erosion

    edge: np.ndarray = mask & ~binary_erosion(mask)
    return edge
