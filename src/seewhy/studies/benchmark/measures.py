"""Measures of one photo's map by name: what each needs, what is good, and where it is from."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy.errors import OptionError
from seewhy.images.geometry import enlarge
from seewhy.metrics import faithfulness, localisation, robustness, similarity
from seewhy.metrics.localisation.boxes_and_masks import Corners
from seewhy.metrics.localisation.wsol import box_accuracies

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


_known: dict[str, Measure] = {}


def _measure(name: str, good: str, kind: str, paper: str) -> Callable[[Any], Any]:
    def register(compute: Any) -> Any:
        _known[name] = Measure(name, good == "high", kind, paper, compute, {})
        return compute

    return register


PETSIUK = "Petsiuk et al. 2018, arXiv:1806.07421"
CHATTOPADHYAY = "Chattopadhyay et al. 2018, arXiv:1710.11063"
POPPI = "Poppi et al. 2021, arXiv:2104.10252"
DEYOUNG = "DeYoung et al. 2020, arXiv:1911.03429"
YEH = "Yeh et al. 2019, arXiv:1901.09392"


def _step(measured: MeasuredMap, step: int | None) -> int:
    return step or -(-measured.map[0].size // POINTS)


@_measure("deletion", "low", "faithfulness", PETSIUK)
def _deletion(measured: MeasuredMap, *, step: int | None = None, baseline: str = "zero") -> Any:
    game = faithfulness.deletion
    options: dict[str, Any] = {"step": _step(measured, step), "baseline": baseline}
    return game(measured.image, measured.map, measured.scorer, **options).auc


@_measure("insertion", "high", "faithfulness", PETSIUK)
def _insertion(measured: MeasuredMap, *, step: int | None = None, baseline: str = "blur") -> Any:
    game = faithfulness.insertion
    options: dict[str, Any] = {"step": _step(measured, step), "baseline": baseline}
    return game(measured.image, measured.map, measured.scorer, **options).auc


@_measure("pixel_flipping", "low", "faithfulness", "Bach et al. 2015, PLoS ONE 10(7): e0130140")
def _pixel_flipping(
    measured: MeasuredMap, *, step: int | None = None, baseline: str = "flip"
) -> Any:
    game = faithfulness.pixel_flipping
    return game(
        measured.image, measured.map, measured.scorer, step=_step(measured, step), baseline=baseline
    ).auc


@_measure("irof", "high", "faithfulness", "Rieger and Hansen 2020, arXiv:2003.08747")
def _irof(measured: MeasuredMap, *, segments: int = 8, baseline: str = "mean") -> Any:
    options: dict[str, Any] = {"segments": segments, "baseline": baseline}
    return faithfulness.irof(measured.image, measured.map, measured.scorer, **options)


@_measure("average_drop", "low", "faithfulness", CHATTOPADHYAY)
def _average_drop(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.average_drop(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@_measure("increase", "high", "faithfulness", CHATTOPADHYAY)
def _increase(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.average_increase(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@_measure("complexity", "low", "faithfulness", POPPI)
def _complexity(measured: MeasuredMap) -> Any:
    return faithfulness.complexity(measured.map)


def _enlarged(measured: MeasuredMap) -> Callable[[Any], np.ndarray]:
    """As `MeasuredMap.explain`, but maps of the network's size, like that compared with them."""
    size = measured.map.shape[1:]
    return lambda images: np.stack([enlarge(map, size) for map in measured.explain(images)])


