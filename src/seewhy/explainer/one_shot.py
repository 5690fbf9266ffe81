"""explain() and concepts(): one line for what an Explainer does in two."""

from __future__ import annotations

from typing import Any

from seewhy.explainer.explainer import Explainer
from seewhy.explainer.options import accepts_options, read_options
from seewhy.results.concepts import Concepts
from seewhy.results.explanation import Explanation

# They play no part for one image, or in how concepts are found.
_OF_MANY = ("batch_size",)


@accepts_options(leave_out=_OF_MANY)
def explain(model: Any, image: Any, *, target: Any = "top", **options: Any) -> Explanation:
    """Why the model decided as it did about one image.

    image: a path, file object, PIL image, uint8 array, or a preprocessed float array; for a model
        with several inputs a dictionary or tuple of them.
    target: "top", an index, a WordNet id, a class name, a word for a group ("dog"), a question of
        `seewhy.targets`, or a function of the model's outputs.
    {options}
    `Explainer` is the way for more than one image.
    Raises a SeewhyError whose message tells the mend.
    """
    read_options(options, "explain")
    sample = tuple(image) if isinstance(image, list) else image
    return Explainer(model, **options)([sample], targets=[target])[0]


@accepts_options(leave_out=("top",))
def concepts(
    model: Any, images: Any, *, count: int = 5, top: int = 3, seed: int = 0, **options: Any
) -> Concepts:
    """The parts that one layer sees in one or many images, and the classes that they speak for.

    model: as `Explainer` takes it, or an Explainer, whose choices hold where none are given here.
    images: as a call of an Explainer takes them. count: how many concepts. top: how many classes
    each is labelled with. seed: of the factorisation's start.
    {options}
    See `Explainer.concepts` for what is done and what is raised.
    """
    read_options(options, "concepts")
    changes = {name: value for name, value in options.items() if value is not None}
    if isinstance(model, Explainer):
        explainer = model.having(**changes) if changes else model
    else:
        explainer = Explainer(model, **changes)
    return explainer.concepts(images, count=count, top=top, seed=seed)
