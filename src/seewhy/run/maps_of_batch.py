"""The compiled pass that gives the maps of a batch, started and fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seewhy.methods.registry import Method
from seewhy.models.wrapped_model import WrappedModel
from seewhy.plan.evidence_sources import QuestionBatch
from seewhy.plan.plan import Plan
from seewhy.run import passes
from seewhy.run.compile_cache import CompileCache
from seewhy.targets.target import Target

Tensor = Any


def start_maps(
    compiled: CompileCache,
    method: Method,
    plan: Plan,
    k: int,
    asked: tuple[QuestionBatch, list[list[np.ndarray]]],
    images: Sequence[np.ndarray],
) -> Callable[[], list[np.ndarray]]:
    """Start `passes.maps_pass` at one target layer; gives a function that fetches its results.

    asked: the question, and the values of each of its targets. images: one batch an input; of a
    model that takes floats a uint8 one is of photos, which are preprocessed in the pass.
    """
    question, values = asked
    key = (k, tuple(target.kind for target in question.targets))
    sources = plan.sources(k)

    def make() -> Callable[..., Any]:
        run = passes.maps_pass(compiled.backend, sources, method, question)
        return lambda images, values: run(network_tensors(plan.wrapped, images), values)

    run = compiled.get(plan.wrapped, key, make)
    flat = [array for of_target in values for array in of_target]
    return compiled.start(plan.wrapped, run, images, flat)


def network_tensors(wrapped: WrappedModel, images: Sequence[Tensor]) -> list[Tensor]:
    """Inputs as the network wants them: what is still a photo is preprocessed."""
    import keras

    return [
        wrapped.network_tensor(image)
        if keras.backend.standardize_dtype(image.dtype) == "uint8" and wrapped.prepares_on_device(k)
        else image
        for k, image in enumerate(images)
    ]


def values_of_one_kind(targets: Sequence[Target]) -> list[np.ndarray]:
    """The values of one question an image, (batch, …) each; equal ones are not copied."""
    first = targets[0]
    if all(target is first for target in targets):
        return [np.broadcast_to(value, (len(targets), *value.shape)) for value in first.values]
    return [np.stack([target.values[v] for target in targets]) for v in range(len(first.values))]
