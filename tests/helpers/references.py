"""The papers' formulas as slow loops in float64, by method: functions of a `world.World`.

Each takes the method's options as keyword arguments and returns maps (batch, rows, cols). Imports
nothing from seewhy.
"""

from __future__ import annotations

from helpers import references_cam, references_input, references_learned, references_rerun

REFERENCES = {
    **references_cam.REFERENCES,
    **references_rerun.REFERENCES,
    **references_input.REFERENCES,
    **references_learned.REFERENCES,
}
