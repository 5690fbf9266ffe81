"""Photos: read upright and in sRGB, and brought to a network's size and back."""

from seewhy.checks import FITS
from seewhy.images.arrays import Array, from_preprocessed
from seewhy.images.bit_depth import from_floats, with_range
from seewhy.images.fitting import MARGIN, fit
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo, load

__all__ = [
    "FITS",
    "MARGIN",
    "Array",
    "Geometry",
    "Photo",
    "fit",
    "from_floats",
    "from_preprocessed",
    "load",
    "with_range",
]
