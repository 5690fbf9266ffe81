"""Maps as a page gets them: scripts of many rows each, loaded when one of their photos is opened.

A page that is opened as a file may load scripts from beside it, and no other data.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.datasets.places.address import is_address
from seewhy.datasets.sources.entry import inside, path_of
from seewhy.datasets.stored_row import StoredRow
from seewhy.images.geometry import Geometry
from seewhy.maps.scaling import full_colour

ROWS = 256
"""Rows of one script."""
UNITS = 1024
"""What the largest magnitude of a map becomes: stores round to 1/1024 of it."""
MOST_CELLS = 64
"""A side of maps; finer ones are brought to so many cells, each the mean of those in it."""


def script_text(rows: list[dict[str, Any]]) -> str:
    """The script that hands rows to the page."""
    return f"seewhyMaps({script_json(rows)})\n"


def script_json(value: Any) -> str:
    """JSON that can stand in a script: whatever is in a text, it ends no element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def map_data(row: StoredRow) -> dict[str, Any]:
    """What a photo that is opened needs: its map, where that lies, and what was predicted.

    map: base64 of int16 (rows · cols), little-endian, in `UNITS`; None where there is none that
    can be drawn. fine: the shape of a map that had too many cells. full: the value that becomes
    full colour; None for the largest. outer, seen: top, bottom, left and right of the grid and of
    what the network saw, as shares of the photo.
    """
    data: dict[str, Any] = {
        "source": row.source,
        "href": _address(row.source),
        "score": None if row.score is None or not np.isfinite(row.score) else round(row.score, 6),
        "top": [[each.name, round(_number(each.probability), 6)] for each in row.top or ()],
        "map": None,
    }
    if row.map is None or not np.isfinite(row.map).all():
        return data
    geometry = row.geometry
    coarse = _coarse(row.map)
    scale = float(np.abs(coarse).max()) or 1.0
    units = np.rint(coarse / scale * UNITS).astype("<i2")
    full = full_colour(row.map, geometry.input)
    if full is not None:
        full = float(np.percentile(np.maximum(units, 0), 99)) or None
    return data | {
        "map": base64.b64encode(units.tobytes()).decode("ascii"),
        "grid": list(units.shape),
        "fine": None if coarse.shape == row.map.shape else list(row.map.shape),
        "full": full,
        "outer": _outer(geometry, units.shape),
        "seen": _seen(geometry),
    }


def _coarse(map: np.ndarray) -> np.ndarray:
    if max(map.shape) <= MOST_CELLS:
        return map
    down, across = (_means(side) for side in map.shape)
    means: np.ndarray = down @ map @ across.T
    return means


@cache
def _means(side: int) -> np.ndarray:
    """(cells, side): how much each of the fewer cells takes of each of the map's, by overlap."""
    cells = min(side, MOST_CELLS)
    edges = np.linspace(0, side, cells + 1)
    first, last = edges[:-1, None], edges[1:, None]
    whole = np.arange(side)
    overlap = np.minimum(last, whole + 1) - np.maximum(first, whole)
    weights: np.ndarray = np.maximum(overlap, 0) * (cells / side)
    return weights


def _outer(geometry: Geometry, shape: tuple[int, ...]) -> list[float]:
    edges = []
    for axis, cells in enumerate(shape):
        at = geometry.cell_edges(axis, cells) / geometry.photo[axis]
        edges += [round(float(at[0]), 6), round(float(at[-1]), 6)]
    return edges


def _seen(geometry: Geometry) -> list[float]:
    seen = []
    for axis, side in enumerate(geometry.input):
        low, high = 0.0, float(side)
        if geometry.extents:
            extent = geometry.extents[axis]
            low, high = max(low, extent.low), min(high, extent.high)
        for edge in (low, high):
            at = (edge - geometry.offset[axis]) / geometry.scale[axis] / geometry.photo[axis]
            seen.append(round(min(max(at, 0.0), 1.0), 6))
    return seen


def _number(value: float) -> float:
    return float(value) if np.isfinite(value) else 0.0


def _address(source: str) -> str | None:
    """Where a browser on this machine finds the photo itself, if it is a file of its own."""
    if is_address(source):
        return source if source.startswith(("http://", "https://")) else None
    path = Path(path_of(source))
    return path.as_uri() if inside(source) is None and path.is_absolute() else None
