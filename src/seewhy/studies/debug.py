"""One wrong decision looked at from all sides: `seewhy.debug`."""

from __future__ import annotations

import warnings
from typing import Any, Unpack

import numpy as np

from seewhy.errors import OptionError, SeewhyWarning, TargetError
from seewhy.explainer.arguments.describe import accepts_options
from seewhy.explainer.arguments.types import ExplainerArguments
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.one_shot import explainer_of
from seewhy.images.argument_order import check_order
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.maps.regions import hottest_first
from seewhy.metrics.faithfulness.baselines import heavily_blurred
from seewhy.models.samples import read_files
from seewhy.results.explanation import Explanation
from seewhy.studies.debug_report import SHARES, Debugging, Region
from seewhy.targets.builders import margin


@accepts_options()
def debug(
    model: Any, image: Any, true: Any, *, trust: bool = True, **settings: Unpack[ExplainerArguments]
) -> Debugging:
    """Look at one prediction beside the class that should have been predicted.

    model: as `Explainer` takes it, or an Explainer. image: one photo. true: the true class, as
    `target=` takes it. trust: whether the checks of `Explanation.trust` are made of the predicted
    class's map, for 39 forward passes. settings: the other arguments of `Explainer`.
    Where the prediction is right, the runner-up stands in the other's place.
    Raises TargetError for a class that the model does not have or a group of classes, OptionError
    for what is no photo.
    """
    check_order("seewhy.debug(model, photo, true)", model, image)
    explainer = explainer_of(model, settings)
    explainer = explainer.having(top=max(explainer.top, 5))
    sample = read_files(image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)  # each is in its explanation
        predicted, expected = explainer.ask([sample], ["top", true])[0]
        first, expected_class = _index(predicted), _index(expected)
        right = first == expected_class
        if right:
            expected_class = predicted.predictions[1].index
            expected = explainer([sample], expected_class)[0]
        difference = explainer([sample], margin(first, expected_class))[0]
        region = _deciding_region(explainer, sample, difference, predicted, (first, expected_class))
        checks = predicted.trust() if trust else None
    order = [prediction.index for prediction in predicted.predictions]
    wished = first if right else expected_class
    return Debugging(
        predicted=predicted,
        true=expected,
        difference=difference,
        region=region,
        right=right,
        rank=order.index(wished) + 1 if wished in order else None,
        confusions=predicted.predictions,
        trust=checks,
    )


def _index(explanation: Explanation) -> int:
    index = getattr(explanation.target, "index", None)
    if index is None:
        raise TargetError(
            f"a prediction is compared with one class; {explanation.target.name!r} is not one. "
            f"Give an index or the full name of a class."
        )
    return int(index)


def _deciding_region(
    explainer: Explainer,
    sample: Any,
    difference: Explanation,
    predicted: Explanation,
    pair: tuple[int, int],
) -> Region | None:
    """Taken away hottest first, by either map, and blurred or filled with the mean colour."""
    if not isinstance(difference.photo, Photo):
        raise OptionError("debug removes parts of photos; this input is none. Take targets.margin.")
    scorer = explainer.scorer([sample], [margin(*pair)], scores="logits")
    image = scorer.inputs[0]
    counts = [max(1, round(share * image[..., 0].size)) for share in SHARES]
    blanks = (heavily_blurred(image[None])[0], image.mean(axis=(0, 1), keepdims=True))
    masks, copies = [image[..., 0] < -np.inf], [image]
    for explanation in (difference, predicted):
        order = hottest_first(explanation.map_on_input, image.shape[:2])
        ranks = np.empty(order.size, int)
        ranks[order] = np.arange(order.size)
        hottest = ranks.reshape(1, *image.shape[:2]) < np.array(counts).reshape(-1, 1, 1)
        for blank in blanks:
            masks += list(hottest)
            copies += list(np.where(hottest[..., None], blank, image))
    scores = scorer(np.stack(copies).astype("float32"), np.zeros(len(copies), int))
    turned = np.flatnonzero(scores <= 0)
    turned = turned[turned > 0]
    if not len(turned):
        return None
    at = min(turned.tolist(), key=lambda k: masks[k].mean())
    on_photo = _on_photo(masks[at], difference.geometry.of_input)
    return Region(on_photo, float(masks[at].mean()), float(scores[0]), float(scores[at]))


def _on_photo(mask: np.ndarray, geometry: Geometry) -> np.ndarray:
    on_photo: np.ndarray = geometry.to_photo(mask.astype("float32")) > 0.5
    return on_photo
