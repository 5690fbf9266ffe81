"""Pictures of maps: colours, overlays, sheets, and files."""

from seewhy.render.colormaps import table
from seewhy.render.files import FORMATS, save
from seewhy.render.heatmaps import colorize, laid_over, mark_unseen, overlay, paint
from seewhy.render.looks import BLENDS, LOOKS, Look

__all__ = [
    "BLENDS",
    "FORMATS",
    "LOOKS",
    "Look",
    "colorize",
    "laid_over",
    "mark_unseen",
    "overlay",
    "paint",
    "save",
    "table",
]
