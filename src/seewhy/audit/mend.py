"""Photos without what a finding is about, and masks of it, to train without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from seewhy import checks, images
from seewhy.audit.confirm.transplant import blurred, filled
from seewhy.audit.finding import Finding
from seewhy.audit.regions import pixel_cells, pixel_mask, region_of_cells
from seewhy.images.geometry import Geometry

HOW = ("fill", "blur")
LARGEST = 256
"""Pixels of the longer side of the copy that a region is filled in; it is enlarged then."""


def without(photos: Any, finding: Finding, *, how: str = "fill") -> list[np.ndarray]:
    """Photos whose region of a finding is gone, uint8 (height, width, 3), of their own sizes.

    photos: a photo, or a list of them, as `Explainer` takes them. how: "fill" puts what is
    interpolated from the surroundings, "blur" a blurred copy. Photos that do not belong to the
    finding are changed at the same place, too. Raises OptionError and ImageError.
    """
    checks.one_of("how", how, HOW)
    several = isinstance(photos, list | tuple)
    return [_without(photo, finding, how) for photo in (photos if several else [photos])]


def photo_mask(finding: Finding, size: tuple[int, int]) -> np.ndarray:
    """bool (height, width): where the region of a finding lies on a photo of this size."""
    about = finding.geometry
    rows, cols = about["grid"]
    region = region_of_cells(finding.cells, (rows, cols))
    input = tuple(about["input"] or size)
    where = pixel_cells((rows, cols), (input[0], input[1]), about)
    mask = pixel_mask(region, where, finding.margin)
    on_photo = _geometry(about, size)
    inside: list[np.ndarray] = []
    at: list[np.ndarray] = []
    for axis, side in enumerate(size):
        place = (np.arange(side) + 0.5) * on_photo.scale[axis] + on_photo.offset[axis]
        inside.append((place >= 0) & (place < input[axis]))
        at.append(np.clip(np.floor(place), 0, input[axis] - 1).astype(int))
    found: np.ndarray = mask[np.ix_(at[0], at[1])] & np.logical_and.outer(inside[0], inside[1])
    return found


def _geometry(about: Mapping[str, Any], size: tuple[int, int]) -> Geometry:
    if about["input"] is None:  # the model takes photos as they are
        return Geometry.identity(size)
    fit = getattr(Geometry, about["fit"])
    geometry: Geometry = fit(size, tuple(about["input"]))
    return geometry


def _without(photo: Any, finding: Finding, how: str) -> np.ndarray:
    pixels = images.load(photo).pixels
    mask = photo_mask(finding, (pixels.shape[0], pixels.shape[1]))
    if how == "blur":
        return np.asarray(blurred(pixels[None], mask[None])[0])
    scale = min(1.0, LARGEST / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    # all that is only touched by the region counts to it: its colours are mixed into these
    covered = np.asarray(
        Image.fromarray(mask.astype("uint8") * 255).resize(size, Image.Resampling.BOX)
    )
    smooth = filled(small[None], (covered > 0)[None])[0]
    back = (pixels.shape[1], pixels.shape[0])
    enlarged = np.asarray(Image.fromarray(smooth).resize(back, Image.Resampling.BILINEAR))
    kept: np.ndarray = np.where(mask[..., None], enlarged, pixels)
    return kept
