"""What is no batch of maps, images, masks or boxes is refused by every measure in words."""

from __future__ import annotations

import inspect
import warnings
from itertools import product

import numpy as np
import pytest

from seewhy import metrics
from seewhy.errors import SeewhyError

pytestmark = pytest.mark.framework_free

MODULES = (
    *(metrics.controls, metrics.faithfulness, metrics.localisation),
    *(metrics.robustness, metrics.sanity, metrics.similarity),
)
# Those take a model, a name, or a layer.
ELSEWHERE = {"randomised", "randomised_copies", "layers_with_weights", "get_similarity"}


def measures():
    for module in MODULES:
        names = getattr(module, "__all__", None) or [
            name for name in vars(module) if not name.startswith("_")
        ]
        for name in names:
            function = getattr(module, name)
            own = inspect.isfunction(function) and function.__module__.startswith(module.__name__)
            if own and name not in ELSEWHERE:
                yield function


MEASURES = list(measures())
RNG = np.random.default_rng(0)
BATCH, HEIGHT, WIDTH = 2, 9, 11
MAPS = RNG.random((BATCH, HEIGHT, WIDTH))
MASKS = MAPS > 0.5
IMAGES = RNG.random((BATCH, HEIGHT, WIDTH, 3)).astype("float32")
BOXES = [[(1, 2, 5, 6)], [(0, 0, 3, 3), (4, 4, 8, 8)]]
GOOD = {
    "images": IMAGES,
    "image": IMAGES[0],
    "maps": MAPS,
    "map": MAPS[0],
    "others": MAPS[::-1],
    "one": MAPS,
    "other": MAPS[::-1],
    "where": MASKS,
    "masks": MASKS,
    "removed": MASKS,
    "boxes": BOXES,
    "scorer": lambda images: images.mean(axis=(1, 2, 3)),
    "explain": lambda images: images.mean(axis=-1),
    "radius": 0.1,
    "grid": (3, 3),
    "seed": 0,
    "predicted": np.array([[1], [2]]),
    "classes": np.array([1, 2]),
    "scores": RNG.random((3, 2)),
}


def good_arguments(function):
    needed = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is parameter.empty
    ]
    given = {name: GOOD[name] for name in needed}
    if function.__name__ == "localisation_error":
        given["maps"] = MAPS[:, None]
    if function.__name__ == "class_sensitivity":
        given["maps"], given["scores"] = np.stack([MAPS] * 3, axis=1), RNG.random((BATCH, 3))
    return given


def with_value(array, value):
    changed = np.array(array, "float64")
    changed.flat[1] = value
    return changed


BAD_ARRAYS = {
    "NaN": lambda good: with_value(good, np.nan),
    "infinite": lambda good: with_value(good, -np.inf),
    "empty": lambda good: np.asarray(good)[:0],
    "without pixels": lambda good: np.asarray(good)[..., :0],
    "text": lambda _: "map.png",
    "texts": lambda good: np.full(np.shape(good), "a"),
    "objects": lambda good: np.full(np.shape(good), None),
    "complex": lambda good: np.asarray(good) + 1j,
    "nothing": lambda _: None,
    "a number": lambda _: 3,
    "ragged": lambda _: [[1, 2], [3]],
    "a dictionary": lambda _: {"map": 1},
    "an axis less": lambda good: np.asarray(good)[0],
    "an axis more": lambda good: np.asarray(good)[None],
    "another shape": lambda good: np.asarray(good)[..., :2, :],
}
ARRAYS = (
    *("images", "image", "maps", "map", "others", "one", "other", "removed", "masks"),
    *("predicted", "classes", "scores"),
)


def pairs(names):
    for function in MEASURES:
        for name in inspect.signature(function).parameters:
            if name in names and name in good_arguments(function):
                yield pytest.param(function, name, id=f"{function.__name__}-{name}")


def may_answer(function, name, how):
    """Whether this is no mistake: another shape where nothing else has one, names of classes."""
    if name in ("classes", "predicted"):
        return how in ("texts", "another shape")
    if how != "another shape":
        return False
    alone = {"complexity", "edge_map", "random_map", "centre_map", "control_maps", "blurred"}
    alone |= {"completeness", "largest_box", "box_iou", "max_box_acc", "max_box_acc_v2"}
    alone |= {"box_accuracies", "alike_decided", "class_sensitivity", "localisation_error"}
    alone |= {"sensitivities", "max_sensitivity", "average_sensitivity", "flip_consistency"}
    return function.__name__ in alone


