"""Steps that arrange the axes of a tensor anew: where those of the image go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from seewhy.network.calls import Call
from seewhy.network.frames.frame import AxisFrame, Frame, Shape, per_axis


def _permuted(order: Sequence[int], frame: Frame) -> Frame:
    """order: for each axis of the output, which axis of the input it was."""
    to = {old: new for new, old in enumerate(order)}
    axes = [axis if axis.at is None else replace(axis, at=to[axis.at]) for axis in frame.axes]
    return frame.moving(axes)


def permute(call: Call, frame: Frame, _: Shape) -> Frame:
    return _permuted((0, *call.operation.dims), frame)


def transpose(call: Call, frame: Frame, shape: Shape) -> Frame:
    rank = len(shape)
    axes = call.operation.axes
    order = range(rank)[::-1] if axes is None else [axis % rank for axis in axes]
    return _permuted(list(order), frame)


def swap_axes(call: Call, frame: Frame, shape: Shape) -> Frame:
    order = list(range(len(shape)))
    one, other = (axis % len(shape) for axis in (call.operation.axis1, call.operation.axis2))
    order[one], order[other] = order[other], order[one]
    return _permuted(order, frame)


def move_axis(call: Call, frame: Frame, shape: Shape) -> Frame:
    rank = len(shape)
    source = [axis % rank for axis in call.operation.source]
    target = [axis % rank for axis in call.operation.destination]
    order = [axis for axis in range(rank) if axis not in source]
    for new, old in sorted(zip(target, source, strict=True)):
        order.insert(new, old)
    return _permuted(order, frame)


def flip(call: Call, frame: Frame, shape: Shape) -> Frame:
    axis = call.operation.axis
    listed = range(len(shape)) if axis is None else per_axis(axis, 1)
    flipped = {each % len(shape) for each in listed}
    return frame.moving([a.flipped() if a.at in flipped else a for a in frame.axes])


def rotate(call: Call, frame: Frame, shape: Shape) -> Frame:
    """ops.rot90: by quarter turns from the first of two axes towards the second."""
    first, second = (axis % len(shape) for axis in call.operation.axes)
    turns = call.operation.k % 4
    order = list(range(len(shape)))
    if turns % 2:
        order[first], order[second] = second, first
    turned = _permuted(order, frame)
    flipped = {0: (), 1: (first,), 2: (first, second), 3: (second,)}[turns]
    return turned.moving([a.flipped() if a.at in flipped else a for a in turned.axes])


def scatter(call: Call, frame: Frame, _: Shape) -> Frame:
    """Steps that put cells where no straight line leads: rolls, warps, picked cells."""
    return frame.doubting(call.name, changed=True)


def get_item(call: Call, frame: Frame, shape: Shape) -> Frame | None:
    args, kwargs = call.arguments
    key = args[1] if len(args) > 1 else kwargs.get("key")
    keys = list(key) if isinstance(key, list | tuple) else [key]
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        named = [each for each in keys if each is not None]
        keys[at : at + 1] = [slice(None)] * (len(shape) - len(named) + 1)
    if not all(each is None or isinstance(each, int | slice) for each in keys):
        return None
    taken: list[tuple[int | slice, int]] = []
    new = 0
    for each in [*keys, *[slice(None)] * len(shape)]:
        if each is not None and len(taken) < len(shape):
            taken.append((each, new))
        new += not isinstance(each, int)
    if len(set(frame.places) - {None}) < len([at for at in frame.places if at is not None]):
        return None  # tokens of two axes
    return frame.moving(
        [a if a.at is None else _sliced(a, *taken[a.at], shape[a.at]) for a in frame.axes]
    )


def _sliced(axis: AxisFrame, key: int | slice, at: int, side: int) -> AxisFrame:
    if not isinstance(key, slice):
        return replace(axis.sliced(key % side, key % side + 1), at=None)
    start, stop, step = key.indices(side)
    if step < 0:
        return replace(axis.flipped().sliced(side - 1 - start, side - 1 - stop, -step), at=at)
    return replace(axis.sliced(start, stop, step), at=at)


def slice_by_start(call: Call, frame: Frame, _: Shape) -> Frame | None:
    args, kwargs = call.arguments
    starts = args[1] if len(args) > 1 else kwargs.get("start_indices")
    out = call.shape or ()
    if not isinstance(starts, list | tuple) or not all(isinstance(s, int) for s in starts):
        return None
    axes = [
        axis if axis.at is None else axis.sliced(starts[axis.at], starts[axis.at] + out[axis.at])
        for axis in frame.axes
    ]
    return frame.moving(axes)


def reshape(call: Call, frame: Frame, shape: Shape) -> Frame | None:
    return reshaped(frame, shape, call.shape or ())


def reshaped(frame: Frame, old: Shape, new: Shape) -> Frame | None:
    """The frame behind a reshape; None where axes of the image are torn apart."""
    if old[:1] != new[:1]:
        return None
    axes = list(frame.axes)
    for before, behind in _groups(old, new):
        inside = [k for k, axis in enumerate(frame.axes) if axis.at in before]
        if len(before) > 1 or len(behind) > 1:  # an axis of one cell is not kept by others
            for k in [k for k in inside if axes[k].cells == 1]:
                axes[k] = replace(axes[k], at=None)
            inside = [k for k in inside if axes[k].cells > 1]
        targets = _targets([frame.axes[k] for k in inside], before, behind, old, new)
        if targets is None:
            return None
        for k, at in zip(inside, targets, strict=True):
            axes[k] = replace(axes[k], at=at, cells=axes[k].cells if at is not None else 1)
    return frame.with_axes(axes)


def _targets(
    inside: Sequence[AxisFrame],
    before: Sequence[int],
    behind: Sequence[int],
    old: Shape,
    new: Shape,
) -> list[int | None] | None:
    """Where a reshape of neighbouring axes puts those of the image; None where it tears them."""
    if not inside:
        return []
    counts = [axis.cells for axis in inside]
    ordered = [axis.at or 0 for axis in inside]
    if math.prod(old[at] for at in before) != math.prod(counts) or ordered != sorted(ordered):
        # together with units
        return [None] * len(inside) if len([at for at in behind if new[at] > 1]) == 1 else None
    if len(behind) == 1:
        return [behind[0]] * len(inside)
    kept = [at for at in behind if new[at] > 1]
    return [*kept] if [new[at] for at in kept] == counts else None


def _groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Which neighbouring axes of one shape become which of another, axes of one left out."""
    groups, i, j = [], 0, 0
    while i < len(old) or j < len(new):
        before, behind = [i] if i < len(old) else [], [j] if j < len(new) else []
        i, j = i + 1, j + 1
        left, right = math.prod(old[k] for k in before), math.prod(new[k] for k in behind)
        while left != right and (i < len(old) or j < len(new)):
            if left < right and i < len(old):
                left, i = left * old[i], i + 1
                before.append(i - 1)
            elif j < len(new):
                right, j = right * new[j], j + 1
                behind.append(j - 1)
            else:
                break
        groups.append((before, behind))
    return groups


def squeeze(call: Call, frame: Frame, shape: Shape) -> Frame:
    axis = call.operation.axis
    gone = (
        {a % len(shape) for a in per_axis(axis, 1)}
        if axis is not None
        else {k for k, side in enumerate(shape) if side == 1}
    )
    return frame.with_axes(
        [
            a
            if a.at is None
            else replace(a, at=None if a.at in gone else a.at - sum(g < a.at for g in gone))
            for a in frame.axes
        ]
    )


def expand_dims(call: Call, frame: Frame, shape: Shape) -> Frame:
    added = per_axis(call.operation.axis, 1)
    rank = len(shape) + len(added)
    new = {axis % rank for axis in added}
    kept = [at for at in range(rank) if at not in new]
    return frame.with_axes([a if a.at is None else replace(a, at=kept[a.at]) for a in frame.axes])


def concatenate(call: Call, frame: Frame, shape: Shape) -> Frame | None:
    """Beside each other along an axis of the image: with what, the place is not known."""
    out = call.shape or ()
    along = {at for at, side in enumerate(shape) if at < len(out) and out[at] != side}
    return None if along & set(frame.places) else frame
