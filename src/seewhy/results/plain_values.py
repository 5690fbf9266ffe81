"""Results as plain values for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.targets.labels import Group, Label
from seewhy.targets.target import TargetLabel


def plain_explanation(explanation: Any) -> dict[str, Any]:
    """An explanation as plain values, without its record."""
    return {
        "photo": explanation.photo.name,
        "predictions": [vars(prediction) for prediction in explanation.predictions],
        "target": plain_target(explanation.target)
        | {"score": explanation.score, "probability": explanation.probability},
        "layer": explanation.layer,
        "method": explanation.method,
        "grid": plain_values(explanation.map),
        "scale": explanation.scale,
        "warnings": list(explanation.warnings),
        "diagnostics": plain_values(explanation.diagnostics),
        "options": explanation.options,
        "versions": explanation.versions,
    }


def plain_target(target: TargetLabel) -> dict[str, Any]:
    if isinstance(target, Label):
        return {"index": target.index, "wnid": target.wnid, "name": target.name}
    plain: dict[str, Any] = {"index": None, "wnid": None, "name": target.name}
    if isinstance(target, Group):
        return plain | {"indices": list(target.indices)}
    return plain | {"classes": [plain_target(part) for part in target.classes]}


def plain_values(value: Any) -> Any:
    """Arrays as nested lists, and None for the numbers that JSON does not have."""
    if isinstance(value, np.ndarray | np.generic):
        return plain_values(value.tolist())
    if isinstance(value, dict):
        return {str(key): plain_values(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(entry) for entry in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
