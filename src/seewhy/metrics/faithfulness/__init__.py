"""Does the score depend on what the map points at?"""

from __future__ import annotations

__all__ = [
    "BASELINES",
    "Curve",
    "adcc",
    "alike_decided",
    "average_drop",
    "average_increase",
    "blurred",
    "coherency",
    "complexity",
    "comprehensiveness",
    "deletion",
    "impute",
    "infidelity",
    "insertion",
    "irof",
    "irof_curve",
    "masked",
    "pixel_flipping",
    "road",
    "road_combined",
    "sufficiency",
    "win",
]
