"""Where the grids of target layers lie in the image: followed, or found where that is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

from seewhy.errors import LayerError
from seewhy.images.geometry import Extent
from seewhy.models.input_specs import Shape
from seewhy.models.wrapped_model import WrappedModel
from seewhy.network.frames.follow import BETWEEN
from seewhy.network.frames.frame import AxisFrame, Frame
from seewhy.network.grids import GridLayout
from seewhy.network.split import Split
from seewhy.plan.cuts import Cut
from seewhy.plan.find_frame import FoundAxis, find_axes
from seewhy.plan.trace import Trace


def placed(
    backend: ModuleType,
    wrapped: WrappedModel,
    cut: Cut,
    specs: Sequence[tuple[Shape, str]],
    shown: int,
) -> tuple[Cut, list[str]]:
    """The cut with the place of its grid made sure of, and what must be known of it.

    Where a step in front of the layer could not be followed, the place is found by what changes
    in the layer with bands of the image.
    """
    frame = cut.frame if cut.frame is not None and cut.frame.input == shown else None
    if cut.input is not None or isinstance(wrapped.model, Split):
        return replace(cut, frame=None), []
    if not _doubtful(cut.layout, frame):
        return replace(cut, frame=frame), []
    found = find_axes(backend, wrapped, cut, specs, shown)
    steps = " and ".join(dict.fromkeys(frame.doubts)) if frame else "a step"
    if found is None or not all(axis.clear for axis in found):
        changed = frame is None or frame.changed
        return replace(cut, frame=frame), _unknown(cut, steps) if changed else []
    order = [axis.grid_axis for axis in found]
    layout = _reordered(cut.layout, order)
    cells = layout.space
    axes = [_axis_frame(axis, count) for axis, count in zip(found, cells, strict=True)]
    expected = _extents_of(frame, wrapped.space_sides(specs, shown))
    differs = order != sorted(order) or not _alike(expected, axes)
    if not differs:
        return replace(cut, frame=frame), []
    replaced = replace(frame or Frame(()), axes=tuple(axes), input=shown, moved=True)
    return replace(cut, layout=layout, frame=replaced), _found(cut, steps)


def extents(frame: Frame | None) -> tuple[Extent, ...]:
    """Where a layer's grid lies in the image as it was traced; () for all of it."""
    if frame is None or not frame.moved:
        return ()
    return tuple(Extent(*axis.extent, axis.low, axis.high) for axis in frame.axes)


def extents_for(
    backend: ModuleType,
    traced: Trace,
    cut: Cut,
    specs: Sequence[tuple[Shape, str]],
    shown: int,
) -> tuple[Extent, ...]:
    """Where the grid of a cut lies in images of other sizes. traced: the model with such images."""
    for place in traced.places:
        if place.call.operation is cut.layer.operation and place.call.nth == cut.layer.nth:
            of_size = replace(cut, layout=place.layout, frame=place.frame)
            return extents(placed(backend, traced.wrapped, of_size, specs, shown)[0].frame)
    return ()


def check_alike(cuts: Sequence[Cut]) -> None:
    """Raises LayerError for layers whose grids lie at different places of the image."""
    places = [extents(cut.frame) for cut in cuts]
    if any(not _same_place(places[0], other) for other in places[1:]):
        names = ", ".join(repr(cut.layer.address) for cut in cuts)
        raise LayerError(
            f"the layers {names} see different parts of the image, as something crops, pads or "
            f"turns it between them: their maps cannot be fused. Explain each on its own."
        )


def _same_place(one: Sequence[Extent], other: Sequence[Extent]) -> bool:
    if not one or not other:
        return not one and not other
    sides = [max(1.0, abs(each.stop - each.start)) for each in one]
    return all(
        max(abs(a.start - b.start), abs(a.stop - b.stop)) <= 0.05 * side
        for a, b, side in zip(one, other, sides, strict=True)
    )


def _doubtful(layout: GridLayout, frame: Frame | None) -> bool:
    if frame is None:
        # tokens are laid out by their number; grids of images should have been followed
        return not layout.tokens and not layout.bare
    steps = set(frame.doubts) - ({BETWEEN} if layout.tokens else set())
    return bool(steps)


def _axis_frame(found: FoundAxis, cells: int) -> AxisFrame:
    return AxisFrame(None, cells, found.start, found.stop, found.low, found.high)


def _reordered(layout: GridLayout, order: Sequence[int]) -> GridLayout:
    """The layout with the axes of its grid in the order of those of the image."""
    if list(order) == sorted(order) or layout.tokens:
        return layout
    rank = len(order) + 2
    usual = (0, *range(2, rank), 1) if layout.units_first else tuple(range(rank))
    now = layout.order or usual
    space = tuple(layout.space[at] for at in order)
    return GridLayout(space, order=(0, *(now[1 + at] for at in order), now[-1]))


def _extents_of(frame: Frame | None, sides: Sequence[int]) -> list[Extent]:
    if frame is None:
        return [Extent(0.0, float(side), 0.0, float(side)) for side in sides]
    return [Extent(*axis.extent, axis.low, axis.high) for axis in frame.axes]


def _alike(expected: Sequence[Extent], found: Sequence[AxisFrame]) -> bool:
    return all(
        max(abs(one.start - axis.start), abs(one.stop - axis.stop)) <= abs(axis.cell) + 1
        for one, axis in zip(expected, found, strict=True)
    )


def _unknown(cut: Cut, steps: str) -> list[str]:
    return [
        f"geometry-unknown: {steps} in front of {cut.layer.address!r} could not be followed, nor "
        f"could it be found where the layer looks; the map is laid as if over the whole image, and "
        f"may lie elsewhere. Check it with a method at the input, such as occlusion."
    ]


def _found(cut: Cut, steps: str) -> list[str]:
    return [
        f"geometry-unknown: {steps} in front of {cut.layer.address!r} could not be followed; the "
        f"map is laid where bands of a random image change the layer. Check it with a method at "
        f"the input, such as occlusion."
    ]
