"""Does the map point at the thing? Against boxes or masks of a photo's things."""

from seewhy.metrics.localisation.box_overlap import box_iou, largest_box, localisation_error
from seewhy.metrics.localisation.pointing import energy_inside, pointing_game
from seewhy.metrics.localisation.wsol import (
    box_accuracies,
    max_box_acc,
    max_box_acc_v2,
    pxap,
)

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