@_measure("coherency", "high", "faithfulness", POPPI)
def _coherency(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.coherency(
        measured.image, measured.map, _enlarged(measured), baseline=baseline
    )


@_measure("adcc", "high", "faithfulness", POPPI)
def _adcc(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    explain = _enlarged(measured)
    return faithfulness.adcc(
        measured.image, measured.map, measured.scorer, explain, baseline=baseline
    )


@_measure("road", "high", "faithfulness", "Rong et al. 2022, arXiv:2202.00449")
def _road(measured: MeasuredMap, *, noise: float = 0.01) -> Any:
    # the noise is in units of the image, whatever its preprocessing made of them
    spread = float(measured.image.std())
    options: dict[str, Any] = {"noise": noise * spread, "seed": measured.seed}
    return faithfulness.road_combined(measured.image, measured.map, measured.scorer, **options)


@_measure("comprehensiveness", "high", "faithfulness", DEYOUNG)
def _comprehensiveness(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.comprehensiveness(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@_measure("sufficiency", "low", "faithfulness", DEYOUNG)
def _sufficiency(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.sufficiency(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@_measure("infidelity", "low", "faithfulness", YEH)
def _infidelity(measured: MeasuredMap, *, samples: int = 100, side: int | None = None) -> Any:
    # scaled, as maps of a layer are not in units of the score for a unit of the image
    side = side or max(1, min(measured.map.shape[1:]) // 7)
    options: dict[str, Any] = {"samples": samples, "side": side, "seed": measured.seed}
    return faithfulness.infidelity(
        measured.image, measured.map, measured.scorer, how="squares", scaled=True, **options
    )


def _radius(measured: MeasuredMap, radius: float) -> float:
    return radius * float(np.ptp(measured.image))


@_measure("max_sensitivity", "low", "robustness", YEH)
def _max_sensitivity(measured: MeasuredMap, *, radius: float = 0.02, samples: int = 10) -> Any:
    options: dict[str, Any] = {"samples": samples, "seed": measured.seed}
    return robustness.max_sensitivity(
        measured.image, measured.explain, _radius(measured, radius), **options
    )


@_measure("average_sensitivity", "low", "robustness", YEH)
def _average_sensitivity(measured: MeasuredMap, *, radius: float = 0.02, samples: int = 10) -> Any:
    options: dict[str, Any] = {"samples": samples, "seed": measured.seed}
    return robustness.average_sensitivity(
        measured.image, measured.explain, _radius(measured, radius), **options
    )


@_measure("flip_consistency", "high", "robustness", "Wang et al. 2020, arXiv:2004.04581")
def _flip_consistency(measured: MeasuredMap) -> Any:
    return robustness.flip_consistency(measured.image, measured.explain)


@_measure("class_sensitivity", "low", "sanity", "Nie et al. 2018, arXiv:1805.07039")
def _class_sensitivity(measured: MeasuredMap) -> Any:
    map, other = measured.other()
    return similarity.pearson(map[None], other[None])


@_measure("pointing_game", "high", "localisation", "Zhang et al. 2016, arXiv:1608.00507")
def _pointing_game(measured: MeasuredMap, *, tolerance: float = 15) -> Any:
    if not measured.heatmap.any():
        return 0.0
    assert measured.mask is not None  # noqa: S101  (for mypy: asked of photos with boxes only)
    return localisation.pointing_game(
        measured.heatmap[None], measured.mask[None], tolerance=tolerance
    )


@_measure("energy_inside", "high", "localisation", "Wang et al. 2020, arXiv:1910.01279")
def _energy_inside(measured: MeasuredMap) -> Any:
    if not measured.heatmap.any():
        return 0.0
    assert measured.mask is not None  # noqa: S101
    return localisation.energy_inside(measured.heatmap[None], measured.mask[None])


@_measure("box_iou", "high", "localisation", "Selvaraju et al. 2017, arXiv:1610.02391")
def _box_iou(measured: MeasuredMap, *, threshold: float = 0.15) -> Any:
    if not measured.heatmap.any():
        return 0.0
    assert measured.boxes is not None  # noqa: S101
    return localisation.box_iou(measured.heatmap[None], [measured.boxes], threshold=threshold)


@_measure("max_box_acc", "high", "localisation", "Choe et al. 2020, arXiv:2001.07437")
def _max_box_acc(measured: MeasuredMap, *, iou: float = 0.5) -> Any:
    """Whether the box fits at each threshold; the best threshold is that of all photos."""
    assert measured.boxes is not None  # noqa: S101
    return box_accuracies(measured.heatmap[None], [measured.boxes], ious=(iou,))[:, 0]


DEFAULTS = ("deletion", "insertion", "average_drop", "increase")
DRAWN_DEFAULTS = (*DEFAULTS, "pointing_game", "energy_inside", "box_iou")


def all_measures() -> tuple[Measure, ...]:
    """All measures."""
    return tuple(_known.values())


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
    if spelled not in _known:
        near = difflib.get_close_matches(spelled, _known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"no metric named {name!r}.{hint} Known metrics: {', '.join(_known)}.")
    known_measure = _known[spelled]
    parameters = inspect.signature(known_measure.compute).parameters.values()
    has = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    unknown = [option for option in options if option not in has]
    if unknown:
        raise OptionError(
            f"{known_measure.name} has no option {unknown[0]!r}. It has "
            f"{', '.join(has) or 'no options'}."
        )
    return Measure(
        known_measure.name,
        known_measure.high,
        known_measure.kind,
        known_measure.paper,
        known_measure.compute,
        options,
    )
