"""What an explainer is asked to do: options checked, and questions brought into order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from seewhy.errors import TargetError


def enhancements_as_words(enhance: Any) -> list[str]:
    """Enhancements as words, for JSON."""
    return [enhance] if isinstance(enhance, str) else [str(each) for each in np.ravel(enhance)]


def one_target_each(targets: Any, count: int) -> list[Any]:
    """A target for each image. Raises TargetError where there is another number of them."""
    several = isinstance(targets, list | tuple) or np.ndim(targets) > 0
    each = list(targets) if several else [targets] * count
    if len(each) != count:
        raise TargetError(f"{len(each)} targets for {count} images: give one for all, or one each.")
    return each


def group_by_key(keys: Sequence[Hashable]) -> list[list[int]]:
    """The places of equal keys together, in the order of their first."""
    return [[i for i, other in enumerate(keys) if other == key] for key in dict.fromkeys(keys)]
