"""Photos of more than 8 bits: which of their numbers are black and white."""

from __future__ import annotations

import numpy as np

Range = str | tuple[float, float] | None
"""(black, white) in the photo's own numbers; "dtype": all that its type can hold; "data": its own
lowest and highest. None is "dtype", with a note that says so."""


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
        f"otherwise, give {hint}range='data' or (black, white)."
    )


def _ends(values: np.ndarray, range: Range) -> tuple[float, float]:
    if range == "data":
        return float(values.min()), float(values.max())
    if range is None or isinstance(range, str):
        return 0.0, float(np.iinfo(values.dtype).max)
    return float(range[0]), float(range[1])
