"""explain(), trust() and concepts(): one line for what an Explainer does in two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from seewhy.errors import OptionError
from seewhy.explainer.arguments.describe import accepts_options
from seewhy.explainer.arguments.types import ConceptArguments, ExplainerArguments, TrustArguments
from seewhy.explainer.batching import TOP, one_question
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.options import read_options
from seewhy.images.argument_order import check_order, is_model
from seewhy.results.concepts import Concepts
from seewhy.results.explanation import Explanation
from seewhy.results.trust import Trust

if TYPE_CHECKING:
    from seewhy.methods.registry import MethodLike

# They play no part for one image, or in how concepts are found.
_OF_MANY = ("batch_size",)


@accepts_options(leave_out=_OF_MANY)
def explain(
    model: Any,
    image: Any,
    *,
    target: Any = TOP,
    targets: Any = TOP,
    **options: Unpack[ExplainerArguments],
) -> Explanation:
    """Why the model decided as it did about one image.

    model: a Keras 3 model, a preset's name (`seewhy models`), a `.keras` file, or a `Split` of two
        functions. Never changed.
    image: a path, file object, PIL image, uint8 array, or a preprocessed float array; for a model
        with several inputs a dictionary or tuple of them.
    target: "top", an index, a WordNet id, a class name, a word for a group ("dog"), a question of
        `seewhy.targets`, or a function of the model's outputs.
    targets: the same as target, as an Explainer calls it; a list of one question is taken, too.
    {options}
    `Explainer` is the way for more than one image.
    Raises a SeewhyError whose message tells the mend.
    """
    read_options(options, "explain")
    check_order("seewhy.explain(model, photo)", model, image)
    question = one_question(target, targets)
    sample = tuple(image) if isinstance(image, list) else image
    return Explainer(model, **options)([sample], targets=[question])[0]


@accepts_options(leave_out=("method", "top", "upsampling", *_OF_MANY))
def trust(
    map: Any,
    model: Any,
    photo: Any,
    target: Any = "top",
    *,
    method: MethodLike | None = None,
    **options: Unpack[TrustArguments],
) -> Trust:
    """Whether anybody's map is faithful to the model: the checks of `Explanation.trust`.

    map: (rows, cols), of any size, over the whole upright photo as it was given; of a signal or
        volume with its axes. Only what is above 0 speaks for the target.
    model: as `Explainer` takes it, or an Explainer, whose choices hold where none are given here.
    photo, target: as `explain` takes them.
    method: of which method of seewhy the map is said to be: then it is compared with that
        method's maps, and must be its own. None if it is another's or that is not known: then it
        is compared with Grad-CAM's (or the given Explainer's) map of the mirrored photo.
    {options}
    Raises MapError for what is no map over the photo.
    """
    read_options(options, "trust")
    if is_model(map) or isinstance(map, str):
        raise OptionError(
            f"the map comes first, and {type(map).__name__} is none: the order is "
            f"seewhy.trust(map, model, photo)."
        )
    check_order("seewhy.trust(map, model, photo)", model, photo)
    sample = tuple(photo) if isinstance(photo, list) else photo
    explainer = explainer_of(model, {**options, "method": method})
    return explainer.judge([map], [sample], [target], claimed=method is not None)[0]


def explainer_of(model: Any, options: Mapping[str, Any]) -> Explainer:
    """An explainer of a model, or the one that was given, with the choices that were made.

    options: arguments of `Explainer`; None is what was not chosen.
    """
    changes: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if not isinstance(model, Explainer):
        return Explainer(model, **changes)
    return model.having(**changes) if changes else model


@accepts_options(leave_out=("top",))
def concepts(
    model: Any,
    images: Any,
    *,
    count: int = 5,
    top: int = 3,
    seed: int = 0,
    **options: Unpack[ConceptArguments],
) -> Concepts:
    """The parts that one layer sees in one or many images, and the classes that they speak for.

    model: as `Explainer` takes it, or an Explainer, whose choices hold where none are given here.
    images: as a call of an Explainer takes them. count: how many concepts. top: how many classes
    each is labelled with. seed: of the factorisation's start.
    {options}
    See `Explainer.concepts` for what is done and what is raised.
    """
    read_options(options, "concepts")
    check_order("seewhy.concepts(model, photos)", model, images)
    explainer = explainer_of(model, options)
    return explainer.concepts(images, count=count, top=top, seed=seed)
