"""Photos of more than 8 bits: which of their numbers are black and white."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seewhy.errors import ImageError
from seewhy.images.photo import Photo, check_sides

Range = str | tuple[float, float] | None
"""(black, white) in the photo's own numbers; "dtype": all that its type can hold; "data": its own
lowest and highest. None is "dtype", with a note that says so."""


def with_range(photo: Photo, range: Range) -> Photo:
    """A photo of more than 8 bits with its numbers brought to 0..255; any other as it is.

    A note tells of it where no range is given. Raises ImageError for 16-bit colours of a file.
    """
    if photo.fine is not None:  # its range was told before
        return photo
    if photo.deep is None:
        coarse = any(note.startswith("high-bit-depth") for note in photo.notes)
        if range is not None and coarse:
            raise ImageError(
                f"{photo.name!r} has 16-bit colours, of which only 8 bits can be read from a file: "
                f"give a uint16 array (height, width, 3) with range=…."
            )
        return photo
    fine = scale_values(photo.deep, range)
    fine = np.stack([fine] * 3, axis=-1) if fine.ndim == 2 else fine
    notes = (depth_note(photo.deep),) if range is None else ()
    pixels = np.rint(np.clip(fine, 0, 255)).astype("uint8")
    return replace(photo, pixels=pixels, notes=(*photo.notes, *notes), fine=fine)


def from_floats(array: np.ndarray, range: Range = None) -> Photo:
    """A photo of a float array (height, width), or (height, width, 1 or 3), with black and white
    at these numbers: 0 and 255 if not given, or 0 and 1 where none is larger, which a note tells.

    Raises ImageError for numbers far outside, for NaN and for other shapes.
    """
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2 and (array.ndim != 3 or array.shape[-1] != 3):
        raise ImageError(
            f"a photo as a float array has shape (height, width) or (height, width, 1 or 3); got "
            f"{array.shape}."
        )
    check_sides(array.shape[:2], "image")
    if not np.isfinite(array).all():
        raise ImageError("the photo has NaN or infinite values. Give finite ones.")
    notes: tuple[str, ...] = ()
    if range is None:
        lowest, highest = float(array.min()), float(array.max())
        if lowest < 0 or highest > 255:
            raise ImageError(
                f"a photo has values 0..255; got {lowest:.4g} to {highest:.4g}. Say which of them "
                f"are black and white with range=(black, white), or prepared=True if the model's "
                f"preprocessing was done already."
            )
        range = (0.0, 255.0) if highest > 1 else (0.0, 1.0)
        if highest <= 1:
            notes = ("range-assumed: no value is above 1, so that 1 was taken as white.",)
    elif range == "dtype":
        raise ImageError("floats have no range of their own: give range=(black, white) or 'data'.")
    empty = np.zeros((*array.shape[:2], 3), "uint8")
    return with_range(Photo(empty, "image", notes, array), range)


def scale_values(values: np.ndarray, range: Range) -> np.ndarray:
    """Numbers of any type → float32 with black at 0 and white at 255, not cut off outside.

    (0, 255) leaves them as they are. A constant image is black for "data".
    """
    black, white = _ends(values, range)
    span = white - black
    scaled = (values.astype("float64") - black) * (255 / span if span else 0.0)
    return scaled.astype("float32")


def depth_note(values: np.ndarray) -> str:
    """What must be known of a photo of more than 8 bits whose range was not given."""
    lowest, highest = int(values.min()), int(values.max())
    bits = max(8, highest.bit_length())
    likely = 2**bits - 1
    hint = f"range=(0, {likely}), " if likely < np.iinfo(values.dtype).max else ""
    return (
        f"high-bit-depth: of {values.dtype.itemsize * 8}-bit numbers from {lowest} to {highest}, 0 "
        f"was taken as black and {np.iinfo(values.dtype).max} as white. If the model was trained "
        f"otherwise, give {hint}range='data' or (black, white); --range on the command line."
    )


def _ends(values: np.ndarray, range: Range) -> tuple[float, float]:
    if range == "data":
        return float(values.min()), float(values.max())
    if range is None or isinstance(range, str):
        return 0.0, float(np.iinfo(values.dtype).max)
    return float(range[0]), float(range[1])
