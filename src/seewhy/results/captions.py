"""What results are called where they are shown."""

from __future__ import annotations

from seewhy.render.legends import percent, readable


def target_words(name: str, probability: float | None) -> str:
    """A class with its probability, "tiger cat 21 %"; others by their name alone."""
    return readable(name) if probability is None else f"{readable(name)} {percent(probability)}"


def how_words(method: str, layer: str, model: str | None) -> str:
    """Method, layer and model in one line."""
    return " · ".join([method, layer, *([str(model)] if model else [])])
