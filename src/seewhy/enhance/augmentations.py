"""Ways to make the map of any method steadier or finer: it is asked of changed copies of an image.

Each enhancement gives copies of an image, and tells where the map of each copy belongs. What is
shown is the weighted mean of all.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

import numpy as np

from seewhy.enhance.combine import PlaceMap
from seewhy.errors import OptionError
from seewhy.images.fitting import PhotoWindows, Sides
from seewhy.images.geometry import enlarge


@dataclass(frozen=True)
class Copy:
    """A changed image, float (*space, channels), and where its map belongs."""

    image: np.ndarray
    place: PlaceMap


@dataclass(frozen=True)
class Flips:
    """The image and its mirror image, each lighter and darker (test-time augmentation)."""

    brightness: float = 0.1
    """How much lighter and darker, as a share of the network's input values; 0 for not at all."""

    def copies(self, image: np.ndarray) -> Iterator[Copy]:
        factors = (1 - self.brightness, 1, 1 + self.brightness) if self.brightness else (1,)
        for factor in factors:
            yield Copy(image * factor, _unchanged)
            yield Copy(np.flip(image, axis=-2) * factor, _mirrored_map)


@dataclass(frozen=True)
class Noisy:
    """Copies with normal noise: SmoothGrad (Smilkov et al. 2017) around any method."""

    samples: int = 8
    deviation: float = 0.1
    """As a share of the image's range of values."""
    seed: int = 0

    def copies(self, image: np.ndarray) -> Iterator[Copy]:
        size = self.deviation * float(np.ptp(image))
        for sample in range(self.samples):
            random = np.random.default_rng([self.seed, sample])
            drawn = random.standard_normal(image.shape, "float32")
            yield Copy(image + size * drawn, _unchanged)


@dataclass(frozen=True)
class Scales:
    """The photo enlarged and seen window by window (SESS: Tursun et al. 2022, arXiv:2207.01769).

    A photo shows what was lost at the network's size; a preprocessed array is enlarged as it is.
    Each window is as large as the network's input; its map counts by how much the window speaks
    for the target. The map is as much finer as the largest scale.
    """

    count: int = 3
    step: float = 0.5
    """How much larger each scale is than the one before, as a share of the input's size."""
    overlap: float = 0.0
    """Share of a window that the next one sees again."""

    def copies(self, image: np.ndarray, windows: PhotoWindows | None = None) -> Iterator[Copy]:
        space = image.shape[:-1]
        largest = 1 + (self.count - 1) * self.step
        windows = windows or _photo_windows_of(image)
        for k in range(self.count):
            scale = 1 + k * self.step
            size = tuple(round(side * scale) for side in space)
            along = [self._starts(*pair) for pair in zip(space, size, strict=True)]
            for starts in product(*along):
                window = tuple(slice(a, a + side) for a, side in zip(starts, space, strict=True))
                ends = tuple(
                    (a / whole, (a + side) / whole)
                    for a, side, whole in zip(starts, space, size, strict=True)
                )
                yield Copy(windows(size, window), _Window(ends, largest))

    def _starts(self, side: int, size: int) -> list[int]:
        step = max(1, round(side * (1 - self.overlap)))
        starts = [*range(0, size - side, step), size - side]
        return list(dict.fromkeys(starts))


@dataclass(frozen=True)
class _Window:
    """Puts a window's map on the whole canvas, 0 outside of the window."""

    ends: tuple[tuple[float, float], ...]
    """Along each axis where the window begins and ends, 0..1."""
    finer: float

    def __call__(self, map: np.ndarray) -> np.ndarray:
        values = map.astype("float64")
        first = map.ndim - len(self.ends)
        for axis, (start, end) in enumerate(self.ends, first):
            cells = map.shape[axis]
            count = math.ceil(cells * self.finer)
            at = ((np.arange(count) + 0.5) / count - start) / (end - start)
            place = np.clip(at * cells - 0.5, 0, cells - 1)
            weights = np.maximum(1 - np.abs(place[:, None] - np.arange(cells)), 0)
            weights[(at < 0) | (at > 1)] = 0
            values = np.moveaxis(np.tensordot(values, weights, axes=(axis, 1)), -1, axis)
        return values


