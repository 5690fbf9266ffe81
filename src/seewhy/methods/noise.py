"""TODO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

Tensor = Any


@dataclass(frozen=True)
class Noise:
    """Standard normal values (count, 1, *shape), drawn when they are sliced."""

    count: int
    shape: tuple[int, ...]
    seed: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, wanted: slice) -> np.ndarray:
        rows = range(self.count)[wanted]
        drawn = [
            np.random.default_rng([self.seed, row]).standard_normal((1, *self.shape), "float32")
            for row in rows
        ]
        return np.stack(drawn) if drawn else np.zeros((0, 1, *self.shape), "float32")


def noisy(images: Tensor, rows: Tensor, noise: Tensor) -> Tensor:
    """Images plus rows of noise; noise: its share of each image's range of values."""
    axes = tuple(range(2, len(images.shape)))
    least, most = (f(images, axis=axes, keepdims=True) for f in (ops.min, ops.max))
    return images + rows * noise * (most - least)
