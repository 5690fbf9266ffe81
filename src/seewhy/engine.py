"""One compiled pass from network inputs to scores, outputs and maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from seewhy import calls, outputs, places
from seewhy.calls import Call
from seewhy.errors import LayerError, ModelError, SeewhyError
from seewhy.grids import Layout, View
from seewhy.methods import Method
from seewhy.outputs import Answers, Output
from seewhy.places import Place
from seewhy.scores import Target
from seewhy.split import Split, split
from seewhy.subject import Subject

Tensor = Any
SCORES = ("logits", "probabilities")
# How many bytes of gradients are held at once when all classes are asked for.
CHUNK = 2**23


@dataclass(frozen=True)
class Traced:
    """What was learned of a subject while it ran abstractly."""

    subject: Subject
    view: View
    calls: tuple[Call, ...]
    places: tuple[Place, ...]
    outputs: tuple[Output, ...]
    steps: tuple[Any, ...]
    main: int
    """The output that is asked."""
    certain: bool
    """Whether no other could be meant."""


@dataclass(frozen=True)
class Cut:
    """A subject split at the target layer."""

    split: Split
    layer: Call
    layout: Layout
    outputs: tuple[Output, ...]
    times: int = 1
    """How often the layer is called when the model runs; 1 where the user said which call."""


def trace(
    backend: ModuleType,
    subject: Subject,
    specs: Sequence[tuple[Any, str]],
    tokens: tuple[int, ...] | None = None,
    output: str | int | None = None,
) -> Traced:
    """Run the model abstractly to find its calls, their grids, and its logits.

    specs: shape (batch, …) and dtype of each input. tokens: grid of token models, if it is known.
    output: the one that is asked, by name or index.
    Raises ModelError for outputs that cannot be asked.
    """
    found: dict[str, Any] = {}
    steps = () if isinstance(subject.model, Split) else tuple(calls.operations(subject.model))

    def watch(*images: Tensor) -> None:
        if isinstance(subject.model, Split):
            found["calls"], found["outputs"] = _parts(subject.model, images)
        else:
            found["calls"], found["outputs"] = calls.trace(
                steps, lambda: subject.run(*images), backend.home
            )

    try:
        backend.run_abstractly(watch, subject.variables, specs)
    except SeewhyError:
        raise
    except Exception as error:
        raise ModelError(_not_run(subject, specs, error)) from error
    described = outputs.describe(subject.model, found["calls"], found["outputs"])
    main, certain = outputs.choose(described, output)
    view = subject.view(specs[subject.image][0], tokens)
    asked = calls.flat(found["outputs"])[main]
    usable = places.places(found["calls"], view, [asked])
    return Traced(
        subject, view, tuple(found["calls"]), tuple(usable), described, steps, main, certain
    )


def _not_run(subject: Subject, specs: Sequence[tuple[Any, str]], error: Exception) -> str:
    shapes = ", ".join(str(shape) for shape, _ in specs)
    return (
        f"model {subject.name!r} could not be run on inputs of shape {shapes} to find its layers "
        f"({type(error).__name__}: {' '.join(str(error).split())[:300]}). TensorFlow and JAX "
        f"compile it, so that its call must not look at values (as in `if ops.any(x)`) and must "
        f"take this shape; give size=… for images of another."
    )


def _parts(model: Split, images: Sequence[Tensor]) -> tuple[list[Call], Any]:
    """A Split's head as the one call that there is."""
    activations, bypass = model.before(*images)
    call = Call(model, "activations", 0, tuple(activations.shape), (), activations)
    return [call], model.behind(activations, bypass)


def cuts(backend: ModuleType, traced: Traced, wanted: Any) -> tuple[Cut, ...]:
    """Split at one layer, or at each of a list. Raises LayerError."""
    several = wanted if isinstance(wanted, list | tuple) else [wanted]
    found = tuple(_cut(backend, traced, one) for one in several)
    if len({(id(cut.layer.operation), cut.layer.nth) for cut in found}) < len(found):
        names = ", ".join(cut.layer.address for cut in found)
        raise LayerError(f"the layers to fuse are {names}: each may be given once.")
    return found


def cut(backend: ModuleType, subject: Subject, layer: Any) -> Cut:
    """Trace a subject with the inputs that it declares, and split it at one layer."""
    return cuts(backend, trace(backend, subject, subject.specs()), layer)[0]


def _cut(backend: ModuleType, traced: Traced, wanted: Any) -> Cut:
    subject = traced.subject
    place = places.find(traced.calls, traced.places, wanted)
    alike = places.others(traced.calls, place.call)
    if len(subject.images) > 1 and "#" not in str(wanted):
        # of a siamese network, the call that sees the first image
        place = next(p for p in traced.places if p.call.operation is place.call.operation)
    # the tensors of the abstract run would keep its whole graph alive
    target = replace(place.call, inputs=(), output=None)
    described = tuple(_without(output, target) for output in traced.outputs)
    if isinstance(subject.model, Split):
        parts = subject.model
    else:
        finals = [output.final for output in described]
        parts = split(subject.run, traced.steps, target, finals, backend.home)
    numbered = "#" in str(wanted)
    return Cut(parts, target, place.layout, described, 1 if numbered else len(alike))


