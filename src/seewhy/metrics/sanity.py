"""Do maps depend on what they are said to explain: the model's parameters, and the class?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.checks import one_of
from seewhy.errors import ModelError, OptionError
from seewhy.maps.scaling import check_finite
from seewhy.metrics import checks, perturbed_copies, similarity
from seewhy.metrics.faithfulness.baselines import Baseline, removed_values
from seewhy.metrics.perturbed_copies import ScoreFunction

HOW = ("cascading", "independent")
DRAWS = ("permuted", "initial")


@dataclass(frozen=True)
class Randomised:
    """How much maps agree with those of the model whose parameters were destroyed."""

    layers: tuple[str, ...]
    """Paths of the layers, from the output to the input."""
    similarities: dict[str, np.ndarray]
    """By name of the similarity, float64 (layers, batch); low is good."""


def randomised(  # noqa: PLR0913  (each choice has its default)
    model: Any,
    explain: Callable[[Any], np.ndarray],
    *,
    how: str = "cascading",
    alike: Sequence[str] = ("spearman", "ssim"),
    absolute: bool = True,
    draw: str = "permuted",
    seed: int = 0,
) -> Randomised:
    """The sanity check: maps of a model whose parameters are random, against those of the model.

    model: a Keras model; only copies of it are changed. explain: a function model → maps (batch,
    height, width), as `lambda model: np.stack([e.map for e in Explainer(model)(images, targets)])`
    with fixed targets. how: "cascading" destroys layers from the output on, one after the other,
    "independent" one at a time. alike: "pearson", "spearman", "ssim" (maps of at least 7 × 7).
    absolute: compares absolute values, as the paper does. draw: "permuted" shuffles the values of
    each variable, so that it keeps their scale; "initial" takes the layers' own initialisers.
    Adebayo et al. 2018, arXiv:1810.03292, sections 3.1 and 3.2. Raises ModelError for what cannot
    be copied, OptionError for unknown words.
    """
    compare = {name: similarity.get_similarity(name) for name in alike}

    def look(some_model: Any) -> np.ndarray:
        maps = checks.as_maps(explain(some_model), "explain's maps")
        return np.abs(maps) if absolute else maps

    of_model = look(model)
    layers, rows = [], []
    for name, copy in randomised_copies(model, how=how, draw=draw, seed=seed):
        maps = look(copy)
        layers.append(name)
        rows.append([measure(of_model, maps) for measure in compare.values()])
    by_similarity = {name: np.stack([row[k] for row in rows]) for k, name in enumerate(compare)}
    return Randomised(tuple(layers), by_similarity)


def randomised_copies(
    model: Any, *, how: str = "cascading", draw: str = "permuted", seed: int = 0
) -> Iterator[tuple[str, Any]]:
    """The paths of layers with parameters, from the output to the input, each with a copy of the
    model where it (and with "cascading" all in front of it in this order) is destroyed.

    One copy serves for all: look at it before you go on. Arguments are as for `randomised`.
    """
    one_of("how", how, HOW)
    one_of("draw", draw, DRAWS)
    copy, fresh = _copied(model), _copied(model, weights=False)
    generator = np.random.default_rng(seed)
    kept = [np.array(each) for each in copy.get_weights()]
    layers = list(zip(layers_with_weights(copy), layers_with_weights(fresh), strict=True))
    if not layers:
        raise ModelError(f"model {model.name!r} has no layer with parameters to destroy.")
    for layer, other in reversed(layers):
        if how == "independent":
            copy.set_weights(kept)
        values = layer.get_weights()
        if draw == "permuted":
            layer.set_weights(
                [generator.permuted(each.ravel()).reshape(each.shape) for each in values]
            )
        else:
            layer.set_weights(other.get_weights())
        yield layer.path, copy


def _copied(model: Any, *, weights: bool = True) -> Any:
    import keras

    if not isinstance(model, keras.Model):
        raise ModelError(f"a Keras model can be copied; got {type(model).__name__}.")
    try:
        copy = keras.models.clone_model(model)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ModelError(f"model {model.name!r} cannot be copied by Keras: {error}") from error
    if weights:
        copy.set_weights(model.get_weights())
    return copy


def layers_with_weights(layer: Any) -> list[Any]:
    """The innermost layers that have weights, in the order of the model's layers."""
    parts = getattr(layer, "layers", None)
    if parts:
        return [inner for part in parts for inner in layers_with_weights(part)]
    return [layer] if layer.weights else []


def class_sensitivity(
    maps: np.ndarray, scores: np.ndarray, *, alike: str = "pearson"
) -> np.ndarray:
    """How much the maps of the most and the least likely class agree, -1..1; low is good.

    maps: (batch, classes, height, width), as `Explainer.all_classes` gives. scores: (batch,
    classes). alike: "pearson", "spearman" or "ssim". Returns float64 (batch,). A map that is the
    same for every class explains none of them: Nie et al. 2018, arXiv:1805.07039, section 2; the
    least likely class in the place of a random one (Sixt et al. 2020, arXiv:1912.09818).
    """
    maps, scores = checks.as_numbers(maps, "maps"), checks.as_numbers(scores, "scores")
    check_finite(maps)
    if not np.isfinite(scores).all():
        raise OptionError("scores have NaN or infinite values: no class is the most likely one.")
    if maps.ndim != 4 or not maps.size or scores.shape != maps.shape[:2]:
        raise OptionError(
            f"maps have shape (batch, classes, height, width) and scores (batch, classes); got "
            f"{maps.shape} and {scores.shape}."
        )
    every = np.arange(len(maps))
    most, least = maps[every, scores.argmax(axis=1)], maps[every, scores.argmin(axis=1)]
    return similarity.get_similarity(alike)(most, least)


def completeness(
    images: np.ndarray, maps: np.ndarray, scorer: ScoreFunction, *, baseline: Baseline = "zero"
) -> np.ndarray:
    """What a map's sum says too much of the score's rise from the baseline; near 0 is good.

    images: float32 (batch, height, width, channels). maps: (batch, *any), signed. scorer: gives
    what the maps explain, such as logits. baseline: as for `deletion`, but not "linear".
    Returns float64 (batch,): sum(map) - (f(image) - f(baseline)). Sundararajan et al. 2017,
    arXiv:1703.01365, proposition 1.
    """
    images = checks.as_images(images)
    maps = checks.as_numbers(maps, "maps").astype("float64", copy=False)
    check_finite(maps)
    if maps.ndim < 2 or not maps.size or len(maps) != len(images):
        raise OptionError(
            f"{len(maps) if maps.ndim else 0} maps for {len(images)} images: give one each."
        )
    put = np.broadcast_to(removed_values(images, baseline), images.shape).astype("float32")
    rise = perturbed_copies.scores_of_images(scorer, images) - perturbed_copies.scores_of_images(
        scorer, put
    )
    excess: np.ndarray = maps.reshape(len(maps), -1).sum(axis=1) - rise
    return excess
