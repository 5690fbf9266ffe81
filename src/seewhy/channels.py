"""Which channels of an array are shown, and as which colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral

import numpy as np

from seewhy.errors import OptionError

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


def stretched(values: np.ndarray) -> np.ndarray:
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
    given = list(bands) if isinstance(bands, Iterable) else [bands]
    whole = [b for b in given if isinstance(b, Integral) and not isinstance(b, bool)]
    if len(given) != 3 or len(whole) != 3 or not all(0 <= b < count for b in whole):
        raise OptionError(
            f"bands are three channels of 0 to {count - 1}, shown as red, green and blue; "
            f"got {bands!r}. Give them as in bands={_example(count)}."
        )
    red, green, blue = map(int, whole)
    return red, green, blue


def _example(count: int) -> tuple[int, ...]:
    return (0, 1, 2) if count > 2 else (0, 0, 0)
