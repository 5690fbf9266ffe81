"""Values of arrays that are preprocessed already: their type, and whether their range is likely."""

from __future__ import annotations

import numpy as np

from seewhy.errors import ImageError
from seewhy.models.input_specs import InputSpec
from seewhy.models.wrapped_model import WrappedModel


def unlikely_range(values: np.ndarray, wrapped: WrappedModel, k: int) -> tuple[str, ...]:
    """A note on prepared values that the model cannot have been trained with.

    values: (height, width, channels). Where it is known how the model wants its pixels, black and
    white tell which numbers it expects.
    """
    if wrapped.preprocess is None or not wrapped.takes_photos(k) or wrapped.channels(k) is None:
        return ()
    ends = np.zeros((2, 2, 2, wrapped.channels(k) or 3), "float32")
    ends[1] = 255
    expected = wrapped.network_input(ends, k)
    low, high = float(expected.min()), float(expected.max())
    span, lowest, highest = high - low, float(values.min()), float(values.max())
    outside = highest > high + span / 4 or lowest < low - span / 4
    flat = 0 < highest - lowest < span / 50
    if not (outside or flat) or not span > 0:
        return ()
    return (
        f"range-unlikely: the array has values {lowest:.4g} to {highest:.4g} and was taken as "
        f"already preprocessed, but the model expects about {low:.4g} to {high:.4g}. Say "
        f"prepared=False if it is a photo; prepared=True says that it is right.",
    )


def cast(array: np.ndarray, entry: InputSpec) -> np.ndarray:
    """The array in the input's own type. Raises ImageError where that would change it."""
    try:
        ready = array.astype("float32" if "float" in entry.dtype else entry.dtype)
    except (TypeError, ValueError) as error:
        raise ImageError(f"input {entry.name!r} takes numbers ({entry.dtype}): {error}.") from error
    if "float" in entry.dtype and not np.isfinite(ready).all():
        raise ImageError(f"input {entry.name!r} has NaN or infinite values. Give finite ones.")
    if "float" not in entry.dtype and not np.array_equal(ready, array):
        raise ImageError(
            f"input {entry.name!r} takes {entry.dtype}, and its values would be changed by that. "
            f"Give whole numbers in its range, such as pixels 0..255."
        )
    return ready
