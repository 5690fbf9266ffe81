"""The explainer that locates best, where nothing else is wished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seewhy.errors import OptionError
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.one_shot import explainer_of

LARGER = 384 / 224
"""The second size, as a multiple of the first; see docs/locate.md for how it was chosen."""
FUSION: dict[str, Any] = {"fuse": "geometric", "sharpen": 1.5}
# Who wishes one of these has another grid in mind.
_OWN = ("size", "sizes", "fuse", "sharpen", "enhance")
# Sides of which the strides of networks leave no rest.
_STEP = 32


def locating_explainer(model: Any, settings: Mapping[str, Any]) -> Explainer:
    """The explainer of a model with these settings.

    Where the model takes pictures of any size and no size is wished, it asks at two sizes and
    takes the geometric mean of both maps to the power 1.5. settings: arguments of `Explainer`;
    None is what is not wished. Of an Explainer only what is wished changes.
    """
    if isinstance(model, Explainer):
        return explainer_of(model, settings)
    wished = {name: value for name, value in settings.items() if value is not None}
    explainer = Explainer(model, **wished)
    size = explainer.pipeline.wrapped.size
    if size is None or any(wished.get(name) for name in _OWN):
        return explainer
    sizes: list[Any] = [
        size,
        tuple(max(_STEP, round(side * LARGER / _STEP) * _STEP) for side in size),
    ]
    try:
        return explainer.having(sizes=sizes, **FUSION)
    except OptionError:  # of one size only, or no picture
        return explainer
