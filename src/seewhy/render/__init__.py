"""Pictures of maps: colours, overlays, sheets, and files."""

from seewhy.render.colormaps import table
from seewhy.render.files import FORMATS, save
from seewhy.render.heatmaps import BLENDS, colorize, laid_over, mark_unseen, overlay, paint

__all__ = [
    "BLENDS",
    "FORMATS",
    "colorize",
    "laid_over",
    "mark_unseen",
    "overlay",
    "paint",
    "save",
    "table",
]
