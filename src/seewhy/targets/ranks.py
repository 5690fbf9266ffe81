"""Ranks such as "top", named by the classes that have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seewhy.targets.question import Context, class_target
from seewhy.targets.target import Target


def is_rank(target: Target) -> bool:
    """Whether a target is a class by its rank, such as "top"."""
    return target.follows_rank and target.is_class_score and len(target.values) == 1


def name_ranks(
    targets: Sequence[Sequence[Target]], ranked: np.ndarray, context: Context
) -> list[list[Target]]:
    """Ranks as the classes that have them, and all other targets as they are.

    targets: those of each image. ranked: (images, classes), what ranks the classes.
    """
    orders = np.argsort(-ranked, axis=1, kind="stable")
    return [
        [
            class_target(int(order[int(target.values[0])]), context, target.scores)
            if is_rank(target)
            else target
            for target in row
        ]
        for row, order in zip(targets, orders, strict=True)
    ]
