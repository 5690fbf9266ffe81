"""What can be asked in the place of a question: advice that is true where it is given."""

from __future__ import annotations

from typing import Any

from seewhy.targets.target import Target


def ask_the_opposite(target: Target) -> str:
    """How to see what speaks against what was asked, which nothing speaks for."""
    kind = _kind(target)
    if target.is_class_score:
        return (
            "Ask what speaks against it: targets.counterfactual(…), or seewhy explain --against "
            "CLASS."
        )
    if kind[0] == "scaled" and kind[1] < 0:
        return "It was asked what speaks against something: ask for that, without the minus."
    if kind[:2] == ("sum", -1.0):
        return "Ask it the other way round, with both sides exchanged."
    return "Ask its opposite, the same score with a minus, for what speaks against it."


def ask_without_dividing(target: Target, scores: str) -> str:
    """What to do where a method divides by a score that is not positive.

    scores: "logits" or "probabilities", as the explainer asks.
    """
    if target.is_class_score and (target.scores or scores) == "logits":
        return "Ask scores='probabilities' (--scores probabilities)."
    return "Take a method that does not divide by it, such as grad_cam."


def ask_the_logits(target: Target, scores: str, *, known: bool) -> str:
    """What to do where a probability has no slope left.

    scores: as the explainer asks. known: whether the model's logits are known.
    """
    if not known:
        return "Logits, which do not saturate, were not found in this model."
    if target.scores is None:
        return "Ask the logits: scores='logits' (--scores logits)."
    besides = "" if scores == "logits" else ", and scores='logits'"
    return f"Ask the class itself, as targets.class_(…) does{besides}: then its logit is taken."


def asks_quantity(target: Target) -> bool:
    """Whether a unit is asked as it is, and not as a class."""
    kind = _kind(target)
    return bool(kind[0] == "unit" or (kind[0] == "output" and kind[2][0] == "unit"))


def names_output(target: Target) -> bool:
    """Whether the question itself says which output is asked."""
    return bool(_kind(target)[0] == "output")


def _kind(target: Target) -> tuple[Any, ...]:
    return target.kind if isinstance(target.kind, tuple) else (target.kind,)
