"""TODO."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seewhy.network.outputs import Answers
from seewhy.targets.target import Target

Tensor = Any


def finer(target: Target, alpha: float, nearest: int) -> Target:
    """The target's score minus alpha times the mean of the classes with the most similar scores."""
    from keras import ops

    def score(answers: Answers, *values: Tensor) -> Tensor:
        own = target.score(answers, *values)
        others = answers.values()
        if len(others.shape) != 2 or others.shape[-1] < 2:
            return own
        distance = ops.abs(ops.stop_gradient(others - ops.expand_dims(own, -1)))
        # the first in the order is the target itself
        order = ops.argsort(distance, axis=-1)[:, 1 : nearest + 1]
        return own - alpha * ops.mean(ops.take_along_axis(others, order, axis=-1), axis=-1)

    return replace(target, kind=("finer", alpha, nearest, target.kind), score=score)
