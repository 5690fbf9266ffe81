"""What is explained and is no photo: signals, volumes and videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seewhy.geometry import Sides


@dataclass(frozen=True)
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
