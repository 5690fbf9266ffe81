"""Pictures of arrays: which channels are shown, and as which colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from seewhy.errors import ImageError, OptionError
from seewhy.images.geometry import Sides
from seewhy.images.photo import Photo, check_sides

MID_GREY = 127


def shown_channels(
    count: int, bands: Sequence[int] | None = None
) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """Which channels are shown as red, green and blue, and the note on those left out.

    bands: three indices; None for all where there are 1 or 3, the first as grey of 2, and the
        first three of more, with a note that says so.
    Raises OptionError for other bands.
    """
    if bands is not None:
        return _checked_bands(bands, count), ()
    if count in (1, 3):
        return ((0, 1, 2) if count == 3 else (0, 0, 0)), ()
    mend = "choose others with bands=…"
    if count == 2:
        return (0, 0, 0), (f"shown: channel 0 of 2 as grey; {mend}",)
    return (0, 1, 2), (f"shown: channels 0, 1, 2 of {count}; {mend}",)


def stretch_to_bytes(values: np.ndarray) -> np.ndarray:
    """Values of any shape as uint8: the lowest is 0, the highest 255; a constant is mid grey.

    NaN and infinite values are taken for the lowest.
    """
    # float64, where the range of float16 or float32 values cannot overflow
    shown = values.astype("float64")
    finite = np.isfinite(shown)
    lowest = shown.min(where=finite, initial=np.inf)
    span = shown.max(where=finite, initial=-np.inf) - lowest
    if not span > 0:
        return np.full(values.shape, MID_GREY, "uint8")
    scaled = (np.where(finite, shown, lowest) - lowest) / span * 255
    shades: np.ndarray = np.rint(scaled).astype("uint8")
    return shades


def _checked_bands(bands: Sequence[int], count: int) -> tuple[int, int, int]:
    listed = list(bands) if isinstance(bands, Iterable) else [bands]
    whole = [b for b in listed if isinstance(b, Integral) and not isinstance(b, bool)]
    if len(listed) != 3 or len(whole) != 3 or not all(0 <= b < count for b in whole):
        raise OptionError(
            f"bands are three channels of 0 to {count - 1}, shown as red, green and blue; "
            f"got {bands!r}. Give them as in bands={_example_bands(count)}."
        )
    red, green, blue = map(int, whole)
    return red, green, blue


def _example_bands(count: int) -> tuple[int, ...]:
    return (0, 1, 2) if count > 2 else (0, 0, 0)


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Array:
    """A 1-D signal, or a volume or video, as the network got it."""

    values: np.ndarray
    """float32 (*space, channels): (steps, channels) or (depth or frames, rows, cols, channels)."""
    name: str = "array"
    notes: tuple[str, ...] = ()
    """What must be known of it, each as "name: text"."""

    @property
    def size(self) -> Sides:
        """(steps,) or (depth, rows, cols)."""
        return tuple(self.values.shape[:-1])


def from_preprocessed(array: np.ndarray, bands: Sequence[int] | None = None) -> Photo:
    """A picture of a float array (height, width, channels) that is already preprocessed.

    The values of the channels that are shown are stretched together, lowest to 0 and highest to
    255; a constant array is mid grey. bands: as `shown_channels` takes them.
    Raises ImageError if the array has NaN or infinite values or fewer than 2 × 2 pixels, and
    OptionError for bands that are not there.
    """
    check_sides(array.shape[:2], "image")
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise ImageError(
            f"{bad} of {array.size} values of the array are NaN or infinite. Give finite values."
        )
    shown, notes = shown_channels(array.shape[-1], bands)
    return Photo(stretch_to_bytes(array[..., list(shown)]), "image", notes)
