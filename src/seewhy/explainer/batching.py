"""What an explainer is asked to do: options checked, and questions brought into order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from seewhy.errors import TargetError


def enhancements_as_words(enhance: Any) -> list[str]:
    """Enhancements as words, for JSON."""
    return [enhance] if isinstance(enhance, str) else [str(each) for each in np.ravel(enhance)]


class _Top(str):
    """The question that is asked where none is given; another object than a given "top"."""

    __slots__ = ()


TOP = _Top("top")


def given_question(target: Any, targets: Any) -> Any:
    """The one of both that was given. Raises TargetError if both are."""
    if target is not TOP and targets is not TOP:
        raise TargetError(
            f"target and targets mean the same, and both are given, as {target!r} and as "
            f"{targets!r}: give one of them."
        )
    return target if targets is TOP else targets


def one_question(target: Any, targets: Any) -> Any:
    """The one question of one explanation. Raises TargetError for several."""
    given = given_question(target, targets)
    if not isinstance(given, list | tuple) and np.ndim(given) == 0:
        return given
    if len(given) != 1:
        raise TargetError(
            f"an explanation answers one question; got {len(given)}. For several of one image: "
            f"seewhy.Explainer(model).ask([image], {list(given)!r}), or seewhy.compare."
        )
    return given[0]


def one_target_each(targets: Any, count: int) -> list[Any]:
    """A target for each image. Raises TargetError where there is another number of them."""
    several = isinstance(targets, list | tuple) or np.ndim(targets) > 0
    each = list(targets) if several else [targets] * count
    if len(each) != count:
        raise TargetError(
            f"{len(each)} targets for {count} images: give one for all, or one each. Several "
            f"questions of each image are what `ask(images, targets)` takes."
        )
    return each


def group_by_key(keys: Sequence[Hashable]) -> list[list[int]]:
    """The places of equal keys together, in the order of their first."""
    return [[i for i, other in enumerate(keys) if other == key] for key in dict.fromkeys(keys)]
