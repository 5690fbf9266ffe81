"""Address and choose the layers of a model that can carry a map."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.checks import whole_number
from seewhy.errors import LayerError
from seewhy.network.calls import Call
from seewhy.network.frames.frame import Frame
from seewhy.network.grids import GridLayout, InputView, grid_layouts
from seewhy.network.logits import closing_calls

# Kinds of operation behind which a map would be the same or coarser than in front of them.
PASSING_LAYERS = ("Pooling", "Dropout", "Flatten", "Reshape", "ZeroPadding", "Cropping", "Identity")


AT_THE_INPUT = (
    "Explain it at the input, which needs no layer: method='occlusion' or 'rise', or with "
    "gradients 'integrated_gradients' (seewhy explain PHOTO --model MODEL --method occlusion)."
)


@dataclass(frozen=True)
class SpatialLayer:
    """A call whose output has space: where a map can lie."""

    call: Call
    layout: GridLayout
    container: bool = False
    """Whether it only hands on the output of a call within it."""
    closing: bool = False
    """Whether it gives the model's scores themselves, as the last step of a segmentation does."""
    frame: Frame | None = None
    """Where its cells lie in the image, as far as that could be followed."""


def spatial_layers(
    calls: Sequence[Call],
    view: InputView,
    outputs: Sequence[Any] = (),
    frames: Sequence[Frame | None] = (),
) -> list[SpatialLayer]:
    """All places of a traced run with these outputs, in the order in which the calls end.

    frames: of the calls' outputs, where they were followed.
    """
    last = closing_calls(calls, outputs)
    followed = frames or [None] * len(calls)
    layouts = grid_layouts(calls, view, frames)
    same: dict[int, list[Call]] = {}
    for call in calls:
        same.setdefault(id(call.output), []).append(call)
    return [
        SpatialLayer(
            call,
            layout,
            _is_container(call, same[id(call.output)]),
            id(call) in last,
            followed[k] or (_frame_of_patches(layout, followed[:k]) if layout.tokens else None),
        )
        for k, (call, layout) in enumerate(zip(calls, layouts, strict=True))
        if layout
    ]


def _frame_of_patches(layout: GridLayout, earlier: Sequence[Frame | None]) -> Frame | None:
    """The frame of tokens that a class token stands in front of: that of the patches."""
    for frame in reversed(earlier):
        if frame is not None and tuple(axis.cells for axis in frame.axes) == layout.space:
            return frame
    return None


def default_layer(calls: Sequence[Call], usable: Sequence[SpatialLayer]) -> SpatialLayer:
    """The last place in front of the classifier head.

    Pooling and other steps that only pass values on are left out: VGG16's last convolution is
    taken, not the pooling behind it. Of a transformer it is the normalisation in front of the
    last attention, behind which the patches' tokens get no gradient from a class token. Raises
    LayerError if there is no place.
    """
    # bands last: they tell less of where
    latest_first = [*reversed(usable)]
    for place in sorted(latest_first, key=lambda place: place.layout.bands):
        passing = any(kind in place.call.kind for kind in PASSING_LAYERS)
        if not passing and not place.container and not place.closing:
            tokens = place.layout.tokens
            return (_before_attention(calls, usable, place) if tokens else None) or place
    raise LayerError(
        "the model has no layer with a spatial grid: its map would have no space to lie on. "
        f"{AT_THE_INPUT} "
        "Or give a model whose last grid is larger than 1 × 1 (a larger input size may do), or for "
        "tokens that are no square the grid=(rows, cols)."
    )


def find_layer(calls: Sequence[Call], usable: Sequence[SpatialLayer], layer: Any) -> SpatialLayer:
    """The place of a layer given by name, path (`outer/inner`), index or the layer object itself.

    None gives the default. "conv#2" is the second call of a layer that is called several times;
    without a number its last call is meant. Raises LayerError for a layer that is unknown,
    ambiguous or without space; it names the nearest layers.
    """
    if layer is None:
        return default_layer(calls, usable)
    if isinstance(layer, bool):
        raise LayerError(f"a layer is a name, a path, an index or a layer object; got {layer}.")
    if not isinstance(layer, str) and hasattr(layer, "__index__"):
        return _by_index(usable, operator.index(layer))
    named = _by_name(calls, layer) if isinstance(layer, str) else _by_object(calls, layer)
    if not named:
        raise LayerError(_unknown_layer(usable, layer))
    if len({id(call.operation) for call in named}) > 1:
        raise LayerError(_ambiguous_layer(named, layer))
    for place in reversed(usable):
        if any(place.call is call for call in named):
            return place
    raise LayerError(_layer_without_space(calls, usable, named[-1]))


