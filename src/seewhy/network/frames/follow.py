"""Follow where cells lie in the image through the calls of a traced run."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from seewhy.network.calls import Call
from seewhy.network.frames.frame import Frame, Shape
from seewhy.network.frames.rules import is_recurrent, rule_of

Tensor = Any

BETWEEN = "an operation between layers"
# Layers of Keras that run what others wrote.
_FOREIGN = ("Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer")
# So far back another tensor is looked for that one without a known maker may have come from.
_LOOK_BACK = 40


def follow_frames(
    calls: Sequence[Call], images: Sequence[Tensor], spaces: Sequence[tuple[int, int]]
) -> list[Frame | None]:
    """The frame of each call's output; None where no axis of the image is known to be in it.

    calls: all of a run, in the order of their ends. images: the model's inputs in that run.
    spaces: first and last (exclusive) space axis of each of them; equal where it is no image.
    """
    follower = _Follower(images, spaces)
    frames = []
    for k, call in enumerate(calls):
        # what a layer runs ends right in front of it
        runs_others = k > 0 and calls[k - 1].path.startswith(call.path + "/")
        frames.append(follower.follow(call, runs_others))
    return frames


class _Follower:
    def __init__(self, images: Sequence[Tensor], spaces: Sequence[tuple[int, int]]) -> None:
        self.by_tensor: dict[int, Frame | None] = {}
        self.latest: list[tuple[Shape, str, Frame]] = []
        for k, (image, (first, last)) in enumerate(zip(images, spaces, strict=True)):
            if last > first:
                shape = tuple(image.shape)
                frame = Frame.of_image(shape[first:last], first, k, shape[0])
                self._note(image, frame)

    def follow(self, call: Call, runs_others: bool) -> Frame | None:
        if call.loop is not None or call.shape is None:
            return None
        if id(call.output) in self.by_tensor:  # of a layer around another, or one that does nothing
            return self.by_tensor[id(call.output)]
        whole = runs_others and (_is_foreign(call) or call.kind == "TimeDistributed")
        frame = self._frame_of_tensor(call.output) if whole else self._frame_of(call)
        if frame is not None and not frame.fits(call.shape):
            frame = None
        self._note(call.output, frame)
        return frame

    def _note(self, tensor: Tensor, frame: Frame | None) -> None:
        self.by_tensor[id(tensor)] = frame
        if frame is not None:
            self.latest.append((tuple(tensor.shape), str(tensor.dtype), frame))

    def _frame_of(self, call: Call) -> Frame | None:
        shape = call.shape or ()
        given = [
            (tuple(tensor.shape), frame)
            for tensor in call.inputs
            if (frame := self._frame_of_tensor(tensor)) is not None
        ]
        if not given:
            return None
        before, frame = given[0]
        for _, beside in given[1:]:
            frame = frame.joined(beside)
        rule = rule_of(call)
        if rule is not None:
            return rule(call, frame, before)
        own = _is_foreign(call)
        if len(before) == len(shape):
            mixed = frame.without_units_axis(shape)
            if mixed.fits(shape):
                mixed = replace(mixed, recurrent=mixed.recurrent or is_recurrent(call))
                return mixed.doubting(call.name) if own else mixed
        return _stretched(frame, before, shape, call.name) if own else None

    def _frame_of_tensor(self, tensor: Tensor) -> Frame | None:
        if id(tensor) in self.by_tensor:
            return self.by_tensor[id(tensor)]
        shape = tuple(tensor.shape)
        for before, dtype, frame in self.latest[: -_LOOK_BACK - 1 : -1]:
            if before == shape:
                cast = dtype != str(tensor.dtype)  # Keras casts in front of a layer's call
                return frame if cast or _unmistakable(frame, shape) else frame.doubting(BETWEEN)
        for before, _, frame in self.latest[: -_LOOK_BACK - 1 : -1]:
            refolded = frame.refolded(before, shape)
            if refolded is not None:
                return refolded
        for before, _, frame in self.latest[: -_LOOK_BACK - 1 : -1]:
            permuted = _permuted(frame, before, shape)
            if permuted is not None:
                return permuted.doubting(BETWEEN)
        if not self.latest:
            return None
        before, _, frame = self.latest[-1]
        return _stretched(frame, before, shape, BETWEEN)


def _is_foreign(call: Call) -> bool:
    """Whether users wrote what the step does, so that its kind tells nothing of it."""
    module = type(call.operation).__module__
    return call.kind in _FOREIGN or not module.startswith(("keras.", "keras_hub."))


def _unmistakable(frame: Frame, shape: Shape) -> bool:
    """Whether an axis of the image has another length than all others."""
    sides = shape[1:]
    return all(sides.count(shape[at]) == 1 for at in frame.places if at is not None)


def _permuted(frame: Frame, old: Shape, new: Shape) -> Frame | None:
    """The frame of a tensor with the same axes in another order, rows in front of columns."""
    if len(old) != len(new) or sorted(old) != sorted(new) or old[0] != new[0]:
        return None
    for order in itertools.permutations(range(1, len(old))):
        if all(old[axis] == new[k] for k, axis in enumerate(order, 1)):
            to = {axis: k for k, axis in enumerate(order, 1)}
            return frame.with_axes(
                [a if a.at is None else replace(a, at=to[a.at]) for a in frame.axes]
            )
    return None


def _stretched(frame: Frame, old: Shape, new: Shape, step: str) -> Frame | None:
    """The guess for what cannot be followed: the grid covers what it did, in other cells."""
    if len(old) != len(new) or old[:1] != new[:1] or not frame.is_grid:
        return None
    axes = [axis.resized(new[axis.at or 0]) for axis in frame.axes]
    return frame.with_axes(axes).doubting(step, not _in_proportion(frame, [a.cells for a in axes]))


def _in_proportion(frame: Frame, cells: Sequence[int]) -> bool:
    """Whether cells keep their proportions, up to one cell."""
    scale = cells[0] / frame.axes[0].cells
    pairs = zip(frame.axes[1:], cells[1:], strict=True)
    return all(abs(axis.cells * scale - count) <= 1 for axis, count in pairs)
