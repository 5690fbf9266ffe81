"""What a model was compiled for: the loss of each of its outputs, and what such losses measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_QUANTITIES = (
    *("squared", "absolute", "huber", "logcosh", "mse", "mae", "mape", "msle", "poisson"),
    "cosinesimilarity",
)
_CLASSES = ("crossentropy", "hinge")


def losses_of_outputs(model: Any, names: Sequence[str]) -> list[Any]:
    """The loss that a model was compiled with for each of its outputs; None where there is none.

    names: of the outputs, in the order in which they are flattened; a part of a dictionary is
    called by its keys, joined by "/". One loss alone counts for all outputs, as it does in Keras.
    """
    loss = getattr(model, "loss", None)
    if isinstance(loss, dict):
        return _by_name(loss, model, names)
    if isinstance(loss, list | tuple):
        flat = list(_leaves(loss))
        if len(flat) == len(names):
            return flat
        return flat * len(names) if len(flat) == 1 else [None] * len(names)
    return [loss] * len(names)


def is_of_quantities(loss: Any) -> bool:
    """Whether a loss measures how far quantities are off, as those of ages or coordinates."""
    name = _name(loss)
    return any(word in name for word in _QUANTITIES) and "hinge" not in name


def is_of_classes(loss: Any) -> bool:
    """Whether a loss measures how well classes are told."""
    return any(word in _name(loss) for word in _CLASSES)


def _by_name(losses: dict[str, Any], model: Any, names: Sequence[str]) -> list[Any]:
    by_path = dict(_paths(losses))
    if len(by_path) == len(names) == 1:
        return list(by_path.values())
    # Keras takes the names of the layers, too, where the outputs are a list
    layer_names = [str(name) for name in getattr(model, "output_names", None) or ()]
    if len(layer_names) != len(names):
        layer_names = list(names)
    return [
        by_path.get(name, by_path.get(layer_name))
        for name, layer_name in zip(names, layer_names, strict=True)
    ]


def _paths(losses: Any, path: str = "") -> list[tuple[str, Any]]:
    """The losses of a nested structure with their paths."""
    if isinstance(losses, dict):
        parts = list(losses.items())
    elif isinstance(losses, list | tuple):
        parts = list(enumerate(losses))
    else:
        return [(path, losses)]
    return [
        pair
        for key, value in parts
        for pair in _paths(value, f"{path}/{key}" if path else str(key))
    ]


def _leaves(losses: Any) -> list[Any]:
    return [loss for _, loss in _paths(losses)]


def _name(loss: Any) -> str:
    """Lower case, without underscores."""
    if not isinstance(loss, str):
        # an instance may have a name of its own, which tells nothing
        function = getattr(getattr(loss, "fn", None), "__name__", "")
        loss = getattr(loss, "__name__", None) or f"{type(loss).__name__} {function}"
    return str(loss).lower().replace("_", "")