def calls_of_layer(calls: Sequence[Call], call: Call) -> list[Call]:
    """All calls of the call's layer."""
    return [other for other in calls if other.operation is call.operation]


def _before_attention(
    calls: Sequence[Call], usable: Sequence[SpatialLayer], last: SpatialLayer
) -> SpatialLayer | None:
    """The normalisation that feeds the last attention over the same tokens, if there is one."""
    by_call = {id(place.call): place for place in usable}
    for at in reversed(range(len(calls))):
        if not _attends(calls, calls[at], last):
            continue
        inside = calls[at].path + "/"
        for call in reversed(calls[:at]):
            place = by_call.get(id(call))
            # a call of another nth with the same path lies in front of it, not inside
            within = call.path.startswith(inside) and call.nth == calls[at].nth
            if place and not within and "Norm" in call.kind and call.shape == last.call.shape:
                return place
    return None


def _attends(calls: Sequence[Call], call: Call, last: SpatialLayer) -> bool:
    """Whether the call is an attention over the tokens, and not a block with its normalisation."""
    if "attention" not in call.kind.lower() or call.shape != last.call.shape:
        return False
    inside = call.path + "/"
    return not any(
        "Norm" in other.kind and other.shape == call.shape
        for other in calls
        if other.path.startswith(inside)
    )


def _by_name(calls: Sequence[Call], layer: str) -> list[Call]:
    named = [call for call in calls if layer in (call.name, call.path)]
    if named:
        return named
    name, mark, number = layer.rpartition("#")
    place = whole_number(number)
    if not mark or place is None:
        return []
    matching = [call for call in calls if name in (call.name, call.path)]
    nth = [call for call in matching if call.nth == place - 1]
    if matching and not nth:
        raise LayerError(
            f"layer {name!r} is called {len(matching)} times when the model runs; "
            f"got {layer!r}. Give #1 to #{len(matching)}."
        )
    return nth


def _by_object(calls: Sequence[Call], layer: Any) -> list[Call]:
    return [call for call in calls if call.operation is layer]


def _by_index(usable: Sequence[SpatialLayer], index: int) -> SpatialLayer:
    inner = [place for place in usable if not place.container]
    try:
        return inner[index]
    except IndexError:
        raise LayerError(
            f"there is no layer {index}: the model has {len(inner)} layers with a spatial grid. "
            f"Give -{len(inner)} to {len(inner) - 1}, or a name such as "
            f"{inner[-1].call.name!r}."
            if inner
            else f"there is no layer {index}: the model has no layer with a spatial grid."
        ) from None


def _is_container(call: Call, same: Sequence[Call]) -> bool:
    """Whether the call only hands on the output of one that ran within it."""
    return any(other is not call and other.path.startswith(call.path + "/") for other in same)


def _unknown_layer(usable: Sequence[SpatialLayer], layer: Any) -> str:
    if not isinstance(layer, str):
        name = getattr(layer, "name", layer)
        return (
            f"layer {name!r} is not called when the model runs. Give one of the model's own layers."
        )
    names = list(dict.fromkeys(place.call.name for place in usable))
    near = difflib.get_close_matches(layer, names, n=5, cutoff=0.5) or names[-5:]
    return (
        f"the model has no layer named {layer!r}. Nearest layers with a spatial grid: "
        f"{', '.join(near) or 'none'}. See all of them with seewhy.layers(model)."
    )


def _ambiguous_layer(named: Sequence[Call], layer: Any) -> str:
    paths = dict.fromkeys(call.path for call in named)
    listed = ", ".join(map(repr, paths))
    if len(paths) == 1:
        return (
            f"{len(named)} different layers have the path {listed}. Give the layer object itself."
        )
    return f"several layers are named {layer!r}. Give the whole path, one of: {listed}."


def _layer_without_space(calls: Sequence[Call], usable: Sequence[SpatialLayer], call: Call) -> str:
    if call.loop:
        return (
            f"layer {call.path!r} runs once a step inside {call.loop!r}, on parts of the input. "
            f"Choose a layer outside of it, or explain at the input with method='occlusion' "
            f"(--method occlusion)."
        )
    tokens = ""
    if not usable:
        return (
            f"layer {call.name!r} gives activations of shape {call.shape}, and no layer of the "
            f"model has space axes. {AT_THE_INPUT}"
        )
    if call.shape and len(call.shape) == 3:
        tokens = f" If its {call.shape[1]} tokens are patches of the image, give grid=(rows, cols)."
    last = default_layer(calls, usable).call.name
    return (
        f"layer {call.name!r} gives activations of shape {call.shape}: no space axes are left "
        f"to map. Choose an earlier layer; the last one with space is {last!r}.{tokens}"
    )