def _without(output: Output, target: Call) -> Output:
    """The output without a closing step that is the target itself, and so cannot be left out."""
    final = output.final
    is_target = final and final.operation is target.operation and final.nth in (None, target.nth)
    return replace(output, final=None) if is_target else output


def evidence(
    backend: ModuleType, cut: Cut, method: Method, asked: Sequence[Target], scores: str, main: int
) -> Callable[..., tuple[Tensor, ...]]:
    """The function (inputs …, values of each question …) → results, to be compiled.

    Its results have the images' axis first, all but the last float32: scores (batch, questions),
    what ranks the classes and their probabilities (batch, classes), maps (batch, questions,
    *space), and whether a gradient reached the layer (batch, questions).
    """
    from keras import ops

    def explain(images: Sequence[Tensor], values: Sequence[Tensor]) -> tuple[Tensor, ...]:
        activations, bypass = cut.split.before(*images)

        def score(at: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
            answers = Answers(cut.split.behind(at, bypass), cut.outputs, main, scores)
            rest, each = list(values), []
            for target in asked:
                own, rest = rest[: len(target.values)], rest[len(target.values) :]
                each.append(ops.cast(target.score(answers, *own), "float32"))
            return ops.stack(each), answers.output().pooled(answers.raw())

        value, ranked, pullback = backend.value_and_pullback(score, activations)
        gradients = [pullback(_row(value, k)) for k in range(len(asked))]
        weighed = [weigh(cut, method, activations, gradient) for gradient in gradients]
        maps, reached = (ops.stack(column, axis=1) for column in zip(*weighed, strict=True))
        return ops.transpose(value), *ranked, maps, reached

    return explain


def all_classes(
    backend: ModuleType, cut: Cut, method: Method, scores: str, main: int
) -> Callable[..., tuple[Tensor]]:
    """The function (inputs …) → maps (batch, classes, *space) in a tuple, float32, to compile."""
    from keras import ops

    def explain(images: Sequence[Tensor]) -> tuple[Tensor]:
        activations, bypass = cut.split.before(*images)

        def score(at: Tensor) -> tuple[Tensor, Tensor]:
            answers = Answers(cut.split.behind(at, bypass), cut.outputs, main, scores)
            value = ops.cast(_per_class(answers), "float32")
            return value, value

        value, _, pullback = backend.value_and_pullback(score, activations)
        count = value.shape[-1]
        chunk = _chunk(activations, count)

        def pulled(one_hot: Tensor) -> Tensor:
            return ops.broadcast_to(one_hot, value.shape)

        def one(gradient: Tensor) -> Tensor:
            return weigh(cut, method, activations, gradient)[0]

        rows = backend.each(pullback, one, pulled, ops.eye(count, dtype="float32"), chunk)
        return (ops.moveaxis(rows, 0, 1),)

    return explain


def _per_class(answers: Answers) -> Tensor:
    """The score of each class, (batch, classes); of many positions, where it is the best."""
    from keras import ops

    values, output = answers.values(), answers.output()
    if not output.field:
        return values
    space = tuple(range(1, len(values.shape) - 1))
    best = ops.argmax(ops.stop_gradient(values), axis=-1)
    mask = ops.one_hot(best, output.classes, dtype="float32")
    empty = ops.equal(ops.sum(mask, axis=space, keepdims=True), 0)
    mask = ops.where(empty, ops.ones_like(mask), mask)
    return ops.sum(values * mask, axis=space) / ops.sum(mask, axis=space)


def _chunk(activations: Tensor, classes: int) -> int:
    """How many classes to pull back at once."""
    cells = 1
    for side in activations.shape:
        cells *= int(side)
    return max(1, min(classes, CHUNK // (4 * cells)))


def weigh(
    cut: Cut, method: Method, activations: Tensor, gradients: Tensor
) -> tuple[Tensor, Tensor]:
    """Signed maps (batch, *space), and whether the gradients reach the grid (batch,)."""
    from keras import ops

    given = {"activations": activations, "gradients": gradients}
    # half precision overflows where a map sums over thousands of units
    given = {name: cut.layout.arrange(ops.cast(value, "float32")) for name, value in given.items()}
    maps = method.weigh(*(given[need] for need in method.needs))
    each = ops.reshape(given["gradients"], (gradients.shape[0], -1))
    reached = ops.any(ops.not_equal(each, 0), axis=-1)
    return ops.cast(maps, "float32"), reached


def _row(value: Tensor, k: int) -> Tensor:
    """The cotangent (questions, batch) that picks question k."""
    from keras import ops

    picked = ops.one_hot(k, value.shape[0], dtype=value.dtype)
    return ops.broadcast_to(ops.expand_dims(picked, -1), ops.shape(value))
