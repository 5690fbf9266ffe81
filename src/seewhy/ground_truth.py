"""Boxes and masks that people drew on photos, as COCO, Pascal VOC and YOLO files have them."""

from seewhy.annotations.photo_lookup import looked_up, matched, nothing_about
from seewhy.annotations.read import read
from seewhy.annotations.records import Annotated, Annotations, Corners, Thing

__all__ = [
    "Annotated",
    "Annotations",
    "Corners",
    "Thing",
    "looked_up",
    "matched",
    "nothing_about",
    "read",
]
