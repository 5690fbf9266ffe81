"""The evidence that methods may ask for: one table, which all who gather evidence read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """One kind of evidence, by the name of the parameter that asks for it."""

    name: str
    about: str
    """What it is, for the reader."""
    where: tuple[str, ...]
    """Where it is taken: at the target "layer", or at the input ("images", and by the rule that
    runs in the place of ReLUs "guided" or "deconv"). Where there are two, it is taken at the first
    and the map lies on the grid of the second."""
    gradient: bool = False
    """Whether it is a gradient of the score, or takes some."""
    by_rule: str = ""
    """The rule by which the model runs for it: "attention", "blocks" or "biases"; empty where it is
    taken at a cut."""
    reruns: bool = False
    """Whether it is a function that runs the network, or its tail, many times."""

    @property
    def at_layer(self) -> bool:
        """Whether it lies on the target layer's grid, not on the image's."""
        return self.where[-1] == "layer"


_ALL = (
    # float32 tensors, (batch, *space, units) where nothing else is said; images have channels
    Need("activations", "of the target layer", ("layer",)),
    Need("gradients", "of the score at the target layer", ("layer",), gradient=True),
    Need(
        "curvature",
        "the score's Hessian at the target layer times the activations",
        ("layer",),
        gradient=True,
    ),
    Need("images", "as the network gets them", ("images",)),
    Need("image_gradients", "of the score at the images", ("images",), gradient=True),
    Need(
        "guided_gradients",
        "the same, where each ReLU passes back only what is positive both ways",
        ("guided",),
        gradient=True,
    ),
    Need(
        "deconv_gradients",
        "the same, where each ReLU passes back only what is positive",
        ("deconv",),
        gradient=True,
    ),
    Need(
        "attentions",
        "(batch, blocks, heads, tokens, tokens), of all self-attentions, after softmax",
        ("layer",),
        by_rule="attention",
    ),
    Need(
        "attention_gradients",
        "of the score with respect to them",
        ("layer",),
        gradient=True,
        by_rule="attention",
    ),
    Need(
        "block_gradients",
        "as attention_gradients, but of the score that each block's own tokens get",
        ("layer",),
        gradient=True,
        by_rule="blocks",
    ),
    Need(
        "full_gradients",
        "a list: image times gradient, then each bias times the gradient where it is added, each "
        "(batch, *space, units) with its own space",
        ("images",),
        gradient=True,
        by_rule="biases",
    ),
    Need(
        "score_images",
        "(change, rows, *given) → scores (rows, batch) of changed images",
        ("images",),
        reruns=True,
    ),
    Need(
        "score_activations",
        "the same of changed activations; runs the tail only",
        ("layer",),
        reruns=True,
    ),
    Need(
        "sum_images",
        "(change, gather, rows, *given) → sums over rows of what gather makes of changed images "
        "and the gradients there",
        ("images",),
        gradient=True,
        reruns=True,
    ),
    Need(
        "sum_activations",
        "the same with activations and their gradients, of changed images",
        ("images", "layer"),
        gradient=True,
        reruns=True,
    ),
    Need(
        "pull_images",
        "(change, rows, *given) → scores (rows, batch) and their gradients with respect to the "
        "rows",
        ("images",),
        gradient=True,
        reruns=True,
    ),
)

NEEDS = {need.name: need for need in _ALL}
"""By name."""


def gradients_among(names: Iterable[str]) -> list[str]:
    """The needs that are gradients in arrays."""
    return [name for name in names if NEEDS[name].gradient and not NEEDS[name].reruns]


def arrays_among(names: Iterable[str]) -> list[str]:
    """The needs that are arrays, not functions that run the network again."""
    return [name for name in names if not NEEDS[name].reruns]


def rules_among(names: Iterable[str]) -> set[str]:
    """The rules of their own by which the model has to run."""
    return {NEEDS[name].by_rule for name in names} - {""}
