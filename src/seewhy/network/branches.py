"""Which branches of a network a layer leaves out: members of an ensemble, other views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from seewhy.network.calls import Call
from seewhy.network.layers import PASSING_LAYERS, SpatialLayer

Tensor = Any


def branches_beside(
    calls: Sequence[Call], places: Sequence[SpatialLayer], layer: SpatialLayer, output: Tensor
) -> list[SpatialLayer]:
    """The last place of each branch that leads to an output beside a layer, not through it.

    calls: all of a traced run. Only what tensors tell is followed, so that where operations between
    layers were not traced, no branch is found.
    """
    by_output: dict[int, list[Call]] = {}
    for call in calls:
        by_output.setdefault(id(call.output), []).append(call)
    before_output = _ancestors(by_output, [output])
    before_layer = _ancestors(by_output, layer.call.inputs) | {id(layer.call)}
    beside = [
        place
        for place in places
        if id(place.call) in before_output
        and id(place.call) not in before_layer
        and not place.container
        and not place.closing
        and not any(kind in place.call.kind for kind in PASSING_LAYERS)
        and not _ancestors(by_output, place.call.inputs) & {id(layer.call)}
        and place.call.operation is not layer.call.operation
        and not layer.call.path.startswith(place.call.path + "/")
    ]
    inner = set[int]().union(*(_ancestors(by_output, place.call.inputs) for place in beside))
    return [place for place in beside if id(place.call) not in inner]


def _ancestors(by_output: dict[int, list[Call]], tensors: Iterable[Tensor]) -> set[int]:
    """ids of all calls that some tensors come from."""
    found: set[int] = set()
    waiting = list(tensors)
    while waiting:
        for call in by_output.get(id(waiting.pop()), ()):
            if id(call) not in found:
                found.add(id(call))
                waiting += call.inputs
    return found
