"""The same question about one photo at several input sizes, its maps fused and sharpened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.images.fitting import PhotoWindows
from seewhy.images.geometry import enlarge
from seewhy.maps.fuse import fuse

Inputs = Sequence[np.ndarray]


@dataclass(frozen=True)
class InputSizes:
    """The input sizes of one explainer, and how their maps become one."""

    sizes: tuple[tuple[int, int], ...]
    """(height, width) each; none for the network's own."""
    fuse: str
    sharpen: float

    def inputs(
        self, inputs: Inputs, shown: tuple[int, bool], windows: Sequence[PhotoWindows | None]
    ) -> list[list[np.ndarray]]:
        """Network inputs at each size; see `inputs_of_size`."""
        if not self.sizes:
            return [list(inputs)]
        return [inputs_of_size(inputs, shown, windows, size) for size in self.sizes]

    def join(self, maps: Sequence[np.ndarray]) -> np.ndarray:
        """One image's maps (questions, *grid) at each size → (questions, *finest grid)."""
        if not self.sizes and self.sharpen == 1:
            return maps[0]
        return join_sizes(maps, self.fuse, self.sharpen)


def inputs_of_size(
    inputs: Inputs,
    shown: tuple[int, bool],
    windows: Sequence[PhotoWindows | None],
    size: tuple[int, int],
) -> list[np.ndarray]:
    """Network inputs with the shown image at another size.

    shown: which input it is, and whether its channels come first. windows: of each image's photo,
    which is brought to the size anew; an image without a photo is resized as it is.
    """
    at, first = shown
    images = np.moveaxis(inputs[at], 1, -1) if first else inputs[at]
    if images.shape[1:3] == size:
        return list(inputs)
    whole = tuple(slice(0, side) for side in size)
    near = windows or [None] * len(images)
    resized = np.stack(
        [
            _resized(image, size) if window is None else window(size, whole)
            for image, window in zip(images, near, strict=True)
        ]
    )
    if np.issubdtype(inputs[at].dtype, np.integer):
        resized = np.rint(resized)
    resized = (np.moveaxis(resized, -1, 1) if first else resized).astype(inputs[at].dtype)
    return [resized if k == at else array for k, array in enumerate(inputs)]


def join_sizes(maps: Sequence[np.ndarray], how: str, sharpen: float) -> np.ndarray:
    """One image's maps (questions, *grid) at several sizes → (questions, *finest grid).

    What speaks against the target is left out; then they are fused as `maps.fuse` says, and
    raised to a power, with the largest value as it was.
    """
    rectified = [np.maximum(of_size, 0) for of_size in maps]
    joined = [
        fuse(of_question, how) if len(of_question) > 1 else of_question[0]
        for of_question in zip(*rectified, strict=True)
    ]
    return np.stack([_sharpened(map, sharpen) for map in joined]).astype("float32")


def _sharpened(map: np.ndarray, power: float) -> np.ndarray:
    largest = map.max()
    if power == 1 or not largest > 0:
        return map
    sharpened: np.ndarray = largest * (map / largest) ** power
    return sharpened


def _resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    planes = [enlarge(plane, size) for plane in np.moveaxis(image, -1, 0)]
    return np.stack(planes, axis=-1)
