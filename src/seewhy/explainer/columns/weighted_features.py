"""What the layer saw where the evidence lies: its activations, averaged with the map as weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from seewhy.errors import MapError
from seewhy.explainer.columns.pixel_batches import pixel_batch
from seewhy.explainer.pipeline import Pipeline
from seewhy.plan.cuts import Cut


def weighted_features(pipeline: Pipeline, images: Any, maps: np.ndarray) -> np.ndarray:
    """The mean of the layer's activations over its cells, weighted by the positive evidence.

    images: of one size, as `Explainer.maps` takes them. maps: float32 (n, *space), their signed
    maps on the layer's grid; their positive parts, divided by their sums, are the weights.
    Returns float32 (n, units), computed on the device by a run of the part up to the layer; NaN
    where a map has no positive value, or values that are not finite. Raises MapError for maps that
    are not on the grid of one layer.
    """
    check_one_layer(pipeline)
    plan, start, found = pipeline.plan, 0, []
    run = pipeline.runner.compiled.get(plan.wrapped, (0, "features"), lambda: _pass(plan.cuts[0]))
    for inputs in _batches(pipeline, images):
        own = maps[start : start + len(inputs[0])]
        start += len(own)
        (features,) = pipeline.runner.compiled.run(plan.wrapped, run, inputs, [own])
        found.append(features)
    joined: np.ndarray = np.concatenate(found)
    bad = ~np.isfinite(maps).all(axis=tuple(range(1, maps.ndim)))
    joined[bad | ~(maps > 0).any(axis=tuple(range(1, maps.ndim)))] = np.nan
    return joined


def check_one_layer(pipeline: Pipeline) -> None:
    """Raises MapError where maps do not lie on the grid of one layer."""
    plan, method = pipeline.plan, pipeline.method
    why = ""
    if not method.at_layer or plan.cuts[0].input is not None:
        why = f"those of {method.name} lie on the network's input"
    elif len(plan.cuts) > 1:
        why = f"those of {len(plan.cuts)} layers are fused"
    elif pipeline.options.sizes:
        why = "those of several input sizes are fused"
    if why:
        raise MapError(
            f"evidence-weighted features are activations of one layer, weighted by a map on its "
            f"grid: {why}. Take a method at a layer, such as grad_cam, and one layer and size; or "
            f"no features."
        )


def _pass(cut: Cut) -> Callable[..., tuple[Any]]:
    """The function (inputs …, [maps (batch, *space)]) → features (batch, units) in a tuple."""
    from keras import ops

    def run(images: Sequence[Any], maps: Sequence[Any]) -> tuple[Any]:
        activations = cut.layout.arrange(ops.cast(cut.split.run_head(*images)[0], "float32"))
        if tuple(activations.shape[1:-1]) != tuple(maps[0].shape[1:]):
            raise MapError(
                f"the maps have {tuple(maps[0].shape[1:])} cells, the layer's activations "
                f"{tuple(activations.shape[1:-1])}: there are no features of this layer."
            )
        positive = ops.relu(maps[0])
        space = tuple(range(1, len(maps[0].shape)))
        # by the largest first, so that the sum of the largest and smallest maps is a number
        largest = ops.max(positive, axis=space, keepdims=True)
        shares = positive / ops.where(ops.equal(largest, 0), ops.ones_like(largest), largest)
        total = ops.sum(shares, axis=space, keepdims=True)
        weights = shares / ops.where(ops.equal(total, 0), ops.ones_like(total), total)
        return (ops.sum(activations * ops.expand_dims(weights, -1), axis=space),)

    return run


def _batches(pipeline: Pipeline, images: Any) -> Iterator[list[np.ndarray]]:
    """Network inputs, a batch at a time."""
    batch = pixel_batch(images, pipeline)
    if batch is None:
        for prepared in pipeline.prepared(pipeline.samples(images)):
            # models that bring photos to their size by themselves take several sizes
            for _, alike in groupby(prepared, key=lambda sample: sample.shape):
                yield pipeline.inputs(list(alike))
        return
    wrapped, size = pipeline.wrapped, pipeline.options.batch_size
    size = min(size, wrapped.inputs[0].batch or size)
    for start in range(0, len(batch), size):
        ready = wrapped.network_input(batch[start : start + size], 0)
        yield [ready.astype("uint8") if wrapped.inputs[0].dtype == "uint8" else ready]
