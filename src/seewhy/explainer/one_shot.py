"""explain() and concepts(): one line for what an Explainer does in two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seewhy.explainer.explainer import Explainer
from seewhy.results.concepts import Concepts
from seewhy.results.explanation import Explanation
from seewhy.targets.labels import Labels


def explain(  # noqa: PLR0913  (the façade: every choice has its default)
    model: Any,
    image: Any,
    *,
    target: Any = "top",
    layer: Any = None,
    method: str | Callable[..., Any] = "grad-cam",
    preprocess: str | Callable[..., Any] | None = None,
    labels: Labels | Sequence[str] | str | Path | None = None,
    scores: str = "logits",
    size: int | tuple[int, int] | None = None,
    fit: str = "squash",
    weights: str | Path | None = None,
    top: int = 3,
    output: str | int | None = None,
    grid: tuple[int, ...] | None = None,
    fuse: str = "mean",
    bands: Sequence[int] | None = None,
    options: Mapping[str, Any] | None = None,
    enhance: Any = (),
    upsampling: str = "linear",
) -> Explanation:
    """Why the model decided as it did about one image.

    image: a path, file object, PIL image, uint8 array, or a preprocessed float array; for a model
        with several inputs a dictionary or tuple of them.
    target: "top", an index, a WordNet id, a class name, a word for a group ("dog"), a question of
        `seewhy.targets`, or a function of the model's outputs.
    The other arguments are those of `Explainer`, which is the way for more than one image.
    Raises a SeewhyError whose message tells the mend.
    """
    explainer = Explainer(
        model,
        layer=layer,
        method=method,
        preprocess=preprocess,
        labels=labels,
        scores=scores,
        size=size,
        fit=fit,
        weights=weights,
        top=top,
        output=output,
        grid=grid,
        fuse=fuse,
        bands=bands,
        options=options,
        enhance=enhance,
        upsampling=upsampling,
    )
    sample = tuple(image) if isinstance(image, list) else image
    return explainer([sample], targets=[target])[0]


def concepts(  # noqa: PLR0913  (the façade: every choice has its default)
    model: Any,
    images: Any,
    *,
    layer: Any = None,
    count: int = 5,
    labels: Labels | Sequence[str] | str | Path | None = None,
    preprocess: str | Callable[..., Any] | None = None,
    weights: str | Path | None = None,
    size: int | tuple[int, int] | None = None,
    top: int = 3,
    seed: int = 0,
    **settings: Any,
) -> Concepts:
    """The parts that one layer sees in one or many images, and the classes that they speak for.

    model: as `Explainer` takes it, or an Explainer, whose choices hold where none are given here.
    images: as a call of an Explainer takes them. count: how many concepts. top: how many classes
    each is labelled with. seed: of the factorisation's start. settings: the other arguments of
    `Explainer`. See `Explainer.concepts` for what is done and what is raised.
    """
    given = {"layer": layer, "labels": labels, "preprocess": preprocess, "weights": weights}
    given |= {"size": size, **settings}
    chosen = {name: value for name, value in given.items() if value is not None}
    if isinstance(model, Explainer):
        explainer = model.having(**chosen) if chosen else model
    else:
        explainer = Explainer(model, **chosen)
    return explainer.concepts(images, count=count, top=top, seed=seed)
