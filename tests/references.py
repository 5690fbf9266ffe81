"""The papers' formulas as slow loops in float64, by method: functions of a `world.World`.

Each takes the method's options as keyword arguments and returns maps (batch, rows, cols). Imports
nothing from seewhy.
"""

from __future__ import annotations

import references_cam
import references_input
import references_learnt
import references_rerun

REFERENCES = {
    **references_cam.REFERENCES,
    **references_rerun.REFERENCES,
    **references_input.REFERENCES,
    **references_learnt.REFERENCES,
}
