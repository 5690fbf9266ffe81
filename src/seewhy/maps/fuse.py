"""Maps of several layers put together into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seewhy.errors import LayerError
from seewhy.images.geometry import enlarge


def fuse(maps: Sequence[np.ndarray], how: str) -> np.ndarray:
    """One image's maps (*space) of several layers or sizes as one, on the finest of their grids.

    "mean": each divided by its largest absolute value, linearly enlarged, and averaged; signed.
    "max": scaled and enlarged likewise, and the largest taken at each place.
    "geometric": the geometric mean of the positive parts, scaled and enlarged likewise.
    "product": the positive part of each divided by its largest value, enlarged, and multiplied,
        as layers confirm each other (RefineCAM, Riaz et al. 2022, without its normalisation loop).
    Raises LayerError if the grids have different numbers of axes.
    """
    if len({map.ndim for map in maps}) > 1:
        shapes = ", ".join(str(map.shape) for map in maps)
        raise LayerError(f"layers with grids {shapes} cannot be fused: choose layers of one kind.")
    finest = max((map.shape for map in maps), key=np.prod)
    ready = [enlarge(_scaled(map, how), finest) for map in maps]
    ways: dict[str, Any] = {"mean": np.mean, "max": np.max}
    joined = ways.get(how, np.prod)(ready, axis=0)
    if how == "geometric":
        joined = joined ** (1 / len(ready))
    fused: np.ndarray = joined.astype("float32")
    return fused


def _scaled(map: np.ndarray, how: str) -> np.ndarray:
    values = np.maximum(map, 0) if how in ("product", "geometric") else map
    values = values.astype("float64")
    largest = np.abs(values).max()
    return values / largest if largest > 0 else values
