"""What the maps of all classes cost in forward passes: python benchmarks/all_classes.py"""

from __future__ import annotations

import statistics
import time

import keras
import numpy as np
from keras import ops

from seewhy import backend
from seewhy.explainer.explainer import Explainer
from seewhy.models import model_files

ROUNDS = 15


def alive(model: keras.Model) -> keras.Model:
    """The model with random weights that keep its activations alive."""
    random = np.random.default_rng(0)
    for variable in model.weights:
        if "variance" in variable.path or "gamma" in variable.path:
            variable.assign(np.ones(variable.shape, "float32"))
        else:
            variable.assign(random.normal(0, 0.02, variable.shape).astype("float32"))
    return model


def main() -> None:
    with model_files.constant_weights():
        model = keras.applications.ResNet50(weights=None)
    explainer = Explainer(alive(model), preprocess="none")
    images = np.random.default_rng(1).normal(size=(1, 224, 224, 3)).astype("float32")
    forward = backend.load().compile(lambda x: model(x, training=False), model.variables)
    tasks = {
        "forward": lambda: ops.convert_to_numpy(forward(images)),
        "all classes": lambda: explainer.all_classes(images),
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    # in turns, so that the machine's moods fall on both
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            times[name].append(time.perf_counter() - start)
    one, both = (statistics.median(times[name]) for name in tasks)
    print(
        f"{keras.backend.backend():10} ResNet50, 1000 class maps: {both / one:.2f} forward passes "
        f"({both * 1000:.0f} ms, forward {one * 1000:.0f} ms)"
    )


if __name__ == "__main__":
    main()
