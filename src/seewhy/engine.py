"""One compiled pass from network inputs to scores, outputs and maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from seewhy import calls, layers
from seewhy.calls import Call
from seewhy.errors import ModelError
from seewhy.logits import Final, final_step, probabilities
from seewhy.methods import Method
from seewhy.split import Split, split
from seewhy.subject import Subject
from seewhy.targets import Score

Tensor = Any
SCORES = ("logits", "probabilities")


@dataclass(frozen=True)
class Cut:
    """A subject split at the target layer, with what was learned while it ran abstractly."""

    split: Split
    layer: Call
    final: Final | None
    classes: int
    units_first: bool


def cut(backend: ModuleType, subject: Subject, layer: Any) -> Cut:
    """Run the model abstractly to find its layers and logits, and split it.

    Raises LayerError for a layer that cannot carry a map, ModelError for outputs that are no
    class scores.
    """
    found: dict[str, Any] = {}
    steps = calls.operations(subject.model)

    def run(images: Tensor) -> Any:
        return subject.model(subject.arrange(images), training=False)

    def watch(images: Tensor) -> None:
        found["calls"], found["outputs"] = calls.trace(steps, lambda: run(images))

    backend.run_abstractly(watch, subject.model.variables, (1, *subject.input_shape))
    classes = _classes(subject, found["outputs"])
    final = final_step(found["calls"], _one(found["outputs"]))
    # the tensors of the abstract run would keep its whole graph alive
    target = replace(layers.find(found["calls"], layer), inputs=(), output=None)
    parts = split(run, steps, target, final)
    return Cut(parts, target, final, classes, layers.channels_first(target))


def evidence(
    backend: ModuleType, cut: Cut, method: Method, asked: Sequence[Score], scores: str
) -> Callable[..., tuple[Tensor, ...]]:
    """The function (images, value of each question …) → results, to be compiled.

    Its results have the images' axis first, all but the last float32: scores (batch, questions),
    outputs without closing activation and probabilities (batch, classes), maps (batch,
    questions, rows, cols), and whether a gradient reached the layer (batch, questions).
    """
    from keras import ops

    activation = cut.final.activation if cut.final else None

    def explain(images: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        activations, bypass = cut.split.head(images)

        def score(at: Tensor) -> tuple[Tensor, Tensor]:
            raw = ops.cast(_one(cut.split.tail(at, bypass)), "float32")
            outputs = raw if scores == "logits" else probabilities(raw, activation)
            each = zip(asked, values, strict=True)
            return ops.stack([ask(outputs, value) for ask, value in each]), raw

        value, raw, pullback = backend.value_and_pullback(score, activations)
        gradients = [pullback(_row(value, k)) for k in range(len(asked))]
        weighed = [_weigh(cut, method, activations, gradient) for gradient in gradients]
        maps, reached = (ops.stack(column, axis=1) for column in zip(*weighed, strict=True))
        return ops.transpose(value), raw, probabilities(raw, activation), maps, reached

    return explain


def _weigh(
    cut: Cut, method: Method, activations: Tensor, gradients: Tensor
) -> tuple[Tensor, Tensor]:
    from keras import ops

    given = {"activations": activations, "gradients": gradients}
    # half precision overflows where a map sums over thousands of units
    given = {name: ops.cast(value, "float32") for name, value in given.items()}
    if cut.units_first:
        given = {name: ops.moveaxis(value, 1, -1) for name, value in given.items()}
    maps = method.weigh(*(given[need] for need in method.needs))
    each = ops.reshape(given["gradients"], (gradients.shape[0], -1))
    reached = ops.any(ops.not_equal(each, 0), axis=-1)
    return ops.cast(maps, "float32"), reached


def _row(value: Tensor, k: int) -> Tensor:
    """The cotangent (questions, batch) that picks question k."""
    from keras import ops

    picked = ops.one_hot(k, value.shape[0], dtype=value.dtype)
    return ops.broadcast_to(ops.expand_dims(picked, -1), ops.shape(value))


def _classes(subject: Subject, outputs: Any) -> int:
    shapes = [tuple(output.shape) for output in calls.flat(outputs)]
    if len(shapes) != 1 or len(shapes[0]) != 2:
        raise ModelError(
            f"model {subject.model.name!r} gives outputs of shape {', '.join(map(str, shapes))}; "
            f"expected one of shape (batch, classes). Wrap it so that it gives class scores."
        )
    return int(shapes[0][1])


def _one(outputs: Any) -> Tensor:
    return calls.flat(outputs)[0]
