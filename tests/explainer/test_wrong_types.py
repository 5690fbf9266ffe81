"""Options of a wrong type are told by the error that wrong values have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seewhy import render
from seewhy.errors import OptionError, SeewhyError
from seewhy.explainer.options import FIELDS, ExplainerOptions
from seewhy.maps import regions

pytestmark = pytest.mark.framework_free

WRONG = [
    *(1.5, float("nan"), True, b"bytes", object(), {1: 2}, {"a", "b"}, -3, 0, [], "", "big", None),
    *([1.5], [None], (1, 2, 3, 4), ["a", 3], np.ones((2, 2)), np.array([]), print, Path("a")),
]
# By field, what of these is allowed; of what holds anything by name an object cannot be told.
ALLOWED = {
    "layer": (-3, 0, "", "big", None, (1, 2, 3, 4), ["a", 3]),
    "method": ("big", print),
    "options": (None,),
    "enhance": ("", "big", None, []),
    "grid": (None, (1, 2, 3, 4)),
    "output": (-3, 0, "", "big", None),
    "labels": ([], "", "big", None, Path("a")),
    "preprocess": ("big", print, None),
    "weights": ("", "big", None, Path("a")),
    "size": (None,),
    "bands": (None,),
    "range": (None,),
    "sizes": (None, (1, 2, 3, 4)),
    "sharpen": (1.5,),
    "prepared": (None, True),
    "compile": (None,),
}


def numbered(values):
    """Names of test cases that are the same in every process."""
    return [f"{type(value).__name__}-{k}" for k, value in enumerate(values)]


def is_allowed(name, value):
    return any(
        each is value
        or (type(each) is type(value) and not isinstance(each, np.ndarray) and each == value)
        for each in ALLOWED.get(name, ())
    )


@pytest.mark.parametrize("value", WRONG, ids=numbered(WRONG))
@pytest.mark.parametrize("name", [each.name for each in FIELDS])
def test_wrong_types_are_told_by_the_name_of_the_option(name, value):
    if is_allowed(name, value):
        ExplainerOptions(**{name: value})
    elif not (name in ("labels",) and isinstance(value, np.ndarray) and not value.size):
        with pytest.raises(OptionError, match=name):
            ExplainerOptions(**{name: value})


PIXELS = np.zeros((4, 6, 3), "uint8")
MAP = np.ones((4, 6))
SEEN = MAP > 0
GOOD = {
    render.colorize: {"map": MAP, "size": (6, 4), "colormap": "jet"},
    render.overlay: {"pixels": PIXELS, "map": MAP, "colormap": "jet", "alpha": 0.5, "blend": "add"},
    render.paint: {"heatmap": MAP, "colormap": "jet"},
    render.laid_over: {"pixels": PIXELS, "colours": PIXELS, "alpha": 0.5, "blend": "mix"},
    render.mark_unseen: {"picture": PIXELS, "seen": SEEN},
    render.table: {"colormap": "jet"},
    render.save: {"picture": PIXELS, "path": "picture.png"},
    regions.mask: {"heatmap": MAP, "how": "max", "value": 0.2},
    regions.boxes: {"heatmap": MAP, "threshold": 0.2, "max_boxes": 1},
}
WRONG_PICTURES = [
    *(np.zeros((0, 6)), np.zeros((0, 6, 3), "uint8"), np.full((4, 6), np.nan), np.ones(6)),
    *(np.full((4, 6), "a"), [[1, 2], [3]], np.ones((4, 6), complex)),
]
ALL_WRONG = [*WRONG, *WRONG_PICTURES]
MAY = {("colorize", "size"): (None,), ("mask", "value"): (None, 0), ("boxes", "max_boxes"): (None,)}
MAY |= {("laid_over", "alpha"): (0,), ("overlay", "alpha"): (0, None)}  # None: the look's own
MAY |= {("colorize", "colormap"): (None,), ("overlay", "colormap"): (None,)}
MAY |= {("overlay", "blend"): (None,)}
MAY |= {("boxes", "threshold"): (0, None)}


@pytest.mark.parametrize("value", ALL_WRONG, ids=numbered(ALL_WRONG))
@pytest.mark.parametrize(
    ("function", "name"), [(function, name) for function in GOOD for name in GOOD[function]]
)
def test_pictures_of_wrong_types_are_told(function, name, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    may = MAY.get((function.__name__, name), ())
    if any(value is each for each in may) or (name == "heatmap" and function is not render.paint):
        return
    if isinstance(value, np.ndarray) and value.shape == (2, 2) and name in ("map", "heatmap"):
        return
    with pytest.raises(SeewhyError) as caught:
        function(**{**GOOD[function], name: value})
    assert len(str(caught.value)) > 15
