"""Watch and steer the calls of a model's operations, without touching the model's graph.

Keras runs each operation through its `call`. Standing in for that method on the instance reaches
every layer there is, in functional, nested, shared and subclassed models alike, eagerly and while
a compiler traces. Private Keras attributes are used in this file only.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

Tensor = Any

Operation = Any
Handler = Callable[[Operation, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]

# One model may be explained from several threads, and models may share layers: one at a time
# stands in. For compiled backends that is the time of tracing only.
_standing_in = threading.RLock()


def operations(model: Operation) -> list[Operation]:
    """All operations that a call of the model can reach, the model itself left out."""
    seen: dict[int, Operation] = {}
    waiting = [model]
    while waiting:
        operation = waiting.pop()
        if id(operation) not in seen:
            seen[id(operation)] = operation
            # `operations` also has what is no layer, such as the sum `x + y` of two tensors
            waiting += list(getattr(operation, "operations", None) or [])
            waiting += list(getattr(operation, "_layers", None) or [])
    del seen[id(model)]
    return list(seen.values())


@contextmanager
def handle_calls(targets: Sequence[Operation], handler: Handler) -> Iterator[None]:
    """Within, each call of one of the operations goes to handler(operation, proceed, args, kwargs).

    `proceed` is the operation's own method. Calls from other threads pass by unhandled. On every
    exit the operations are as they were.
    """
    with _standing_in, ExitStack() as undo:
        for operation in targets:
            for method in ("call", "quantized_call"):
                if hasattr(operation, method):
                    undo.callback(_stand_in(operation, method, handler))
        yield


def _stand_in(operation: Operation, method: str, handler: Handler) -> Callable[[], None]:
    """Put the handler in the place of a method; return what puts things back."""
    proceed = _all_steps_at_once(operation, getattr(operation, method))
    # __dict__, not setattr: Keras tracks what is set, and torch registers modules
    attributes = operation.__dict__
    missing = object()
    before = attributes.get(method, missing)
    owner = threading.get_ident()

    def stand_in(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != owner:
            return proceed(*args, **kwargs)
        return handler(operation, proceed, args, kwargs)

    def put_back() -> None:
        if before is missing:
            del attributes[method]
        else:
            attributes[method] = before

    attributes[method] = stand_in
    return put_back


def _all_steps_at_once(operation: Operation, proceed: Callable[..., Any]) -> Callable[..., Any]:
    """A TimeDistributed's call with its steps as so many images of one batch.

    Keras runs the layer in it once a step, so that a layer within would have no one output.
    """
    import keras

    if not isinstance(operation, keras.layers.TimeDistributed):
        return proceed

    def run(inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if not runs_all_steps(operation, inputs, mask):
            return proceed(inputs, training=training, mask=mask)
        batch, steps, *rest = inputs.shape
        takes_training = "training" in inspect.signature(operation.layer.call).parameters
        options = {"training": training} if takes_training else {}
        folded = keras.ops.reshape(inputs, (batch * steps, *rest))
        outputs = operation.layer.call(folded, **options)
        return keras.ops.reshape(outputs, (batch, steps, *outputs.shape[1:]))

    return run


def runs_all_steps(operation: Operation, inputs: Any, mask: Any) -> bool:
    """Whether a TimeDistributed's steps can go through together: their number is known, none is
    left out, and the layer in it has no memory of its own."""
    shape = tuple(getattr(inputs, "shape", ()))
    inner = [operation.layer, *operations(operation.layer)]
    remembers = any(getattr(each, "stateful", False) for each in inner)
    return mask is None and len(shape) > 2 and None not in shape and not remembers


def call_with(
    operation: Operation, attributes: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What the operation would give with other attributes; it is not changed.

    Runs a shallow stand-in that shares the operation's variables, so it is never out of date.
    """
    # not copy.copy: Keras pickles a layer by saving and rebuilding it
    other = object.__new__(type(operation))
    other.__dict__.update(operation.__dict__)
    for method in ("call", "quantized_call"):
        other.__dict__.pop(method, None)
    other.__dict__.update(attributes)
    quantized = getattr(operation, "quantization_mode", None) is not None
    method = other.quantized_call if quantized else other.call
    return method(*args, **kwargs)


