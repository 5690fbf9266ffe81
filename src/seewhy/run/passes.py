"""The compiled passes: from network inputs to scores, outputs, evidence and maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from seewhy.methods.needs import NEEDS, arrays_among, gradients_among, rules_among
from seewhy.methods.registry import Method
from seewhy.network.outputs import ModelOutputs
from seewhy.network.split import bypass_tensors
from seewhy.plan.cuts import Cut
from seewhy.plan.evidence_sources import (
    EvidenceSources,
    Given,
    QuestionBatch,
    arrange_on_grid,
    one_hot_cotangent,
)
from seewhy.run import memory, rule_passes

Tensor = Any

# How many bytes of gradients are held at once on a CPU when all classes are asked for.
CHUNK = 2**23


def maps_pass(
    backend: ModuleType, sources: EvidenceSources, method: Method, question: QuestionBatch
) -> Callable[..., tuple[Tensor, ...]]:
    """The function (inputs …, values of each question …) → results, to be compiled.

    Its results have the images' axis first, all but the last float32: scores (batch, questions),
    what ranks the classes and their probabilities (batch, classes), maps (batch, questions,
    *space), and whether a gradient reached the layer (batch, questions).
    """
    from keras import ops

    def explain(images: Sequence[Tensor], values: Sequence[Tensor]) -> tuple[Tensor, ...]:
        value, ranked, evidence, _ = evidence_pass(
            backend, sources, method.needs, question, images, values
        )
        weighed = [weigh_evidence(sources, method, of_target) for of_target in evidence]
        columns = (ops.stack(column, axis=1) for column in zip(*weighed, strict=True))
        return ops.transpose(value), *ranked, *columns

    return explain


def evidence_pass(
    backend: ModuleType,
    sources: EvidenceSources,
    needs: Sequence[str],
    question: QuestionBatch,
    images: Sequence[Tensor],
    values: Sequence[Tensor],
) -> tuple[Tensor, Any, list[Given], dict[str, Any]]:
    """Scores (questions, batch), what ranks the classes, and for each question what is needed.

    All evidence is float32 (batch, *space, units). Last, by the names of cuts ("layer", "images",
    …), what stands there: activations as the layer has them, and the bypass.
    """
    answers: tuple[Tensor, Any] | None = None
    evidence: list[Given] = [{} for _ in question.targets]
    tails = {}
    for take in _rule_passes(needs):
        answers, rows = take(backend, sources, question, images, values)
        evidence = [row | more for row, more in zip(evidence, rows, strict=True)]
    others = [need for need in needs if not NEEDS[need].by_rule]
    for name, cut in cuts_needed(sources, others, answers is None):
        at, bypass = cut.split.run_head(*images)
        tails[name] = (at, bypass)
        needed = [need for need in others if sources.of(need) is cut]
        gradients: dict[str, list[Tensor]] = {}
        # where no gradient is wanted, one run of the network has answered already
        if answers is None or gradients_among(needed):

            def score(here: Tensor, cut: Cut = cut, bypass: Any = bypass) -> tuple[Tensor, Any]:
                return question.score(cut, cut.split.run_tail(here, bypass), values)

            answer, gradients = _gradients_at(backend, score, at, needed, len(question.targets))
            answers = answers or answer
        for k, row in enumerate(evidence):
            for need in needed:
                if need in ("activations", "images"):
                    row[need] = arrange_on_grid(cut, at)
                elif need in gradients:
                    row[need] = arrange_on_grid(cut, gradients[need][k])
    assert answers is not None  # noqa: S101  (for mypy: there is at least one cut)
    return *answers, evidence, tails


def _rule_passes(needs: Sequence[str]) -> list[Callable[..., Any]]:
    """What gathers the evidence that comes of a run of the model by a rule of its own."""
    plain = "attention_gradients" not in needs
    takes = {
        "attention": rule_passes.attention_maps if plain else rule_passes.attention_gradients,
        "blocks": rule_passes.block_gradients,
        "biases": rule_passes.full_gradients,
    }
    rules = rules_among(needs)
    return [take for rule, take in takes.items() if rule in rules]


def cuts_needed(
    sources: EvidenceSources, needs: Sequence[str], some: bool = True
) -> list[tuple[str, Cut]]:
    """The cuts at which something is needed, each once.

    some: whether the target layer is one if there is no other.
    """
    named = [("layer", sources.layer), *sources.input_cuts.items()]
    needed = [pair for pair in named if any(sources.of(need) is pair[1] for need in needs)]
    return needed or (named[:1] if some else [])


def _gradients_at(
    backend: ModuleType,
    score: Callable[[Tensor], tuple[Tensor, Any]],
    at: Tensor,
    needs: Sequence[str],
    questions: int,
) -> tuple[tuple[Tensor, Any], dict[str, list[Tensor]]]:
    if not gradients_among(needs):
        return score(at), {}
    value, ranked, pullback = backend.value_and_pullback(score, at)
    gradients = [pullback(one_hot_cotangent(value, k)) for k in range(questions)]
    by_need = dict.fromkeys(gradients_among(needs), gradients)
    if "curvature" in needs:

        def single(k: int) -> Callable[[Tensor], Tensor]:
            return lambda here: score(here)[0][k]

        by_need["curvature"] = [backend.curvature(single(k), at) for k in range(questions)]
    return (value, ranked), by_need


def weigh_evidence(
    sources: EvidenceSources, method: Method, evidence: Given
) -> tuple[Tensor, Tensor]:
    """Signed maps (batch, *space), and whether the gradients reach the grid (batch,)."""
    from keras import ops

    drawn = ops.cast(method.weigh(*(evidence[need] for need in method.needs)), "float32")
    if rules_among(evidence) & {"attention", "blocks"}:
        drawn = _on_grid(sources.layer, drawn)
    gradients = next((evidence[need] for need in gradients_among(method.needs)), None)
    if gradients is None:
        return drawn, ops.ones((drawn.shape[0],), dtype="bool")
    return drawn, _any(gradients)


def _any(gradients: Tensor | list[Tensor]) -> Tensor:
    """Whether any is not 0, (batch,)."""
    from keras import ops

    several = gradients if isinstance(gradients, list) else [gradients]
    each = [ops.reshape(gradient, (gradient.shape[0], -1)) for gradient in several]
    nonzero = [ops.any(ops.not_equal(gradient, 0), axis=-1) for gradient in each]
    return ops.any(ops.stack(nonzero), axis=0)


def _on_grid(cut: Cut, tokens: Tensor) -> Tensor:
    """(batch, tokens, tokens) → what the class token, or the mean token, takes from each cell."""
    from keras import ops

    row = tokens[:, 0] if cut.layout.prefix else ops.mean(tokens, axis=1)
    return cut.layout.arrange(ops.expand_dims(row, -1))[..., 0]


def start_pass(
    backend: ModuleType,
    sources: EvidenceSources,
    needs: Sequence[str],
    question: QuestionBatch,
    used: Mapping[str, Sequence[bool]],
) -> Callable[..., Any]:
    """The function (inputs …, values) → what a method that reruns the network starts from.

    Scores (batch, questions), what ranks the classes and their probabilities, whether gradients
    reach the layer, the evidence in arrays for each question, and by the names of cuts what
    stands there: activations as the layer has them, and of the bypass the tensors that are `used`.
    """
    from keras import ops

    arrays = arrays_among(needs)

    def start(images: Sequence[Tensor], values: Sequence[Tensor]) -> Any:
        value, ranked, evidence, there = evidence_pass(
            backend, sources, needs, question, images, values
        )
        gradients = gradients_among(arrays)
        reached = [_any(row[need]) for row in evidence for need in gradients[:1]]
        kept = {
            name: (
                at,
                [
                    leaf
                    for leaf, is_used in zip(bypass_tensors(rest), used[name], strict=True)
                    if is_used
                ],
            )
            for name, (at, rest) in there.items()
        }
        return ops.transpose(value), ranked, reached, evidence, kept

    return start


def all_classes_pass(
    backend: ModuleType, sources: EvidenceSources, method: Method, question: QuestionBatch
) -> Callable[..., tuple[Tensor]]:
    """The function (inputs …) → maps (batch, classes, *space) in a tuple, float32, to compile.

    For methods whose evidence is all taken at one cut.
    """
    from keras import ops

    ((_, cut),) = cuts_needed(sources, method.needs)

    def explain(images: Sequence[Tensor]) -> tuple[Tensor]:
        activations, bypass = cut.split.run_head(*images)

        def score(at: Tensor) -> tuple[Tensor, Tensor]:
            outputs = cut.split.run_tail(at, bypass)
            answers = ModelOutputs(outputs, cut.outputs, question.main, question.scores)
            value = ops.cast(_per_class(answers), "float32")
            return value, value

        value, _, pullback = backend.value_and_pullback(score, activations)
        count = value.shape[-1]
        chunk = _chunk(activations, count, memory.at_once(backend, CHUNK))
        laid = arrange_on_grid(cut, activations)

        def pulled(one_hot: Tensor) -> Tensor:
            return ops.broadcast_to(one_hot, value.shape)

        def one(gradient: Tensor) -> Tensor:
            evidence = {
                need: arrange_on_grid(cut, gradient) if NEEDS[need].gradient else laid
                for need in method.needs
            }
            return weigh_evidence(sources, method, evidence)[0]

        rows = backend.each(pullback, one, pulled, ops.eye(count, dtype="float32"), chunk)
        return (ops.moveaxis(rows, 0, 1),)

    return explain


def _per_class(answers: ModelOutputs) -> Tensor:
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


def _chunk(activations: Tensor, classes: int, bytes: int) -> int:
    """How many classes to pull back at once, if gradients of so many bytes may be held."""
    cells = 1
    for side in activations.shape:
        cells *= int(side)
    return max(1, min(classes, bytes // (4 * cells)))
