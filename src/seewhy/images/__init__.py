"""Photos: read upright and in sRGB, and brought to a network's size and back."""

from seewhy.checks import FITS
from seewhy.images.arrays import Array, from_preprocessed
from seewhy.images.bit_depth import from_floats, with_range
from seewhy.images.digests import digest, photo_digest
from seewhy.images.fitting import MARGIN, fit
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo, load

__all__ = [
    "FITS",
    "MARGIN",
    "Array",
    "Geometry",
    "Photo",
    "digest",
    "fit",
    "from_floats",
    "from_preprocessed",
    "load",
    "photo_digest",
    "with_range",
]
