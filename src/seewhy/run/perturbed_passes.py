"""Compiled passes over many changed copies of what stands at a cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from seewhy.models.wrapped_model import WrappedModel
from seewhy.network.outputs import ModelOutputs
from seewhy.network.split import bypass_tensors, with_bypass_tensors
from seewhy.plan.cuts import Cut
from seewhy.plan.evidence_sources import QuestionBatch

Tensor = Any

Change = Callable[..., Tensor]
"""(values (1, batch, *space, units), rows (rows, …), *given) → (rows, batch, *space, units)."""
Gather = Callable[..., tuple[Tensor, ...]]
"""(changed values, gradients, rows, *given), all (rows, batch, …) → tensors (rows, batch, …)."""


@dataclass(frozen=True)
class TailSpec:
    """What is known of the bypass at a cut, to run the tail on other numbers of images."""

    cut: Cut
    bypass: Any
    """Without its tensors."""
    used: tuple[bool, ...]
    """Which of them the tail looks at."""
    axes: tuple[int | None, ...]
    """For each of those its axis of images; None where it has none."""
    specs: tuple[tuple[tuple[int, ...], str], ...]
    """Shape and dtype of all of its tensors, for this number of images."""

    def run_tail(self, at: Tensor, tensors: Sequence[Tensor], copies: int) -> Any:
        """The outputs for activations of so many copies of the images."""
        from keras import ops

        kept = iter(zip(tensors, self.axes, strict=True))
        filled = [
            tile_copies(*next(kept), copies)
            if used
            # Keras checks the inputs of a model, even where all that they lead to is at hand
            else ops.broadcast_to(
                ops.zeros((), dtype), (copies * shape[0], *shape[1:]) if shape else ()
            )
            for used, (shape, dtype) in zip(self.used, self.specs, strict=True)
        ]
        return self.cut.split.run_tail(at, with_bypass_tensors(self.bypass, filled))


def tail_spec(
    backend: ModuleType, wrapped: WrappedModel, cut: Cut, specs: Sequence[tuple[Any, str]]
) -> TailSpec:
    """Run a cut abstractly to learn of its bypass. specs: of the images of one batch."""
    import keras

    measured: dict[str, Any] = {}

    def watch(*images: Tensor) -> None:
        at, bypass = cut.split.run_head(*images)
        tensors = bypass_tensors(bypass)
        measured["bypass"] = with_bypass_tensors(bypass, [None] * len(tensors))
        measured["specs"] = [
            (tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype))
            for tensor in tensors
        ]

        def tail(here: Tensor, *others: Tensor) -> Any:
            return cut.split.run_tail(here, with_bypass_tensors(bypass, others))

        # the other inputs of the model are all kept at a cut in front of it
        everything = cut.input is not None
        seen = [True] * len(tensors) if everything else backend.used(tail, [at, *tensors])[1:]
        measured["used"] = seen

    def measure(*images: Tensor) -> None:
        measured["more"] = [
            tuple(tensor.shape) for tensor in bypass_tensors(cut.split.run_head(*images)[1])
        ]

    backend.run_abstractly(watch, wrapped.variables, specs)
    if any(measured["used"]):
        # one image more tells which axis is that of the images
        longer = [((shape[0] + 1, *shape[1:]), dtype) for shape, dtype in specs]
        backend.run_abstractly(measure, wrapped.variables, longer)
    shapes = [shape for shape, _ in measured["specs"]]
    pairs = zip(measured["used"], shapes, measured.get("more", shapes), strict=True)
    axes = tuple(_axis(shape, more) for used, shape, more in pairs if used)
    return TailSpec(
        cut, measured["bypass"], tuple(measured["used"]), axes, tuple(measured["specs"])
    )


def _axis(shape: tuple[int, ...], more: tuple[int, ...]) -> int | None:
    return next(
        (k for k, pair in enumerate(zip(shape, more, strict=True)) if len({*pair}) > 1), None
    )


def activations_pass(cut: Cut) -> Callable[..., tuple[Tensor]]:
    """The function (inputs …) → activations float32 (batch, *space, units) in a tuple, to be
    compiled."""
    from keras import ops

    def run(images: Sequence[Tensor]) -> tuple[Tensor]:
        return (cut.layout.arrange(ops.cast(cut.split.run_head(*images)[0], "float32")),)

    return run


def head_outputs(cut: Cut, used: Sequence[bool]) -> Callable[..., tuple[Tensor, list[Tensor]]]:
    """The function (inputs …) → activations as the layer has them, and of the bypass the tensors
    that are `used`; to be compiled."""

    def run(images: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        at, bypass = cut.split.run_head(*images)
        return at, [
            leaf for leaf, is_used in zip(bypass_tensors(bypass), used, strict=True) if is_used
        ]

    return run


def tile_copies(value: Tensor, axis: int | None, copies: int) -> Tensor:
    """A tensor for so many copies of all images, one copy behind the other."""
    from keras import ops

    if axis is None or copies == 1:
        return value
    shape = tuple(value.shape)
    several = ops.expand_dims(value, axis)
    several = ops.broadcast_to(several, (*shape[:axis], copies, *shape[axis:]))
    return ops.reshape(several, (*shape[:axis], copies * shape[axis], *shape[axis + 1 :]))


def scores_of_changes(
    spec: TailSpec, change: Change, question: QuestionBatch
) -> Callable[..., Tensor]:
    """The function (at, bypass, values, rows, given) → scores (rows, batch), to be compiled."""
    from keras import ops

    def run(at: Tensor, rest: Any, values: Any, rows: Any, constants: Any) -> Tensor:
        changed = _changed(spec.cut, at, change, rows, constants)
        copies = changed.shape[0]
        outputs = spec.run_tail(_joined(spec.cut, changed, at), rest, copies)
        repeated = [tile_copies(value, 0, copies) for value in values]
        score = question.score(spec.cut, outputs, repeated)[0][0]
        return ops.reshape(score, (copies, -1))

    return run


def scores_by_all_targets(
    spec: TailSpec, change: Change, question: QuestionBatch
) -> Callable[..., Tensor]:
    """The same → scores of all questions (rows, questions, batch)."""
    from keras import ops

    def run(at: Tensor, rest: Any, values: Any, rows: Any, constants: Any) -> Tensor:
        changed = _changed(spec.cut, at, change, rows, constants)
        copies = changed.shape[0]
        outputs = spec.run_tail(_joined(spec.cut, changed, at), rest, copies)
        repeated = [tile_copies(value, 0, copies) for value in values]
        scores = question.score(spec.cut, outputs, repeated)[0]
        return ops.swapaxes(ops.reshape(scores, (scores.shape[0], copies, -1)), 0, 1)

    return run


def class_scores_of_changes(
    spec: TailSpec, change: Change, question: QuestionBatch
) -> Callable[..., Tensor]:
    """The function (at, bypass, rows, given) → scores of all classes (rows, batch, classes), to be
    compiled; of outputs with positions their mean over those."""
    from keras import ops

    def run(at: Tensor, rest: Any, rows: Any, constants: Any) -> Tensor:
        changed = _changed(spec.cut, at, change, rows, constants)
        copies, images = changed.shape[0], changed.shape[1]
        outputs = spec.run_tail(_joined(spec.cut, changed, at), rest, copies)
        values = ModelOutputs(outputs, spec.cut.outputs, question.main, question.scores).values()
        if len(values.shape) > 2:
            values = ops.mean(values, axis=tuple(range(1, len(values.shape) - 1)))
        return _parted(ops.cast(values, "float32"), copies, images)

    return run


def sums_over_changes(
    backend: ModuleType,
    spec: TailSpec,
    layer: Cut | None,
    change: Change,
    gather: Gather,
    question: QuestionBatch,
) -> Callable[..., tuple[Tensor, ...]]:
    """The function (images, bypass, values, rows, given, valid) → sums over rows, to be compiled.

    layer: where activations and gradients are taken; None for the changed images themselves.
    valid: float32 (rows,), 0 for rows that only fill up.
    """
    from keras import ops

    def run(
        at: Tensor, rest: Any, values: Any, rows: Any, constants: Any, valid: Tensor
    ) -> tuple[Tensor, ...]:
        changed = _changed(spec.cut, at, change, rows, constants)
        copies, images = changed.shape[0], changed.shape[1]
        here: Tensor = _joined(spec.cut, changed, at)
        cut = spec.cut
        others = [tile_copies(tensor, 0, copies) for tensor in rest]
        bypass = with_bypass_tensors(spec.bypass, others)
        if layer is not None:
            cut = layer
            whole = _inputs(spec.cut, here, others)
            here, bypass = layer.split.run_head(*whole)
        repeated = [tile_copies(value, 0, copies) for value in values]

        def score(there: Tensor) -> tuple[Tensor, Tensor]:
            value = question.score(cut, cut.split.run_tail(there, bypass), repeated)[0][0]
            return value, value

        value, _, pullback = backend.value_and_pullback(score, here)
        gradients = pullback(ops.ones_like(value))
        activations, slopes = (
            _parted(cut.layout.arrange(ops.cast(each, "float32")), copies, images)
            for each in (here, gradients)
        )
        parts = gather(activations, slopes, rows, *constants)
        return tuple(
            ops.sum(part * ops.reshape(valid, (-1,) + (1,) * (len(part.shape) - 1)), axis=0)
            for part in parts
        )

    return run


def gradients_of_rows(
    backend: ModuleType, spec: TailSpec, change: Change, question: QuestionBatch
) -> Callable[..., tuple[Tensor, Tensor]]:
    """The function (images, bypass, values, rows, given) → scores (rows, batch), and gradients of
    each score with respect to its rows, of their shape; to be compiled."""
    from keras import ops

    run = scores_of_changes(spec, change, question)

    def pull(
        at: Tensor, rest: Any, values: Any, rows: Tensor, constants: Any
    ) -> tuple[Tensor, Tensor]:
        def score(moved: Tensor) -> tuple[Tensor, Tensor]:
            value = run(at, rest, values, moved, constants)
            return value, value

        value, _, pullback = backend.value_and_pullback(score, rows)
        return value, pullback(ops.ones_like(value))

    return pull


def _changed(cut: Cut, at: Tensor, change: Change, rows: Any, constants: Any) -> Tensor:
    from keras import ops

    arranged = cut.layout.arrange(ops.cast(at, "float32"))
    return change(ops.expand_dims(arranged, 0), rows, *constants)


def _joined(cut: Cut, changed: Tensor, at: Tensor) -> Tensor:
    """(rows, batch, *space, units) → (rows · batch, …) as the layer has it."""
    from keras import ops

    copies = changed.shape[0]
    flat = ops.reshape(changed, (-1, *changed.shape[2:]))
    original = tile_copies(at, 0, copies) if cut.layout.prefix else at
    return ops.cast(cut.layout.restore(flat, original), at.dtype)


def _parted(values: Tensor, copies: int, images: int) -> Tensor:
    from keras import ops

    return ops.reshape(values, (copies, images, *values.shape[1:]))


def _inputs(cut: Cut, image: Tensor, others: Sequence[Tensor]) -> list[Tensor]:
    """All inputs of the model, from the cut one and the rest."""
    at = cut.input or 0
    return [*others[:at], image, *others[at:]]
