"""Measures of one photo's map by name: what each needs, what is good, and where it is from."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.metrics.localisation.boxes_and_masks import Corners

POINTS = 32
"""Steps of the games that remove pixels, if no step is given."""


@dataclass(frozen=True)
class MeasuredMap:
    """One photo with one map of it. Whatever is measured is measured photo by photo, so that a
    figure does not depend on which others are beside it."""

    image: np.ndarray
    """float32 (1, height, width, channels), as the network gets it."""
    map: np.ndarray
    """float64 (1, height, width), signed, of the network's size."""
    heatmap: np.ndarray
    """(height, width) of the photo, in 0..1."""
    scorer: Callable[[Any], np.ndarray]
    """Changed images (n, height, width, channels) → the target's probability (n,)."""
    explain: Callable[[Any], np.ndarray]
    """Changed images → their maps for the same target, (n, rows, cols)."""
    other: Callable[[], tuple[np.ndarray, np.ndarray]]
    """Gives the map and that of the least likely class, (rows, cols) both."""
    boxes: Sequence[Corners] | None
    mask: np.ndarray | None
    """bool, of the photo's size; None like the boxes where nothing was drawn on the photo."""
    seed: int
    grid: tuple[int, ...]
    """(rows, cols) that the map has by itself."""


@dataclass(frozen=True)
class Measure:
    """One measure with its options."""

    name: str
    high: bool
    """Whether a high figure is good."""
    kind: str
    """faithfulness, robustness, sanity or localisation."""
    paper: str
    compute: Callable[..., Any]
    """(measured map, **options) → a number, or one a threshold, of which the best counts."""
    options: Mapping[str, Any]
    """Those that were given; the others are the function's own."""

    @property
    def label(self) -> str:
        """The name with the options that were given."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.name}({options})" if options else self.name

    @property
    def heading(self) -> str:
        return f"{self.label.replace('_', ' ')} {'↑' if self.high else '↓'}"

    @property
    def drawn(self) -> bool:
        """Whether it needs boxes or masks."""
        return self.kind == "localisation"

    def __call__(self, measured: MeasuredMap) -> np.ndarray:
        """float64 (k,), with k = 1 for all but set measures; NaN where it is not defined."""
        if self.drawn and measured.boxes is None:
            return np.array([np.nan])
        return np.atleast_1d(np.asarray(self.compute(measured, **self.options), "float64"))


_KNOWN: dict[str, Measure] = {}


def measure(name: str, good: str, kind: str, paper: str) -> Callable[[Any], Any]:
    def register(compute: Any) -> Any:
        _KNOWN[name] = Measure(name, good == "high", kind, paper, compute, {})
        return compute

    return register


DEFAULTS = ("deletion", "insertion", "average_drop", "increase")
DRAWN_DEFAULTS = (*DEFAULTS, "pointing_game", "energy_inside", "box_iou")


def all_measures() -> tuple[Measure, ...]:
    """All measures."""
    importlib.import_module("seewhy.studies.benchmark.measure_formulas")  # registers them
    return tuple(_KNOWN.values())


def choose_measures(measures: Sequence[Any] | None, drawn: bool) -> tuple[Measure, ...]:
    """Measures by names or pairs (name, options); None for the quick ones.

    drawn: whether there are boxes. Raises OptionError for unknown names and options, and for
    measures that need boxes where there are none.
    """
    if measures is None:
        measures = DRAWN_DEFAULTS if drawn else DEFAULTS
    if isinstance(measures, str) or not len(measures):
        raise OptionError(f"metrics is a list with at least one entry; got {measures!r}.")
    chosen = [_measure_of(each) for each in measures]
    lost = [each.name for each in chosen if each.drawn and not drawn]
    if lost:
        raise OptionError(f"{lost[0]} compares maps with boxes or masks: give a file with boxes.")
    return tuple({each.label: each for each in chosen}.values())


def _measure_of(measure: Any) -> Measure:
    name, options = (measure[0], dict(measure[1])) if isinstance(measure, tuple) else (measure, {})
    spelled = str(name).lower().replace("-", "_").replace(" ", "_")
    known = {each.name: each for each in all_measures()}
    if spelled not in known:
        near = difflib.get_close_matches(spelled, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"no metric named {name!r}.{hint} Known metrics: {', '.join(known)}.")
    known_measure = known[spelled]
    parameters = inspect.signature(known_measure.compute).parameters.values()
    has = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    unknown = [option for option in options if option not in has]
    if unknown:
        raise OptionError(
            f"{known_measure.name} has no option {unknown[0]!r}. It has "
            f"{', '.join(has) or 'no options'}."
        )
    return replace(known_measure, options=options)


def shown_measure(measures: Sequence[Measure]) -> Measure:
    """The measure that pictures show: the first of faithfulness, or else the first."""
    return next((measure for measure in measures if measure.kind == "faithfulness"), measures[0])
