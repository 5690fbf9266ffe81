"""Where the pixels of a photo lie in the network's input, and back from a grid to the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Size = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """An axis-parallel map from the photo to the network's input; all pairs (height, width).

    Coordinates are continuous, pixel i covers [i, i + 1):
    input coordinate = photo coordinate * scale + offset.
    """

    photo: Size
    input: Size
    scale: tuple[float, float]
    offset: tuple[float, float]

    @classmethod
    def squash(cls, photo: Size, input: Size) -> Geometry:
        """The whole photo fills the whole input; its aspect ratio may change."""
        scale = (input[0] / photo[0], input[1] / photo[1])
        return cls(photo, input, scale, (0.0, 0.0))

    @classmethod
    def crop(cls, photo: Size, input: Size) -> Geometry:
        """The largest centred part of the photo with the input's aspect ratio fills the input."""
        factor = max(input[0] / photo[0], input[1] / photo[1])
        return cls(photo, input, (factor, factor), _centred(photo, input, (factor, factor)))

    @classmethod
    def letterbox(cls, photo: Size, input: Size) -> Geometry:
        """The whole photo, scaled to fit, lies in the middle of the input on whole pixels."""
        factor = min(input[0] / photo[0], input[1] / photo[1])
        inner = [max(1, round(side * factor)) for side in photo]
        scale = (inner[0] / photo[0], inner[1] / photo[1])
        offset = ((input[0] - inner[0]) // 2, (input[1] - inner[1]) // 2)
        return cls(photo, input, scale, (float(offset[0]), float(offset[1])))

    @classmethod
    def identity(cls, size: Size) -> Geometry:
        """The photo is the network's input."""
        return cls(size, size, (1.0, 1.0), (0.0, 0.0))

    @property
    def seen(self) -> np.ndarray:
        """bool (height, width): whether a photo pixel's centre lies in the network's input."""
        rows, cols = (self._inside(axis) for axis in (0, 1))
        seen: np.ndarray = rows[:, None] & cols[None, :]
        return seen

    @property
    def sees_all(self) -> bool:
        """Whether the network saw every pixel of the photo."""
        return all(self._inside(axis).all() for axis in (0, 1))

    def to_photo(self, grid: np.ndarray) -> np.ndarray:
        """A grid (rows, cols) over the whole input → float32 (height, width) on the photo.

        Bilinear between the centres of grid cells and constant outside of them, as OpenCV and
        Pillow enlarge; 0 where the network did not see the photo.
        """
        rows, cols = (self._weights(axis, grid.shape[axis]) for axis in (0, 1))
        # float64 inside, so that equal cells give exactly their value
        enlarged: np.ndarray = rows @ grid.astype("float64") @ cols.T
        return enlarged.astype("float32")

    def _inside(self, axis: int) -> np.ndarray:
        at = self._centres(axis)
        # a centre on the very edge counts as inside at both ends, whichever way it was rounded
        slack = 1e-9 * self.input[axis]
        inside: np.ndarray = (at >= -slack) & (at <= self.input[axis] + slack)
        return inside

    def _centres(self, axis: int) -> np.ndarray:
        pixels = np.arange(self.photo[axis]) + 0.5
        centres: np.ndarray = pixels * self.scale[axis] + self.offset[axis]
        return centres

    def _weights(self, axis: int, cells: int) -> np.ndarray:
        """(pixels of the photo, grid cells): how much of each cell a pixel takes."""
        at = self._centres(axis) * (cells / self.input[axis]) - 0.5
        at = np.clip(at, 0, cells - 1)
        distances = np.abs(at[:, None] - np.arange(cells))
        weights: np.ndarray = np.maximum(1 - distances, 0) * self._inside(axis)[:, None]
        return weights


def _centred(photo: Size, input: Size, scale: tuple[float, float]) -> tuple[float, float]:
    rows, cols = ((input[i] - photo[i] * scale[i]) / 2 for i in (0, 1))
    return rows, cols
