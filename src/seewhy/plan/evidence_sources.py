"""Where evidence is taken, by the names that methods ask for it, and what is asked there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.methods.needs import NEEDS
from seewhy.network.one_hot import one_hot as one_hot_rows
from seewhy.network.outputs import ModelOutputs
from seewhy.plan.cuts import AttentionRun, BiasRun, Cut
from seewhy.targets.target import Target

Tensor = Any

Given = dict[str, Tensor]
"""Evidence by the names that methods ask for it."""


@dataclass(frozen=True)
class EvidenceSources:
    """Where the evidence is taken."""

    layer: Cut
    """The target layer; the input, for methods that know no other."""
    input_cuts: dict[str, Cut]
    """Cuts at the input: "images", and by name the rules of guided gradients."""
    attention_run: AttentionRun | None = None
    """Runs the model on explicit attention; for methods that need it."""
    block_run: AttentionRun | None = None
    """The same with the outputs of all blocks."""
    bias_run: BiasRun | None = None
    """Runs the model with shifts added to its biases; for methods that need it."""

    def of(self, need: str) -> Cut:
        """Where one kind of evidence is taken."""
        return self.input_cuts.get(NEEDS[need].where[0], self.layer)


@dataclass(frozen=True)
class QuestionBatch:
    """What is asked in one pass: targets of given kinds, of the main output."""

    targets: tuple[Target, ...]
    scores: str
    main: int

    def score(self, cut: Cut, outputs: Any, values: Sequence[Tensor]) -> tuple[Tensor, Any]:
        """Scores (questions, batch) of what the model gave, and what ranks its classes."""
        from keras import ops

        answers = ModelOutputs(outputs, cut.outputs, self.main, self.scores)
        rest, each = list(values), []
        for target in self.targets:
            of_target, rest = rest[: len(target.values)], rest[len(target.values) :]
            each.append(ops.cast(target.score(answers, *of_target), "float32"))
        return ops.stack(each), answers.output().pooled(answers.raw())


def arrange_on_grid(cut: Cut, values: Tensor) -> Tensor:
    from keras import ops

    # half precision overflows where a map sums over thousands of units
    return cut.layout.arrange(ops.cast(values, "float32"))


def one_hot_cotangent(value: Tensor, k: int) -> Tensor:
    """The cotangent (questions, batch) that picks question k."""
    from keras import ops

    picked = one_hot_rows(k, value.shape[0], dtype=value.dtype)
    return ops.broadcast_to(ops.expand_dims(picked, -1), ops.shape(value))
