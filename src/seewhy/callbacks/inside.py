"""Where the thing is on each watched photo: masks or boxes, as people have them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy.annotations.photo_lookup import matched
from seewhy.annotations.read import read as read_annotations
from seewhy.annotations.records import Annotations
from seewhy.errors import OptionError
from seewhy.metrics.localisation.boxes_and_masks import as_masks
from seewhy.models.samples import as_numpy, is_array


def read_inside(masks: Any, boxes: Any) -> Any:
    """What was given of either, checked as far as it can be without the photos.

    Returns annotations, or a list with a mask or boxes for each photo; None where nothing was
    given. Raises OptionError.
    """
    if masks is None and boxes is None:
        return None
    if masks is not None and boxes is not None:
        raise OptionError("masks and boxes are both given: give one of them.")
    given, name = (masks, "masks") if boxes is None else (boxes, "boxes")
    if isinstance(given, str | Path):
        return read_annotations(given)
    if isinstance(given, Annotations):
        return given
    if is_array(given):
        given = list(as_numpy(given))
    if not isinstance(given, Sequence):
        raise OptionError(
            f"{name} are a list with one entry for each photo (None where there is no thing), or "
            f"the path of annotations; got {type(given).__name__}."
        )
    if all(each is None for each in given):
        raise OptionError(f"{name} has an entry for no photo at all.")
    return list(given)


def inside_of_each(
    given: Any, photos: Any, sizes: Sequence[tuple[int, ...]], is_box: bool
) -> list[np.ndarray | None]:
    """A mask for each photo, bool of the photo's size; None where there is none.

    sizes: of the photos, (height, width). is_box: whether a list has boxes. Raises OptionError.
    """
    if given is None:
        return [None] * len(sizes)
    if isinstance(given, Annotations):
        return _annotated(given, photos, sizes)
    if len(given) != len(sizes):
        raise OptionError(
            f"{len(given)} {'lists of boxes' if is_box else 'masks'} for {len(sizes)} photos: give "
            f"one for each photo, in their order, and None where there is no thing."
        )
    make = _of_boxes if is_box else _mask
    return [
        None if entry is None else make(entry, tuple(size), k)
        for k, (entry, size) in enumerate(zip(given, sizes, strict=True))
    ]


def shrunk(mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """How much of each pixel is inside where the photo is drawn smaller: float64 0..1."""
    if mask.shape == tuple(size):
        return mask.astype("float64")
    image = Image.fromarray(mask.astype("float32"))
    resized = image.resize((size[1], size[0]), Image.Resampling.BOX)
    return np.asarray(resized, "float64")


def _annotated(
    given: Annotations, photos: Any, sizes: Sequence[tuple[int, ...]]
) -> list[np.ndarray | None]:
    paths = list(photos) if isinstance(photos, list | tuple) else []
    if not paths or not all(isinstance(each, str | os.PathLike) for each in paths):
        raise OptionError(
            f"annotations ({given.source!r}) are found by the names of the photos' files: give "
            f"the photos as paths, or masks as arrays."
        )
    rows = matched(given, [os.fspath(path) for path in paths])
    return [row.mask(*size) if row else None for row, size in zip(rows, sizes, strict=True)]


def _of_boxes(boxes: Any, size: tuple[int, ...], k: int) -> np.ndarray:
    if len(size) != 2:
        raise OptionError("boxes are of photos; give masks of the arrays' shape.")
    mask: np.ndarray = as_masks([boxes], (1, *size))[0]
    if not mask.any():
        raise OptionError(
            f"the boxes of photo {k + 1}, {boxes!r}, hold no pixel of it: the photo has "
            f"{size[1]} × {size[0]} pixels (left, top, right, bottom)."
        )
    return mask


def _mask(entry: Any, size: tuple[int, ...], k: int) -> np.ndarray:
    if isinstance(entry, str | Path):
        (painted,) = read_annotations(entry).photos[:1] or (None,)
        if painted is None:
            raise OptionError(f"the mask of photo {k + 1}, {str(entry)!r}, shows nothing.")
        return painted.mask(size[0], size[1])
    mask = as_numpy(entry)
    if mask.shape == (*size, 1):
        mask = mask[..., 0]
    # masks are saved as 0 and 1, or 0 and 255
    if mask.shape != size or (mask.dtype != bool and len(np.unique(mask)) > 2):
        raise OptionError(
            f"the mask of photo {k + 1} is bool of the photo's shape {size}; got {mask.dtype} of "
            f"{mask.shape}."
        )
    inside: np.ndarray = mask > 0
    if not inside.any():
        raise OptionError(
            f"the mask of photo {k + 1} is empty: nothing can lie inside. Give None for it."
        )
    return inside
