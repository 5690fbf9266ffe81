"""Split a model at a layer: head (images → activations), tail (activations → outputs)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.errors import ModelError
from seewhy.network.calls import Call, Operation, from_inner_graph, handle_calls, leaves_of
from seewhy.network.logits import Closing, closing_parts

Tensor = Any

RunModel = Callable[..., Any]
Rule = Callable[[Operation, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""(operation, its own method, args, kwargs) → its output by the rule, or None to let it run."""


@dataclass(frozen=True)
class Split:
    """A model in two parts that meet at the target layer; two plain functions do as well.

    head: images (batch, *space, channels) → activations (batch, *space, units), or a pair of
        activations and bypass. The bypass is whatever else the tail needs, such as skip
        connections; opaque to others.
    tail: activations → outputs (batch, classes), or (activations, bypass) → outputs where the
        head gives a pair. Runs nothing that lies in front of the target layer.

    Both compute with tensors of Keras's backend and without random steps.
    """

    head: Callable[..., Any]
    tail: Callable[..., Any]

    def run_head(self, *images: Tensor) -> tuple[Tensor, Any]:
        """The activations, and the bypass in a tuple; an empty one where the head gives none."""
        result = self.head(*images)
        if not isinstance(result, tuple):
            return result, ()
        if len(result) != 2:
            raise ModelError(
                f"the head of a Split gives activations, or a pair (activations, bypass); got a "
                f"tuple of {len(result)}. Put all that the tail needs beside them into one bypass."
            )
        return result[0], result[1:]

    def run_tail(self, activations: Tensor, bypass: tuple[Any, ...]) -> Any:
        """The outputs, of what `before` gave."""
        return self.tail(activations, *bypass)


@dataclass(frozen=True)
class _Bypass:
    images: tuple[Tensor, ...]
    done: tuple[tuple[Operation, Any], ...]
    """Operations whose calls ended before the target's began, with their outputs, in order."""
    calls: Counter[int]
    """How often each operation was called up to there."""


class _TargetReached(BaseException):
    """The target layer has answered: the rest of the model need not run.

    A BaseException, since Keras and TensorFlow wrap every Exception that passes through a layer.
    """

    def __init__(self, activations: Tensor) -> None:
        self.activations = activations


def split(
    run: RunModel,
    steps: Sequence[Operation],
    target: Call,
    finals: Sequence[Closing | None],
    owner_graph: Callable[[Tensor], Any],
) -> Split:
    """Split a Keras model at one call of one of its operations.

    run: images → outputs, in inference mode. steps: all operations that it may call.
    finals: for each output its closing softmax or sigmoid, or None; the tail then leaves it out
        and gives logits.
    owner_graph: what a tensor belongs to, as the backend says.
    The operations are intercepted for the duration of a head or tail call, and left as they were.
    """

    def head(*images: Tensor) -> tuple[Tensor, _Bypass]:
        recorder = _HeadRecorder(
            target, lambda output: from_inner_graph(owner_graph, output, owner_graph(images[0]))
        )
        try:
            with handle_calls(steps, recorder):
                run(*images)
        except _TargetReached as reached:
            return reached.activations, _Bypass(images, tuple(recorder.done), recorder.calls)
        raise RuntimeError(f"layer {target.path!r} was not called while the model ran")

    def tail(activations: Tensor, bypass: _Bypass) -> Any:
        replayer = _TailReplayer(target, activations, bypass, finals)
        with handle_calls(steps, replayer):
            outputs = run(*bypass.images)
        if not replayer.replaced:
            raise RuntimeError(f"layer {target.path!r} was not called when the tail ran")
        return _with_outputs_replaced(outputs, replayer.rest.aside)

    return Split(head, tail)


