"""Split a model at a layer: head (images → activations), tail (activations → outputs)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.calls import Call, Operation, handled
from seewhy.logits import Final

Tensor = Any
Runner = Callable[[Tensor], Any]


@dataclass(frozen=True)
class Split:
    """A model in two parts that meet at the target layer.

    head: images (batch, *space, channels) → (activations (batch, *space, units), bypass).
        The bypass is whatever else the tail needs, such as skip connections; opaque to others.
    tail: (activations, bypass) → outputs (batch, classes). Runs nothing that lies in front of
        the target layer.
    """

    head: Callable[[Tensor], tuple[Tensor, Any]]
    tail: Callable[[Tensor, Any], Tensor]


@dataclass(frozen=True)
class _Bypass:
    images: Tensor
    done: tuple[tuple[Operation, Any], ...]
    """Operations whose calls ended before the target's began, with their outputs, in order."""


class _Reached(BaseException):
    """The target layer has answered: the rest of the model need not run.

    A BaseException, since Keras and TensorFlow wrap every Exception that passes through a layer.
    """

    def __init__(self, activations: Tensor) -> None:
        self.activations = activations


def split(run: Runner, steps: Sequence[Operation], target: Call, final: Final | None) -> Split:
    """Split a Keras model at one call of one of its operations.

    run: images → outputs, in inference mode. steps: all operations that it may call.
    final: the closing softmax or sigmoid; the tail then leaves it out and gives logits.
    The operations are intercepted for the duration of a head or tail call, and left as they were.
    """

    def head(images: Tensor) -> tuple[Tensor, _Bypass]:
        recorder = _Recorder(target)
        try:
            with handled(steps, recorder):
                run(images)
        except _Reached as reached:
            return reached.activations, _Bypass(images, tuple(recorder.done))
        raise RuntimeError(f"layer {target.path!r} was not called while the model ran")

    def tail(activations: Tensor, bypass: _Bypass) -> Tensor:
        replayer = _Replayer(target, activations, bypass, final)
        with handled(steps, replayer):
            outputs = run(bypass.images)
        if not replayer.replaced:
            raise RuntimeError(f"layer {target.path!r} was not called when the tail ran")
        return outputs

    return Split(head, tail)


class _Recorder:
    """Notes what ends before the target's call, and stops the model there."""

    def __init__(self, target: Call) -> None:
        self.target = target
        self.calls = 0
        self.done: list[tuple[Operation, Any]] = []

    def __call__(self, operation: Operation, proceed: Any, args: Any, kwargs: Any) -> Any:
        mark = len(self.done)
        wanted = False
        if operation is self.target.operation:
            wanted = self.calls == self.target.nth
            self.calls += 1
        output = proceed(*args, **kwargs)
        del self.done[mark:]  # its inner calls are part of its own output
        if wanted:
            raise _Reached(output)
        self.done.append((operation, output))
        return output


class _Replayer:
    """Gives back what was recorded, puts the activations in the target's place, runs the rest."""

    def __init__(
        self, target: Call, activations: Tensor, bypass: _Bypass, final: Final | None
    ) -> None:
        self.target = target
        self.activations = activations
        self.pending = deque(bypass.done)
        self.final = final
        self.replaced = False

    def __call__(self, operation: Operation, proceed: Any, args: Any, kwargs: Any) -> Any:
        if self.replaced:
            if self.final and self.final.operation is operation:
                return self.final.logits(args, kwargs)
            return proceed(*args, **kwargs)
        if self.pending and self.pending[0][0] is operation:
            return self.pending.popleft()[1]
        if not self.pending and operation is self.target.operation:
            self.replaced = True
            return self.activations
        return proceed(*args, **kwargs)
