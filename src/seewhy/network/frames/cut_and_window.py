"""Steps that cut off, add, or see windows: crops, paddings, resizing, convolutions, pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seewhy.network.calls import Call
from seewhy.network.frames.frame import AxisFrame, Frame, Shape, per_axis


def on_each_space_axis(
    call: Call, frame: Frame, shape: Shape, change: Callable[[int, AxisFrame], AxisFrame]
) -> Frame:
    """The frame with change(k, axis) for the axis of the image at the k-th space axis of the step.

    The step's space axes are those that its data format says.
    """
    first = getattr(call.operation, "data_format", None) == "channels_first"
    space = range(2, len(shape)) if first else range(1, len(shape) - 1)
    return frame.with_axes(
        [
            axis if axis.at is None or axis.at not in space else change(axis.at - space.start, axis)
            for axis in frame.axes
        ]
    )


def windows(call: Call, frame: Frame, shape: Shape) -> Frame | None:
    operation = call.operation
    rank = len(shape) - 2
    sizes = per_axis(getattr(operation, "kernel_size", getattr(operation, "pool_size", None)), rank)
    if None in sizes:  # of the operation, the kernel is an argument
        kernel = call.inputs[1] if len(call.inputs) > 1 else None
        if kernel is None or len(kernel.shape) < rank:
            return None
        sizes = list(kernel.shape[:rank])
    steps = per_axis(getattr(operation, "strides", None) or 1, rank)
    spread = per_axis(getattr(operation, "dilation_rate", 1), rank)
    padding = str(getattr(operation, "padding", "valid")).lower()
    out = call.shape or ()

    def windowed(k: int, axis: AxisFrame) -> AxisFrame:
        size, step = (int(sizes[k]) - 1) * int(spread[k]) + 1, int(steps[k])
        cells = out[axis.at or 0]
        before = {"valid": 0, "causal": size - 1}.get(
            padding, max((cells - 1) * step + size - axis.cells, 0) // 2
        )
        return axis.windowed(size, step, before, cells)

    return on_each_space_axis(call, frame, shape, windowed)


def transposed_convolution(call: Call, frame: Frame, shape: Shape) -> Frame | None:
    operation, out = call.operation, call.shape or ()
    rank = len(shape) - 2
    sizes, steps = (
        per_axis(getattr(operation, name, 1), rank) for name in ("kernel_size", "strides")
    )
    same = str(getattr(operation, "padding", "valid")).lower() == "same"

    def widened(k: int, axis: AxisFrame) -> AxisFrame:
        size, step, cells = int(sizes[k]), int(steps[k]), out[axis.at or 0]
        if same:
            return axis.resized(cells)
        first = 0.5 - size / 2 / step
        return axis.between(first, first + cells / step, cells)

    return on_each_space_axis(call, frame, shape, widened)


def cropping(call: Call, frame: Frame, shape: Shape) -> Frame:
    return _padded_by(call, frame, shape, call.operation.cropping, -1)


def padding(call: Call, frame: Frame, shape: Shape) -> Frame:
    return _padded_by(call, frame, shape, call.operation.padding, 1)


def _padded_by(call: Call, frame: Frame, shape: Shape, widths: Any, sign: int) -> Frame:
    pairs = [widths] if isinstance(widths[0], int) else list(widths)

    def padded(k: int, axis: AxisFrame) -> AxisFrame:
        return axis.padded(sign * pairs[k][0], sign * pairs[k][1])

    return frame.moving(on_each_space_axis(call, frame, shape, padded).axes)


def pad(call: Call, frame: Frame, shape: Shape) -> Frame:
    widths = list(call.operation.pad_width)
    widths = widths * len(shape) if len(widths) == 1 else widths
    return frame.moving(
        [a if a.at is None else a.padded(*map(int, widths[a.at])) for a in frame.axes]
    )


def images_cut(call: Call, frame: Frame, shape: Shape) -> Frame:
    """ops.image.crop_images and pad_images: two of border, border and target size are given."""
    crops = call.kind == "CropImages"
    word = "cropping" if crops else "padding"
    out = call.shape or ()

    def cut(k: int, axis: AxisFrame) -> AxisFrame:
        names = (("top", "bottom"), ("left", "right"))[k]
        before, behind = (getattr(call.operation, f"{name}_{word}") for name in names)
        change = abs(out[axis.at or 0] - axis.cells)
        before = change - behind if before is None else before
        sign = -1 if crops else 1
        return axis.padded(sign * before, sign * (change - before))

    return frame.moving(on_each_space_axis(call, frame, shape, cut).axes)


def resized(call: Call, frame: Frame, shape: Shape) -> Frame:
    """To the size of the output, whatever the step; a part is cut off or added where it says so."""
    operation, out = call.operation, call.shape or ()
    crop = getattr(operation, "crop_to_aspect_ratio", False)
    pad = getattr(operation, "pad_to_aspect_ratio", False)
    own = [axis for axis in frame.axes if axis.at is not None]

    def resized(_: int, axis: AxisFrame) -> AxisFrame:
        other = next((each for each in own if each is not axis), None)
        if other is not None and (crop or pad):
            # as Keras counts: whole pixels, cut off below
            side = int(other.cells * out[axis.at or 0] / out[other.at or 0])
            change = side - axis.cells
            if (change < 0 and crop) or (change > 0 and pad):
                before = abs(change) // 2 * (1 if change > 0 else -1)
                axis = axis.padded(before, change - before)
        return axis.resized(out[axis.at or 0])

    followed = on_each_space_axis(call, frame, shape, resized)
    return frame.moving(followed.axes) if crop or pad else followed


def center_crop(call: Call, frame: Frame, shape: Shape) -> Frame:
    """The middle, or for smaller images the middle part resized."""
    out = call.shape or ()
    own = [axis for axis in frame.axes if axis.at is not None]
    enough = all(axis.cells >= out[axis.at or 0] for axis in own)

    def cut(_: int, axis: AxisFrame) -> AxisFrame:
        target = out[axis.at or 0]
        side = target
        if not enough:
            other = next((each for each in own if each is not axis), axis)
            side = min(axis.cells, int(other.cells * target / out[other.at or 0]))
        first = (axis.cells - side) // 2
        return axis.sliced(first, first + side).resized(target)

    return frame.moving(on_each_space_axis(call, frame, shape, cut).axes)