def split_at_input(
    run: RunModel,
    steps: Sequence[Operation],
    finals: Sequence[Closing | None],
    input: int,
    rule: Rule | None = None,
) -> Split:
    """Cut a model in front of all of its layers: the activations are one of its inputs.

    The other arguments are those of `split`; rule: what runs in place of an operation's own
    method, or None for those that run as they are. If it has a method `closing`, that is given
    the logits in front of closing activations.
    """

    def head(*images: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        return images[input], tuple(image for k, image in enumerate(images) if k != input)

    def tail(image: Tensor, others: tuple[Tensor, ...]) -> Any:
        handler = _LogitsHandler(finals, rule)
        with handle_calls(steps, handler):
            outputs = run(*others[:input], image, *others[input:])
        return _with_outputs_replaced(outputs, handler.aside)

    return Split(head, tail)


def bypass_tensors(bypass: Any) -> list[Tensor]:
    """All tensors in a bypass, in a fixed order."""
    return leaves_of(_plain_bypass(bypass))


def with_bypass_tensors(bypass: Any, tensors: Sequence[Tensor]) -> Any:
    """The bypass with other tensors in their places."""
    import keras

    plain = keras.tree.pack_sequence_as(_plain_bypass(bypass), list(tensors))
    return tuple(_refilled_bypass(*pair) for pair in zip(bypass, plain, strict=True))


def _plain_bypass(bypass: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        (each.images, tuple(output for _, output in each.done))
        if isinstance(each, _Bypass)
        else each
        for each in bypass
    )


def _refilled_bypass(bypass: Any, plain: Any) -> Any:
    if not isinstance(bypass, _Bypass):
        return plain
    images, outputs = plain
    outputs_of_calls = tuple(
        (step, output) for (step, _), output in zip(bypass.done, outputs, strict=True)
    )
    return _Bypass(tuple(images), outputs_of_calls, bypass.calls)


def _with_outputs_replaced(outputs: Any, aside: dict[int, Tensor]) -> Any:
    """The outputs, some of them replaced."""
    if not aside:
        return outputs
    import keras

    leaves = [aside.get(k, output) for k, output in enumerate(leaves_of(outputs))]
    return keras.tree.pack_sequence_as(outputs, leaves)


class _HeadRecorder:
    """Notes what ends before the target's call, and stops the model there."""

    def __init__(self, target: Call, astray: Callable[[Any], bool]) -> None:
        self.target = target
        self.astray = astray
        self.calls: Counter[int] = Counter()
        self.done: list[tuple[Operation, Any]] = []

    def __call__(self, operation: Operation, proceed: Any, args: Any, kwargs: Any) -> Any:
        mark = len(self.done)
        nth = self.calls[id(operation)]
        is_target = operation is self.target.operation and nth == self.target.nth
        self.calls[id(operation)] += 1
        output = proceed(*args, **kwargs)
        del self.done[mark:]  # its inner calls are part of its own output
        if is_target:
            raise _TargetReached(output)
        # what was made in a loop's body cannot be used outside of it, and is made again there
        if not self.astray(output):
            self.done.append((operation, output))
        return output


class _LogitsHandler:
    """Leaves out closing activations, and puts a rule in the place of other operations."""

    def __init__(self, finals: Sequence[Closing | None], rule: Rule | None = None) -> None:
        self.finals = [(k, part) for k, final in enumerate(finals) for part in closing_parts(final)]
        self.rule = rule
        self.calls: Counter[int] = Counter()
        self.aside: dict[int, Tensor] = {}
        """Logits of outputs whose probabilities are used by other steps."""

    def __call__(self, operation: Operation, proceed: Any, args: Any, kwargs: Any) -> Any:
        nth = self.calls[id(operation)]
        self.calls[id(operation)] += 1
        closed = [
            (k, final)
            for k, final in self.finals
            if final.operation is operation and final.nth in (None, nth)
        ]
        if not closed:
            changed = self.rule(operation, proceed, args, kwargs) if self.rule else None
            return proceed(*args, **kwargs) if changed is None else changed
        logits = closed[0][1].logits(args, kwargs)
        logits = getattr(self.rule, "closing", _identity)(operation, logits)
        if not any(final.used for _, final in closed):
            return logits
        self.aside |= dict.fromkeys((k for k, _ in closed), logits)
        return proceed(*args, **kwargs)


def _identity(_: Operation, logits: Tensor) -> Tensor:
    return logits


class _TailReplayer:
    """Gives back what was recorded, puts the activations in the target's place, runs the rest."""

    def __init__(
        self,
        target: Call,
        activations: Tensor,
        bypass: _Bypass,
        finals: Sequence[Closing | None],
    ) -> None:
        self.target = target
        self.activations = activations
        self.pending = deque(bypass.done)
        self.rest = _LogitsHandler(finals)
        self.rest.calls = bypass.calls.copy()
        self.replaced = False

    def __call__(self, operation: Operation, proceed: Any, args: Any, kwargs: Any) -> Any:
        if self.replaced:
            return self.rest(operation, proceed, args, kwargs)
        if self.pending and self.pending[0][0] is operation:
            return self.pending.popleft()[1]
        if not self.pending and operation is self.target.operation:
            self.replaced = True
            return self.activations
        return proceed(*args, **kwargs)
