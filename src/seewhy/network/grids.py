"""Where a layer's activations have space: its grid, for images, signals, volumes and tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.network.calls import Call
from seewhy.network.frames.frame import Frame
from seewhy.network.frames.rules import is_recurrent

Tensor = Any

Grid = tuple[int, ...]

# Class and register tokens in front of the patches' tokens, as published models have them.
PREFIXES = range(17)


@dataclass(frozen=True)
class InputView:
    """What is known of the image that a model sees."""

    image: Grid
    """Sizes of its space axes; () where the model sees no image."""
    units_first: bool = False
    """Whether layers that do not say it themselves have their units in front."""
    tokens: Grid | None = None
    """The grid of the tokens, where the user gave it."""
    batch: int = 1
    """How many images the model was traced with."""


@dataclass(frozen=True)
class GridLayout:
    """How activations lie: which axes are space, and which tokens are none."""

    space: Grid
    """Cells along each space axis, as the model was traced."""
    units_first: bool = False
    tokens: bool = False
    """Whether one axis of tokens stands for the space axes."""
    prefix: int = 0
    """How many tokens in front are no patches."""
    bare: bool = False
    """Whether there is no axis of units."""
    order: tuple[int, ...] = ()
    """The layer's axes in the order batch, rows, columns, units; () for the usual order."""
    folded: int = 0
    """How many steps of each image lie in the axis of the batch; 0 if none do."""
    bands: bool = False
    """Whether the cells are steps along one axis of the image, each as wide as all of the other."""

    @property
    def units_axis(self) -> int:
        """Where the layer has its units."""
        return self.order[-1] if self.order else 1 if self.units_first else -1

    def arrange(self, values: Tensor) -> Tensor:
        """Activations or gradients as the layer has them → (batch, *space, units)."""
        from keras import ops

        if self.bare:
            return ops.expand_dims(values, -1)
        if self.order:
            values = ops.transpose(values, self.order)
        if self.folded:
            steps = self.folded
            return ops.reshape(values, (values.shape[0] // steps, steps, *values.shape[1:]))
        if self.bands:
            sides = [side if side == 1 else values.shape[1] for side in self.space]
            return ops.reshape(values, (values.shape[0], *sides, values.shape[-1]))
        if not self.tokens:
            return ops.moveaxis(values, 1, -1) if self.units_first else values
        patches = values[:, self.prefix :]
        space = self._space(int(patches.shape[1]))
        return ops.reshape(patches, (values.shape[0], *space, values.shape[-1]))

    def restore(self, arranged: Tensor, values: Tensor) -> Tensor:
        """What `arrange` gave, changed, as the layer has it.

        values: as the layer had it, with as many images; its tokens that are no patches are kept.
        """
        from keras import ops

        if self.bare:
            return ops.squeeze(arranged, -1)
        if self.bands:
            arranged = ops.reshape(arranged, (arranged.shape[0], -1, arranged.shape[-1]))
        if self.folded:
            arranged = ops.reshape(arranged, (-1, *arranged.shape[2:]))
        if self.order or self.bands or self.folded:
            order = self.order or tuple(range(len(arranged.shape)))
            return ops.transpose(arranged, [order.index(at) for at in range(len(order))])
        if not self.tokens:
            return ops.moveaxis(arranged, -1, 1) if self.units_first else arranged
        patches = ops.reshape(arranged, (arranged.shape[0], -1, arranged.shape[-1]))
        if not self.prefix:
            return patches
        return ops.concatenate([values[:, : self.prefix], patches], axis=1)

    def _space(self, count: int) -> Grid:
        """The grid of so many tokens: that of the trace, enlarged for a larger image."""
        if count == math.prod(self.space):
            return self.space
        scale = math.sqrt(count / math.prod(self.space))
        rows = max(1, round(self.space[0] * scale))
        while count % rows:
            rows -= 1
        return (rows, count // rows)


def grid_layouts(
    calls: Sequence[Call], view: InputView, frames: Sequence[Frame | None] = ()
) -> list[GridLayout | None]:
    """The layout of each call's output; None where it has no space with over one cell.

    calls: all calls of a run, in order. frames: of their outputs, where they could be followed.
    """
    laid_out: list[GridLayout | None] = []
    known: list[Grid] = []
    attention = tuple(f"{call.path}/" for call in calls if "attention" in call.kind.lower())
    recurrent = False
    for call, frame in zip(calls, frames or [None] * len(calls), strict=True):
        recurrent = recurrent or (is_recurrent(call) and call.loop is None)
        layout = None
        if not _of_heads(call, attention, view):
            layout = _followed_layout(call, view, frame)
            steps = recurrent if frame is None else frame.recurrent
            if layout is None and not (steps and len(view.image) > 1):
                layout = _grid_layout(call, view, known)
        laid_out.append(layout)
        if (
            layout
            and not layout.tokens
            and len(view.image) == 2
            and _in_proportion(layout.space, view)
        ):
            known.insert(0, layout.space)
    return laid_out


def _followed_layout(call: Call, view: InputView, frame: Frame | None) -> GridLayout | None:
    """The layout where the axes of the image are known, and differ from the usual ones."""
    shape = call.shape or ()
    if frame is None or view.tokens is not None or not frame.fits(shape):
        return None
    if frame.folded:
        return _folded_layout(frame, shape)
    if frame.is_grid and len(shape) == len(frame.axes) + 2:
        return _permuted_layout(frame, shape)
    if len(shape) != 3:
        return None
    if frame.is_tokens and frame.places[0] == 1 and shape[2] > 1 and not frame.recurrent:
        return GridLayout(tuple(axis.cells for axis in frame.axes), tokens=True)
    at = frame.bands
    if at is None or frame.axes[at].cells < 2:
        return None
    space = tuple(axis.cells if k == at else 1 for k, axis in enumerate(frame.axes))
    return GridLayout(space, order=() if frame.places[at] == 1 else (0, 2, 1), bands=True)


def _folded_layout(frame: Frame, shape: tuple[int, ...]) -> GridLayout | None:
    """Of a layer in a TimeDistributed: frames, rows and columns."""
    places = [at for at in frame.places[1:] if at is not None]
    if frame.places[0] != 0 or len(places) != len(shape) - 2 or len(places) != len(frame.axes) - 1:
        return None
    units = next(at for at in range(1, len(shape)) if at not in places)
    order = (0, *places, units)
    space = tuple(axis.cells for axis in frame.axes)
    usual = order == tuple(range(len(shape)))
    return GridLayout(space, order=() if usual else order, folded=frame.folded)


def _permuted_layout(frame: Frame, shape: tuple[int, ...]) -> GridLayout | None:
    space = tuple(axis.cells for axis in frame.axes)
    if max(space) < 2:
        return None
    places = [at for at in frame.places if at is not None]
    units = next(at for at in range(1, len(shape)) if at not in places)
    order = (0, *places, units)
    if order == tuple(range(len(shape))):
        return GridLayout(space)
    if units == 1 and places == sorted(places):
        return GridLayout(space, units_first=True)
    return GridLayout(space, order=order)


def _grid_layout(call: Call, view: InputView, known: Sequence[Grid]) -> GridLayout | None:
    shape, axes = call.shape, len(view.image)
    # of another batch size are windows and heads, whose cells are not those of one image
    if shape is None or call.loop or len(shape) < 3 or shape[0] != view.batch or not axes:
        return None
    if len(shape) == axes + 2 and (axes > 1 or view.tokens is None):
        first = _units_first(call, view)
        space = tuple(shape[2:] if first else shape[1:-1])
        return GridLayout(space, units_first=first) if max(space) > 1 else None
    if len(shape) != 3 or shape[2] < 2:
        return None
    token_grid = view.tokens or _token_grid(shape[1], view.image, known)
    if token_grid is None or len(token_grid) != axes or max(token_grid) < 2:
        return None
    prefix = shape[1] - math.prod(token_grid)
    return GridLayout(token_grid, tokens=True, prefix=prefix) if prefix >= 0 else None


def _units_first(call: Call, view: InputView) -> bool:
    format = getattr(call.operation, "data_format", None)
    return view.units_first if format is None else format == "channels_first"


def _of_heads(call: Call, attention: tuple[str, ...], view: InputView) -> bool:
    """Whether two axes of tokens and attention heads only look like rows and columns."""
    if call.shape is None or len(call.shape) != 4 or len(view.image) != 2:
        return False
    if call.kind in ("EinsumDense", "Einsum", "Matmul"):
        return True
    space = call.shape[2:] if _units_first(call, view) else call.shape[1:3]
    return call.path.startswith(attention) and not _in_proportion(space, view)


def _in_proportion(space: Grid, view: InputView) -> bool:
    """Whether a grid has the image's aspect ratio, up to one cell."""
    expected = space[0] * view.image[1] / view.image[0]
    return abs(expected - space[1]) <= 1


def _token_grid(count: int, image: Grid, grids: Sequence[Grid]) -> Grid | None:
    """The grid of patches that so many tokens come from, or None if there is none."""
    if len(image) != 2:
        return None
    for prefix in PREFIXES:
        for space in grids:
            if count > prefix and math.prod(space) == count - prefix:
                return space
    if any(math.prod(space) > 1 for space in grids):
        # stages that merge neighbouring patches reshape them in passing
        merged = [tuple(side // 2**k for side in space) for space in grids for k in range(1, 6)]
        return next((s for s in merged if 1 < math.prod(s) == count), None)
    for prefix in (0, 1, 2, 4, 5):
        alike = _proportional_grid(count - prefix, image)
        if alike:
            return alike
    return None


def _proportional_grid(count: int, image: Sequence[int]) -> Grid | None:
    """The grid of so many cells with the image's aspect ratio."""
    if count < 4:
        return None
    rows = math.isqrt(round(count * image[0] / image[1]))
    space = (rows, count // rows) if rows else (0, 0)
    fits = math.prod(space) == count and rows * image[1] == space[1] * image[0]
    return space if fits else None
