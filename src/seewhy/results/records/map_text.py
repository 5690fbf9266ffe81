"""Maps as text: the bytes of the float32 values, packed, in base64."""

from __future__ import annotations

import math
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

LARGEST = 16_000_000
"""Values of a map that is read."""
_KIND = "<f4"


def map_as_dict(map: np.ndarray | None, sha256: str, shape: Sequence[int]) -> dict[str, Any]:
    """A map with its digest and shape, for JSON; without its values where there is no map."""
    about = {"shape": list(shape), "dtype": "float32", "sha256": sha256}
    if map is None:
        return {**about, "data": None, "left_out": "it is too large for this file"}
    data = np.ascontiguousarray(map, _KIND).tobytes()
    return {**about, "data": b64encode(zlib.compress(data, 9)).decode("ascii")}


def map_of_text(text: str, shape: Sequence[int]) -> np.ndarray:
    """The float32 map of a shape. Raises ValueError for a text that holds another number of bytes.

    At most so many bytes are unpacked as the shape has.
    """
    wanted = 4 * math.prod(shape)
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(b64decode(text, validate=True), wanted + 1)
    except zlib.error as error:
        raise ValueError("cannot be unpacked") from error
    if len(data) != wanted or not unpacking.eof:
        raise ValueError(f"does not hold the {wanted} bytes of its shape")
    return np.frombuffer(data, _KIND).astype("float32").reshape(tuple(shape))
