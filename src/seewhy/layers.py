"""Address, list and choose the layers of a model that can carry a map."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from seewhy.calls import Call
from seewhy.errors import LayerError

# Kinds of operation behind which a map would be the same or coarser than in front of them.
PASSING = ("Pooling", "Dropout", "Flatten", "Reshape", "ZeroPadding", "Cropping", "Identity")


def spatial(calls: Sequence[Call]) -> list[Call]:
    """The calls whose output has space axes, (batch, *space, units), with over one grid cell."""
    return [call for call in calls if grid(call)]


def grid(call: Call) -> tuple[int, ...] | None:
    """The space axes (rows, cols) of a call's output, or None where there is no space to map."""
    if call.shape is None or len(call.shape) != 4:
        return None
    rows_cols = call.shape[2:] if channels_first(call) else call.shape[1:3]
    return rows_cols if max(rows_cols) > 1 else None


def channels_first(call: Call) -> bool:
    """Whether units stand in front of the space axes in the call's output."""
    import keras

    usual = keras.config.image_data_format()
    return bool(getattr(call.operation, "data_format", usual) == "channels_first")


def default(calls: Sequence[Call]) -> Call:
    """The last call with space in front of the classifier head.

    Pooling and other steps that only pass values on are left out: VGG16's last convolution is
    taken, not the pooling behind it. Raises LayerError if no call has space.
    """
    candidates = spatial(calls)
    for call in reversed(candidates):
        if not any(kind in call.kind for kind in PASSING) and not _is_container(call, calls):
            return call
    raise LayerError(
        "the model has no layer with a spatial grid: its map would have no space to lie on. "
        "Give a model with convolutions, or one whose last grid is larger than 1 × 1 "
        "(a larger input size may do)."
    )


def find(calls: Sequence[Call], wanted: Any) -> Call:
    """The call of a layer given by name, path (`outer/inner`) or the layer object itself.

    None gives the default layer. Raises LayerError for a layer that is unknown, ambiguous or
    without space; it names the nearest layers.
    """
    if wanted is None:
        return default(calls)
    by_name = isinstance(wanted, str)
    found = [
        call
        for call in calls
        if (wanted in (call.name, call.path) if by_name else call.operation is wanted)
    ]
    if not found:
        raise LayerError(_unknown(calls, wanted))
    if len({id(call.operation) for call in found}) > 1:
        paths = ", ".join(repr(call.path) for call in found)
        raise LayerError(
            f"several layers are named {wanted!r}. Give the whole path, one of: {paths}."
        )
    if grid(found[0]) is None:
        raise LayerError(_no_space(calls, found[0]))
    return found[0]


def _is_container(call: Call, calls: Sequence[Call]) -> bool:
    """Whether the call only hands on the output of one that ran within it."""
    return any(
        other.output is call.output
        for other in calls
        if other is not call and other.path.startswith(call.path + "/")
    )


def _unknown(calls: Sequence[Call], wanted: Any) -> str:
    if not isinstance(wanted, str):
        name = getattr(wanted, "name", wanted)
        return (
            f"layer {name!r} is not called when the model runs. Give one of the model's own layers."
        )
    names = list(dict.fromkeys(call.name for call in spatial(calls)))
    near = difflib.get_close_matches(wanted, names, n=5, cutoff=0.5) or names[-5:]
    return (
        f"the model has no layer named {wanted!r}. Nearest layers with a spatial grid: "
        f"{', '.join(near)}."
    )


def _no_space(calls: Sequence[Call], call: Call) -> str:
    usable = spatial(calls)
    last = f"; the last one with space is {default(calls).name!r}" if usable else ""
    return (
        f"layer {call.name!r} gives activations of shape {call.shape}: no space axes are left "
        f"to map. Choose an earlier layer{last}."
    )