Enhancement = Flips | Noisy | Scales
EIGEN = "eigen"
KINDS: dict[str, type[Any]] = {"flips": Flips, "noise": Noisy, "scales": Scales}
NAMES = (*KINDS, EIGEN)


def parse_enhancements(enhance: Any) -> tuple[tuple[Enhancement, ...], bool]:
    """Enhancements, given by name ("noise", "noise:samples=4") or as records; and whether "eigen".

    Raises OptionError for what is not known.
    """
    several = (
        [enhance] if isinstance(enhance, str | Flips | Noisy | Scales) else list(enhance or ())
    )
    parsed = [_enhancement(each) for each in several]
    return scales_first([each for each in parsed if not isinstance(each, str)]), EIGEN in parsed


def _enhancement(enhance: Any) -> Enhancement | str:
    if isinstance(enhance, Flips | Noisy | Scales):
        return enhance
    name, _, text = str(enhance).partition(":")
    if name == EIGEN and not text:
        return EIGEN
    if name not in KINDS:
        raise OptionError(f"enhance is one or several of {', '.join(NAMES)}; got {enhance!r}.")
    enhancement = KINDS[name]()
    types = {
        option_field.name: type(getattr(enhancement, option_field.name))
        for option_field in fields(enhancement)
    }
    for pair in text.split(",") if text else ():
        option, _, value = pair.partition("=")
        try:
            enhancement = replace(enhancement, **{option: types[option](value)})
        except (KeyError, ValueError):
            has = ", ".join(f"{key}={getattr(enhancement, key)}" for key in types)
            raise OptionError(f"{name} takes {has}; got {pair!r}.") from None
    return _checked_options(enhancement)


def _checked_options(enhancement: Any) -> Enhancement:
    counts = (getattr(enhancement, name, 1) for name in ("samples", "count"))
    if min(counts) < 1 or not 0 <= getattr(enhancement, "overlap", 0) < 1:
        raise OptionError(
            f"samples and count go from 1 on, overlap from 0 to below 1; got {enhancement}."
        )
    if min(getattr(enhancement, name, 1) for name in ("step", "deviation")) <= 0:
        raise OptionError(f"step and deviation are above 0; got {enhancement}.")
    made_copy: Enhancement = enhancement
    return made_copy


def scales_first(enhancements: Sequence[Enhancement]) -> tuple[Enhancement, ...]:
    """Scales first: what they take from the photo can be flipped, not the other way around."""
    return tuple(sorted(enhancements, key=lambda each: not isinstance(each, Scales)))


def copies(
    image: np.ndarray, enhancements: Sequence[Enhancement], windows: PhotoWindows | None = None
) -> list[Copy]:
    """All copies of an image (*space, channels): of the copies of each, those of the next.

    windows: windows of the photo behind the image, where there is one.
    """
    all_copies = [Copy(image.astype("float32"), _unchanged)]
    for at, enhancement in enumerate(enhancements):
        all_copies = [
            Copy(inner.image.astype("float32"), _composed(outer.place, inner.place))
            for outer in all_copies
            for inner in _copies_of(enhancement, outer.image, None if at else windows)
        ]
    return all_copies


def _copies_of(
    enhancement: Enhancement, image: np.ndarray, windows: PhotoWindows | None
) -> Iterator[Copy]:
    return (
        enhancement.copies(image, windows)
        if isinstance(enhancement, Scales)
        else enhancement.copies(image)
    )


def _unchanged(map: np.ndarray) -> np.ndarray:
    return map


def _mirrored_map(map: np.ndarray) -> np.ndarray:
    return np.flip(map, axis=-1)


def _composed(outer: PlaceMap, inner: PlaceMap) -> PlaceMap:
    return lambda map: functools.reduce(lambda values, place: place(values), (inner, outer), map)


def _photo_windows_of(image: np.ndarray) -> PhotoWindows:
    @functools.cache
    def large(size: Sides) -> np.ndarray:
        planes = [_resized_plane(plane, size) for plane in np.moveaxis(image, -1, 0)]
        return np.moveaxis(np.stack(planes), 0, -1)

    return lambda size, window: large(size)[window]


def _resized_plane(plane: np.ndarray, size: Sides) -> np.ndarray:
    return enlarge(plane, size) if plane.shape != size else plane
