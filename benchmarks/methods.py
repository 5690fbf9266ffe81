"""What every method costs, in seconds and in forward passes of the same network and backend.

    KERAS_BACKEND=tensorflow python benchmarks/methods.py [--model NAME ...] [--method NAME ...]
    python benchmarks/methods.py --table

The first measures and keeps what it finds in benchmarks/results; the second writes the table of
all that was kept into docs/costs.md.

Every method is warm (compiled, one image, 224 × 224) and its median is compared with that of the
compiled forward pass, run in turns. Options that are not the defaults stand in the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
RESULTS = HERE / "results"
DOCS = HERE.parent / "docs" / "costs.md"
MODELS = ("VGG16", "ResNet50", "efficientnet-lite0")
# Seconds that one method may take in all, beyond its warm-up and one run.
PATIENCE = 6.0
# Fewer of what the cost is proportional to, where the defaults take minutes.
OPTIONS: dict[str, dict[str, Any]] = {
    "ss_cam": {"samples": 1},
    "is_cam": {"steps": 1},
    "rise": {"masks": 256},
    "meaningful_perturbation": {"steps": 20},
    "extremal_perturbation": {"steps": 20},
}
# A run of this many seconds is not made twice: what compiling adds is little beside it.
LONG = 40.0
# Score-CAM as often as they have samples: measured on the bundled network alone.
REPEATED, SMALL = ("ss_cam", "is_cam"), "efficientnet-lite0"


def network(name: str) -> Any:
    """The network with weights that keep its activations alive."""
    import keras

    from seewhy.models import model_files, presets

    if name not in dir(keras.applications):
        return presets.load(name)[0]
    with model_files.constant_weights():
        model = getattr(keras.applications, name)(weights=None)
    random = np.random.default_rng(0)
    for variable in model.weights:
        if "variance" in variable.path or "gamma" in variable.path:
            variable.assign(np.ones(variable.shape, "float32"))
        elif variable.path.endswith("kernel"):
            scale = np.sqrt(2 / np.prod(variable.shape[:-1]))
            variable.assign(random.normal(0, scale, variable.shape).astype("float32"))
    return model


def seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compared(run: Callable[[], Any], base: Callable[[], Any]) -> tuple[float, float]:
    """Median seconds of a run, and in runs of the base, both in turns.

    A first run is left out, which compiles, unless it takes long.
    """
    first = seconds(run)
    pairs = [(first, seconds(base))] if first > LONG else []
    until = time.perf_counter() + PATIENCE
    while len(pairs) < 15 and (not pairs or (time.perf_counter() < until and first <= LONG)):
        pairs.append((seconds(run), min(seconds(base) for _ in range(2))))
    return (
        statistics.median(own for own, _ in pairs),
        statistics.median(own / one for own, one in pairs),
    )


def ours(name: str, only: list[str]) -> Iterator[dict[str, Any]]:
    """A row for each method, as soon as it is known."""
    import keras
    from keras import ops

    from seewhy import backend, methods
    from seewhy.errors import SeewhyError
    from seewhy.explainer.explainer import Explainer

    model = network(name)
    image = np.random.default_rng(1).normal(size=(1, 224, 224, 3)).astype("float32")
    forward = backend.load().compile(lambda x: model(x, training=False), model.variables)

    def base() -> Any:
        return ops.convert_to_numpy(forward(image))

    base()
    for entry in methods.all_methods():
        if (only and entry.name not in only) or (entry.name in REPEATED and name != SMALL):
            continue
        row = {"model": name, "backend": keras.backend.backend(), "method": entry.name}
        row["options"] = OPTIONS.get(entry.name, {})
        try:
            explainer = Explainer(
                model, method=entry.name, preprocess="none", options=row["options"]
            )
            row["seconds"], row["passes"] = compared(partial(explainer, image, 2), base)
        except SeewhyError as error:
            row["error"] = str(error)
        print(row, flush=True)
        yield row


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def measure(models: list[str], only: list[str]) -> None:
    import keras

    kind = keras.backend.backend()
    package = "tensorflow-cpu" if kind == "tensorflow" else kind
    about = {"machine": machine(), "versions": {k: version(k) for k in ("keras", package)}}
    path = RESULTS / f"methods-{kind}.json"
    kept = json.loads(path.read_text())["rows"] if path.exists() else []
    RESULTS.mkdir(exist_ok=True)
    for name in models:
        for row in ours(name, only):
            same = (row["model"], row["method"])
            kept = [one for one in kept if (one["model"], one["method"]) != same] + [row]
            path.write_text(json.dumps(about | {"rows": kept}, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", action="append", choices=MODELS)
    parser.add_argument("--method", action="append", default=[])
    parser.add_argument("--table", action="store_true")
    wanted = parser.parse_args()
    if wanted.table:
        import table

        DOCS.write_text(table.text(RESULTS))
        return
    warnings.simplefilter("ignore")
    measure(wanted.model or list(MODELS), wanted.method)


if __name__ == "__main__":
    main()
