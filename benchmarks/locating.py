"""Which input sizes, fusion, power and threshold locate best, on photos with one box each.

    python benchmarks/locating.py FOLDER [--output results.json]

FOLDER has photos and `boxes.csv` with the columns file, index, left, top, right, bottom: the class
that is asked, and the box around it in pixels. Pointing has no tolerance; energy is the share of
the heat in the box; MaxBoxAcc is that of the box around the largest region (Choe et al. 2020), at
IoU .5 and the one threshold that suits all photos best. Thresholds that depend on the map stand
below it, each with the factor that suits best, and what the best threshold of each photo would
reach. The passes are those of 224 × 224 pixels.
"""

from __future__ import annotations

import argparse
import csv
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from seewhy import Explainer
from seewhy.maps import fuse as fusing
from seewhy.maps import regions

SIZES = (224, 288, 320, 384, 448)
SETTINGS: dict[str, tuple[tuple[int, ...], str, float, str]] = {
    "224": ((224,), "mean", 1.0, "logits"),
    "288 probabilities": ((288,), "mean", 1.0, "probabilities"),
    "288": ((288,), "mean", 1.0, "logits"),
    "384": ((384,), "mean", 1.0, "logits"),
    "384, power 1.5": ((384,), "mean", 1.5, "logits"),
    "224 and 384, mean": ((224, 384), "mean", 1.5, "logits"),
    "224 and 384, product": ((224, 384), "product", 1.0, "logits"),
    "224 and 384, geometric, power 1.5": ((224, 384), "geometric", 1.5, "logits"),
    "224 and 448, geometric, power 1.5": ((224, 448), "geometric", 1.5, "logits"),
    "224, 320 and 448, geometric, power 1.5": ((224, 320, 448), "geometric", 1.5, "logits"),
    "224 and 384, geometric, power 1.5, probabilities": (
        (224, 384),
        "geometric",
        1.5,
        "probabilities",
    ),
}
FACTORS = np.round(np.arange(0.05, 3.01, 0.05), 2)
GRID = 224


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with (arguments.folder / "boxes.csv").open() as file:
        rows = list(csv.DictReader(file))
    paths = [str(arguments.folder / row["file"]) for row in rows]
    targets = [int(row["index"]) for row in rows]
    explained: dict[tuple[int, str], list[Any]] = {}
    for scores in ("logits", "probabilities"):
        for size in SIZES:
            explainer = Explainer(arguments.model, size=size, scores=scores, batch_size=16)
            explained[size, scores] = explainer(paths, targets)
    found = []
    for name, (sizes, how, power, scores) in SETTINGS.items():
        maps = [explained[size, scores] for size in sizes]
        cases = [
            _case(row, [of_size[k] for of_size in maps], how, power) for k, row in enumerate(rows)
        ]
        passes = sum(round((size / 224) ** 2, 1) for size in sizes)
        found.append({"setting": name, "passes": round(passes, 1)} | _figures(cases))
        print(json.dumps(found[-1]), flush=True)
    if arguments.output:
        arguments.output.write_text(json.dumps(found, indent=1) + "\n")


def _case(row: dict[str, str], explanations: list[Any], how: str, power: float) -> dict[str, Any]:
    """The heatmap at 224 × 224, as wsolevaluation has it, and the box on it."""
    maps = [np.maximum(one.map, 0) for one in explanations]
    map = fusing.fuse(maps, how) if len(maps) > 1 else maps[0]
    geometry = explanations[0].geometry
    largest = map.max()
    heat = geometry.to_photo((map / largest if largest > 0 else map) ** power)
    height, width = heat.shape
    sides = [float(row[name]) for name in ("left", "top", "right", "bottom")]
    inside = np.zeros(heat.shape, bool)
    inside[int(sides[1]) : int(sides[3]), int(sides[0]) : int(sides[2])] = True
    peak = np.unravel_index(heat.argmax(), heat.shape)
    small = geometry.of_size((GRID, GRID)).to_photo((map / max(largest, 1e-12)) ** power)
    scale = np.array([GRID / width, GRID / height] * 2)
    return {
        "pointing": bool(inside[peak]),
        "energy": float(heat[inside].sum() / max(heat.sum(), 1e-12)),
        "heat": small / max(small.max(), 1e-12),
        "box": np.array(sides) * scale,
    }


def _figures(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures in 0..1."""
    ways: dict[str, Callable[[np.ndarray], float]] = {
        "share of the maximum": lambda heat: float(heat.max()) / 3,
        "root of the mean square": lambda heat: float(np.sqrt((heat**2).mean())),
        "mean": lambda heat: float(heat.mean()),
        "Otsu": lambda heat: float(regions.mask(heat, "otsu").any() and _otsu(heat)),
    }
    found: dict[str, Any] = {
        "pointing": round(float(np.mean([case["pointing"] for case in cases])), 3),
        "energy": round(float(np.mean([case["energy"] for case in cases])), 3),
    }
    oracle = np.zeros(len(cases), bool)
    for name, base in ways.items():
        hits = np.array([[_hits(case, base(case["heat"]) * f) for f in FACTORS] for case in cases])
        best = int(hits.mean(axis=0).argmax())
        found[name] = [round(float(hits[:, best].mean()), 3), float(FACTORS[best])]
        # chosen on every other photo, measured on the rest
        chosen = int(hits[::2].mean(axis=0).argmax())
        found[f"{name}, held out"] = round(float(hits[1::2, chosen].mean()), 3)
        oracle |= hits.any(axis=1)
    found["best threshold of each photo"] = round(float(oracle.mean()), 3)
    return found


def _otsu(heat: np.ndarray) -> float:
    mask = regions.mask(heat, "otsu")
    return float(heat[mask].min())


def _hits(case: dict[str, Any], threshold: float) -> bool:
    labels, count = regions.regions(case["heat"] >= min(threshold, 1.0))
    if not count:
        return False
    largest = 1 + int(np.bincount(labels.ravel())[1:].argmax())
    rows, cols = np.nonzero(labels == largest)
    box = (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)
    left, top = np.maximum(box[:2], case["box"][:2])
    right, bottom = np.minimum(box[2:], case["box"][2:])
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, case["box"])]
    return bool(shared >= 0.5 * (sum(areas) - shared))


if __name__ == "__main__":
    main()
