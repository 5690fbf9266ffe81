"""Masks out of polygons, run lengths and pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy.annotations.records import Annotated, Thing, annotated_or_fault
from seewhy.errors import OptionError

# VOC's border of things, which belongs to nothing.
VOID = 255

# Those that Pillow always has and that hold masks; of others some start programs.
_FORMATS = ("PNG", "TIFF", "BMP", "GIF")


def polygon_mask(
    points: Sequence[np.ndarray], size: tuple[float, float], height: int, width: int
) -> np.ndarray:
    """bool (height, width): the pixels whose centre lies inside of any polygon.

    points: (n, 2) each, x and y. size: (height, width) that they count in, (1, 1) for fractions.
    """
    from matplotlib.path import Path as Outline

    mask = np.zeros((height, width), bool)
    for polygon in points:
        if len(polygon) < 3:
            continue
        corners = polygon * [width / size[1], height / size[0]]
        # clipped first: what is far outside is no whole number of the machine
        low = np.clip(np.floor(corners.min(axis=0)), 0, [width, height]).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)), 0, [width, height]).astype(int)
        if (high <= low).any():
            continue
        across, down = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        centres = np.stack([across.ravel(), down.ravel()], axis=-1) + 0.5
        inside = Outline(np.concatenate([corners, corners[:1]]), closed=True)
        mask[low[1] : high[1], low[0] : high[0]] |= inside.contains_points(centres).reshape(
            across.shape
        )
    return mask


def run_length_mask(record: dict[str, Any], height: int, width: int) -> np.ndarray:
    """bool (height, width) from COCO's run lengths: columns from the top, off and on in turns.

    record: "size" (rows, cols), and "counts" as numbers or as COCO's text of them.
    """
    rows, cols = (int(side) for side in record["size"])
    check_mask_pixels(rows, cols)
    counts = record.get("counts")
    if isinstance(counts, str | bytes):
        counts = _counts(counts if isinstance(counts, str) else counts.decode("ascii"))
    if not isinstance(counts, list) or not all(type(count) is int for count in counts):
        raise OptionError(
            'run lengths have "counts": a list of whole numbers, or COCO\'s text of them.'
        )
    if sum(counts) != rows * cols or min(counts, default=0) < 0:
        raise OptionError(
            f"run lengths of a mask of {rows} × {cols} pixels are from 0 on and sum to "
            f"{rows * cols}; got {sum(counts)}, the least {min(counts, default=0)}."
        )
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return resized_mask(flat.reshape(cols, rows).T, height, width)


def check_mask_pixels(rows: int, cols: int) -> None:
    """Raises OptionError for a mask of more pixels than photos may have, before it is unpacked."""
    most = Image.MAX_IMAGE_PIXELS
    if min(rows, cols) < 1 or (most is not None and rows * cols > most):
        raise OptionError(
            f"a mask of {rows:,} × {cols:,} pixels is not unpacked: it has the photo's size, and "
            f"{most or 0:,} pixels at most."
        )


def run_length_corners(record: dict[str, Any]) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of run lengths; zeros of an empty mask."""
    rows, cols = (int(side) for side in record["size"])
    return box_around(run_length_mask(record, rows, cols))


def box_around(mask: np.ndarray) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) around a mask; zeros of an empty one."""
    rows, cols = np.nonzero(mask)
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return float(cols.min()), float(rows.min()), float(cols.max() + 1), float(rows.max() + 1)


def _counts(text: str) -> list[int]:
    """COCO's text of run lengths: five bits a letter, least first; from the third on differences.

    The sixth bit tells that more letters follow, the fifth of the last one is the sign.
    """
    counts: list[int] = []
    value, shift = 0, 0
    for letter in text:
        bits = ord(letter) - 48
        if shift > 60:
            raise OptionError("the text of run lengths has a number that no mask can have.")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value, shift = 0, 0
    return counts


def mask_from_file(file: Path, height: int, width: int) -> np.ndarray:
    """bool (height, width) from a picture: true where it is not 0."""
    return resized_mask(mask_of_file(file), height, width)


def mask_of_file(file: Path) -> np.ndarray:
    """A picture's mask at its own size; in palette pictures 255, VOC's border, is left out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(file, formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise OptionError(f"{str(file)!r} is too large a mask ({error}).") from error
    with opened:
        check_mask_pixels(*opened.size[::-1])
        values, palette = np.asarray(opened), opened.mode == "P"
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise OptionError(f"{str(file)!r} has values that are no finite numbers: save it as bool.")
    if values.ndim == 3:
        # what is transparent is not there
        channels = values.shape[-1]
        seen = values[..., -1] > 0 if channels in (2, 4) else np.ones(values.shape[:2], bool)
        inside: np.ndarray = values[..., : channels - (channels in (2, 4))].any(axis=-1) & seen
        return inside
    inside_of_palette: np.ndarray = (values != 0) & ~(palette & (values == VOID))
    return inside_of_palette


def resized_mask(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask at another size: each pixel as the one that its centre lies in."""
    if mask.shape == (height, width):
        return mask
    rows, cols = (
        ((np.arange(side) + 0.5) * length / side).astype(int)
        for side, length in zip((height, width), mask.shape, strict=True)
    )
    scaled: np.ndarray = mask[np.ix_(rows, cols)]
    return scaled


def read_masks(files: Sequence[Path]) -> Iterator[Annotated]:
    """A picture for each photo, of its size: what is not 0 is the thing."""
    for file in files:
        yield annotated_or_fault(file, "mask", partial(_annotated, file))


def _annotated(file: Path) -> Annotated:
    inside = mask_of_file(file)
    size = (float(inside.shape[0]), float(inside.shape[1]))
    # read again when it is wanted: the masks of a whole data set need not be held
    thing = Thing(None, box_around(inside), partial(mask_from_file, file))
    return Annotated(str(file), size, (thing,) if inside.any() else (), str(file), "mask")
