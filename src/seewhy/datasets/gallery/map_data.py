"""Maps as a page gets them: scripts of many rows each, loaded when one of their photos is opened.

A page that is opened as a file may load scripts from beside it, and no other data.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy.datasets.sources.entry import inside
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
    can be drawn. full: the value that becomes full colour; None for the largest. outer, seen: top,
    bottom, left and right of the grid and of what the network saw, as shares of the photo.
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
        "full": full,
        "outer": _outer(geometry, units.shape),
        "seen": _seen(geometry),
    }


def _coarse(map: np.ndarray) -> np.ndarray:
    rows, cols = (min(side, MOST_CELLS) for side in map.shape)
    if (rows, cols) == map.shape:
        return map
    image = Image.fromarray(map.astype("float32"))
    return np.asarray(image.resize((cols, rows), Image.Resampling.BOX))


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
    path = Path(source)
    return path.as_uri() if inside(source) is None and path.is_absolute() else None
