"""Cost of Grad-CAM in forward passes of the same backend, measured side by side in one process.

    KERAS_BACKEND=tensorflow python benchmarks/gradcam.py [MODEL ...]

Both are compiled and get the same images; Grad-CAM returns maps and logits. The two are run in
turn, and the ratio is taken pair by pair, so that it holds when the machine's speed drifts.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from seewhy import backend, methods
from seewhy.models.wrapped_model import wrap_model
from seewhy.plan import cuts, evidence_sources
from seewhy.run import passes
from seewhy.targets import labels
from seewhy.targets.question import Context, parse_target

MODELS = ("VGG16", "ResNet50")
BATCHES = (1, 8)
SECONDS = 12.0


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ratio(run: Callable[[], object], base: Callable[[], object]) -> tuple[float, float]:
    """Medians of the ratio and of the base's seconds over alternating pairs."""
    run(), base()
    pairs = []
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until or len(pairs) < 5:
        # turn about, so that neither always finds the caches as the other left them
        if len(pairs) % 2:
            cost, own = seconds(run), seconds(base)
        else:
            own, cost = seconds(base), seconds(run)
        pairs.append((cost / own, own))
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def measure(name: str, batch: int) -> None:
    module = backend.load()
    model = getattr(keras.applications, name)(weights=None)
    rows, cols = model.input_shape[1:3]
    images = ops.convert_to_tensor(
        np.random.default_rng(0).normal(size=(batch, rows, cols, 3)).astype("float32")
    )
    classes = ops.convert_to_tensor(np.zeros(batch, "int32"))
    cut = cuts.layer_cut(module, wrap_model(model), None)
    target = parse_target(0, Context(labels.numbered_labels(1000), cut.outputs, 0, "logits"))
    question = evidence_sources.QuestionBatch((target,), "logits", 0)
    function = passes.maps_pass(
        module, evidence_sources.EvidenceSources(cut, {}), methods.get_method("grad_cam"), question
    )
    grad_cam = module.compile(function, model.variables)
    forward = module.compile(lambda x: model(x, training=False), model.variables)

    def whole(compiled: Callable[..., object], *arrays: object) -> Callable[[], object]:
        return lambda: [ops.convert_to_numpy(x) for x in keras.tree.flatten(compiled(*arrays))]

    cost, own = ratio(whole(grad_cam, [images], [classes]), whole(forward, images))
    print(
        f"{name:12} {keras.backend.backend():10} batch {batch}: Grad-CAM at {cut.layer.path} "
        f"takes {cost:.2f} forward passes of {own * 1000:.0f} ms",
        flush=True,
    )


if __name__ == "__main__":
    for name in sys.argv[1:] or MODELS:
        for batch in BATCHES:
            measure(name, batch)