@dataclass(frozen=True)
class Call:
    """One call of one operation while the model ran."""

    operation: Operation
    path: str
    """Names of the operations around it and its own, joined by slashes."""
    nth: int
    """0 at the operation's first call in a run of the model."""
    shape: tuple[int, ...] | None
    """Shape of its output; None where it gives several tensors."""
    inputs: tuple[Tensor, ...] = field(repr=False)
    output: Any = field(repr=False)
    loop: str | None = None
    """What runs it step by step, such as the path of a TimeDistributed; None if nothing does."""
    arguments: tuple[tuple[Any, ...], dict[str, Any]] = field(default=((), {}), repr=False)
    """What it was given, as it was given."""

    def without_tensors(self) -> Call:
        """The same without what would keep the whole graph of an abstract run alive."""
        return replace(self, inputs=(), output=None, arguments=((), {}))

    @property
    def kind(self) -> str:
        return type(self.operation).__name__

    @property
    def name(self) -> str:
        return str(self.operation.name)

    @property
    def address(self) -> str:
        """The path, and from the second call on which call it is: "base/conv#2"."""
        return self.path if self.nth == 0 else f"{self.path}#{self.nth + 1}"


def trace_calls(
    steps: Sequence[Operation], run: Callable[[], Any], owner_graph: Callable[[Tensor], Any]
) -> tuple[list[Call], Any]:
    """The calls of the steps in the order of their ends, and the outputs, while `run` runs.

    owner_graph: what a tensor belongs to; what belongs elsewhere than the outputs was made in a
    loop or a branch that the compiler runs.
    """
    calls: list[Call] = []
    around: list[Operation] = []
    looping: list[bool] = []
    counts: dict[int, int] = {}

    def note(operation: Operation, proceed: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
        nth = counts.get(id(operation), 0)
        counts[id(operation)] = nth + 1
        around.append(operation)
        looping.append(_loops(operation, args, kwargs))
        try:
            output = proceed(*args, **kwargs)
            names = [str(outer.name) for outer in around]
            loop = next((i for i, loops in enumerate(looping[:-1], 1) if loops), None)
        finally:
            around.pop()
            looping.pop()
        inputs = tuple(tensor for tensor in leaves_of((args, kwargs)) if hasattr(tensor, "shape"))
        step = None if loop is None else "/".join(names[:loop])
        made = Call(operation, "/".join(names), nth, _shape(output), inputs, output, step)
        calls.append(replace(made, arguments=(args, kwargs)))
        return output

    with handle_calls(steps, note):
        outputs = run()
    graph = owner_graph(leaves_of(outputs)[0])
    return [
        replace(call, loop="a loop or a branch")
        if call.loop is None and from_inner_graph(owner_graph, call.output, graph)
        else call
        for call in calls
    ], outputs


def from_inner_graph(owner_graph: Callable[[Tensor], Any], output: Any, graph: Any) -> bool:
    """Whether any tensor of an output belongs elsewhere than to `graph`."""
    owners = (owner_graph(tensor) for tensor in leaves_of(output))
    return any(owner is not None and owner is not graph for owner in owners)


def _loops(operation: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the layer runs those in it once a step, on parts of the batch's values."""
    import keras

    if isinstance(operation, keras.layers.TimeDistributed):
        inputs = args[0] if args else kwargs.get("inputs")
        return not runs_all_steps(operation, inputs, kwargs.get("mask"))
    return isinstance(operation, keras.layers.RNN | keras.layers.Bidirectional)


def leaves_of(structure: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dictionaries."""
    import keras

    return list(keras.tree.flatten(structure))


def _shape(output: Any) -> tuple[int, ...] | None:
    shape = getattr(output, "shape", None)
    return None if shape is None else tuple(shape)