@pytest.mark.parametrize("how", BAD_ARRAYS)
@pytest.mark.parametrize(("function", "name"), pairs(ARRAYS))
def test_bad_arrays_are_refused(function, name, how):
    if may_answer(function, name, how):
        return
    given = good_arguments(function)
    given[name] = BAD_ARRAYS[how](given[name])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SeewhyError) as caught:
            function(**given)
    assert len(str(caught.value)) > 20


BAD_PLACES = [
    None,
    3,
    "boxes.json",
    [],
    [[], []],
    [[(1, 2, 5, 6)]],
    [[(1, 2, 5, 6)], None],
    [[(1, 2, 5, 6)], [(1, 2, 5)]],
    [[(1, 2, 5, 6)], [(5, 2, 1, 6)]],
    [[(1, 2, 5, 6)], [(1, 2, 5, np.nan)]],
    [[(1, 2, 5, 6)], [(1, 2, 5, np.inf)]],
    [[(1, 2, 5, 6)], [("a", 2, 5, 6)]],
    [[(1, 2, 5, 6)], [{"left": 1}]],
    np.full((BATCH, HEIGHT, WIDTH), np.nan),
    np.ones((BATCH, HEIGHT, WIDTH)),
    np.ones((BATCH, HEIGHT, WIDTH), int),
    np.ones((BATCH, WIDTH, HEIGHT), bool),
    np.ones((HEIGHT, WIDTH), bool),
    np.full((BATCH, HEIGHT, WIDTH), "a"),
    np.zeros((0, HEIGHT, WIDTH), bool),
]


@pytest.mark.parametrize(
    "bad",
    BAD_PLACES,
    ids=lambda bad: str(np.shape(bad) if isinstance(bad, np.ndarray) else bad)[:40],
)
@pytest.mark.parametrize(("function", "name"), pairs(("where", "boxes", "masks")))
def test_bad_boxes_and_masks_are_refused(function, name, bad):
    given = good_arguments(function)
    with pytest.raises(SeewhyError):
        function(**{**given, name: bad})


BAD_ANSWERS = {
    "NaN": lambda good: (
        with_value(good, np.nan) if np.size(good) > 3 else np.full_like(good, np.nan)
    ),
    "texts": lambda good: np.full(np.shape(good), "a"),
    "nothing": lambda _: None,
    "an axis more": lambda good: np.asarray(good)[None],
    "too few": lambda good: np.asarray(good)[:-1],
    "ragged": lambda _: [[1, 2], [3]],
}


@pytest.mark.parametrize("how", BAD_ANSWERS)
@pytest.mark.parametrize(("function", "name"), pairs(("scorer", "explain")))
def test_bad_answers_of_functions_are_refused(function, name, how):
    if name == "scorer" and how == "NaN":
        return  # a score may be undefined, and its figure then is
    given = good_arguments(function)
    plain = given[name]
    given[name] = lambda images: BAD_ANSWERS[how](plain(images))
    with pytest.raises(SeewhyError):
        function(**given)


@pytest.mark.parametrize(
    ("name", "value"),
    product(
        ["tolerance", "threshold", "iou", "ious", "percentiles", "shares", "radius", "sigma"],
        ["x", None, np.nan, -1, [None], ["a"]],
    ),
)
def test_bad_numbers_are_refused(name, value):
    taking = [each for each in MEASURES if name in inspect.signature(each).parameters]
    assert taking
    for function in taking:
        if function.__name__ == "blurred":
            continue
        with pytest.raises(SeewhyError):
            function(**{**good_arguments(function), name: value})


@pytest.mark.parametrize("function", MEASURES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("value", [0, 0.5, -1])
def test_maps_of_one_value_have_an_answer(function, value):
    """Also NaN, where the measure is not defined, but no error of NumPy's own."""
    given = good_arguments(function)
    for name in ("maps", "map", "others", "one", "other"):
        if name in given:
            given[name] = np.full_like(given[name], value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            function(**given)
        except SeewhyError:
            assert value == -1  # some maps lie in 0..1
