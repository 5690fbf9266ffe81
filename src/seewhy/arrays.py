"""Placeholder until the pictures' branch is merged."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Array:
    values: np.ndarray
    name: str = "array"
    notes: tuple[str, ...] = ()
