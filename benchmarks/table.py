"""The table of costs from what benchmarks/methods.py kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HEAD = """# What the methods cost

One image of 224 × 224, warm, in forward passes of the same network on the same backend, and in
seconds. Written by `python benchmarks/methods.py --table` from what `benchmarks/methods.py`
measured on each backend{machines}. The machine is shared, so small differences mean nothing.
Options other than the defaults stand beside the method.
"""


def text(results: Path) -> str:
    found = [json.loads(path.read_text()) for path in sorted(results.glob("methods-*.json"))]
    machines = sorted({one["machine"] for one in found})
    versions = {name: number for one in found for name, number in one["versions"].items()}
    told = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    parts = [HEAD.format(machines=f" ({'; '.join(machines)}; {told})")]
    rows = [row for one in found for row in one["rows"]]
    for model in dict.fromkeys(row["model"] for row in rows):
        parts.append(_of_model(model, [row for row in rows if row["model"] == model]))
    return "\n".join([*parts, *_of_peers(results / "peers.json")])


PEERS = """## Beside peers

The same network with the same weights in plain torch for the peers, and in Keras on torch for us,
in one process on one thread, one after the other ({machine}; {versions}), in forward passes of
each one's own network and in seconds. Written by `benchmarks/peers.py`.
"""


SCORE_CAM = """Score-CAM takes a forward pass for every unit that is not zero everywhere. The random
weights of these networks leave no unit at zero, so that there is nothing to skip, and what remains
is how fast a backend multiplies: VGG16 on one thread takes about as long here on torch as with
grad-cam, which runs the same convolutions; JAX and TensorFlow take less (the first table). Weights
that leave units at zero, as training does, save their share of it.
"""


def _of_peers(path: Path) -> list[str]:
    if not path.exists():
        return []
    found = json.loads(path.read_text())
    told = ", ".join(f"{name} {number}" for name, number in sorted(found["versions"].items()))
    parts = [PEERS.format(machine=found["machine"], versions=told)]
    packages = ("seewhy", "grad-cam", "captum", "torchcam")
    lines = [f"| network | method | {' | '.join(packages)} |", "|---" * 6 + "|"]
    for model, method in dict.fromkeys((row["model"], row["method"]) for row in found["rows"]):
        mine = {
            row.get("package", "seewhy"): row
            for row in found["rows"]
            if (row["model"], row["method"]) == (model, method)
        }
        cells = [_cell(mine.get(package)) for package in packages]
        lines.append(f"| {model} | `{method}` | {' | '.join(cells)} |")
    return [*parts, *lines, "", SCORE_CAM]


def _of_model(model: str, rows: list[dict[str, Any]]) -> str:
    backends = sorted({row["backend"] for row in rows})
    columns = ["method", *backends]
    lines = [f"## {model}", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for method in sorted(dict.fromkeys(row["method"] for row in rows)):
        mine = {row["backend"]: row for row in rows if row["method"] == method}
        options = next(iter(mine.values()))["options"]
        name = f"`{method}`" + "".join(f" {key}={value}" for key, value in options.items())
        cells = [_cell(mine.get(backend)) for backend in backends]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join([*lines, ""])


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    if "error" in row:
        return "not for this network"
    passes, took = row["passes"], row["seconds"]
    return f"{passes:.2f} ({took:.3g} s)" if passes < 10 else f"{passes:.0f} ({took:.3g} s)"
