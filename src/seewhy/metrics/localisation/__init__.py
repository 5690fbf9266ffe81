"""Does the map point at the thing? Against boxes or masks of a photo's things."""

from __future__ import annotations

__all__ = [
    "box_accuracies",
    "box_iou",
    "energy_inside",
    "largest_box",
    "localisation_error",
    "max_box_acc",
    "max_box_acc_v2",
    "pointing_game",
    "pxap",
]
