"""The measures that a benchmark knows, each on one measured map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seewhy.images.geometry import enlarge
from seewhy.metrics import faithfulness, localisation, robustness, similarity
from seewhy.metrics.localisation.wsol import box_accuracies
from seewhy.studies.benchmark import measures
from seewhy.studies.benchmark.measures import MeasuredMap, measure

PETSIUK = "Petsiuk et al. 2018, arXiv:1806.07421"
CHATTOPADHYAY = "Chattopadhyay et al. 2018, arXiv:1710.11063"
POPPI = "Poppi et al. 2021, arXiv:2104.10252"
DEYOUNG = "DeYoung et al. 2020, arXiv:1911.03429"
YEH = "Yeh et al. 2019, arXiv:1901.09392"


def _step(measured: MeasuredMap, step: int | None) -> int:
    return step or -(-measured.map[0].size // measures.POINTS)


@measure("deletion", "low", "faithfulness", PETSIUK)
def _deletion(measured: MeasuredMap, *, step: int | None = None, baseline: str = "zero") -> Any:
    game = faithfulness.deletion
    options: dict[str, Any] = {"step": _step(measured, step), "baseline": baseline}
    return game(measured.image, measured.map, measured.scorer, **options).auc


@measure("insertion", "high", "faithfulness", PETSIUK)
def _insertion(measured: MeasuredMap, *, step: int | None = None, baseline: str = "blur") -> Any:
    game = faithfulness.insertion
    options: dict[str, Any] = {"step": _step(measured, step), "baseline": baseline}
    return game(measured.image, measured.map, measured.scorer, **options).auc


@measure("pixel_flipping", "low", "faithfulness", "Bach et al. 2015, PLoS ONE 10(7): e0130140")
def _pixel_flipping(
    measured: MeasuredMap, *, step: int | None = None, baseline: str = "flip"
) -> Any:
    game = faithfulness.pixel_flipping
    return game(
        measured.image, measured.map, measured.scorer, step=_step(measured, step), baseline=baseline
    ).auc


@measure("irof", "high", "faithfulness", "Rieger and Hansen 2020, arXiv:2003.08747")
def _irof(measured: MeasuredMap, *, segments: int = 8, baseline: str = "mean") -> Any:
    options: dict[str, Any] = {"segments": segments, "baseline": baseline}
    return faithfulness.irof(measured.image, measured.map, measured.scorer, **options)


@measure("average_drop", "low", "faithfulness", CHATTOPADHYAY)
def _average_drop(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.average_drop(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@measure("increase", "high", "faithfulness", CHATTOPADHYAY)
def _increase(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.average_increase(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@measure("complexity", "low", "faithfulness", POPPI)
def _complexity(measured: MeasuredMap) -> Any:
    return faithfulness.complexity(measured.map)


def _enlarged(measured: MeasuredMap) -> Callable[[Any], np.ndarray]:
    """As `MeasuredMap.explain`, but maps of the network's size, like that compared with them."""
    size = measured.map.shape[1:]
    return lambda images: np.stack([enlarge(map, size) for map in measured.explain(images)])


@measure("coherency", "high", "faithfulness", POPPI)
def _coherency(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.coherency(
        measured.image, measured.map, _enlarged(measured), baseline=baseline
    )


@measure("adcc", "high", "faithfulness", POPPI)
def _adcc(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    explain = _enlarged(measured)
    return faithfulness.adcc(
        measured.image, measured.map, measured.scorer, explain, baseline=baseline
    )


@measure("road", "high", "faithfulness", "Rong et al. 2022, arXiv:2202.00449")
def _road(measured: MeasuredMap, *, noise: float = 0.01) -> Any:
    # the noise is in units of the image, whatever its preprocessing made of them
    spread = float(measured.image.std())
    options: dict[str, Any] = {"noise": noise * spread, "seed": measured.seed}
    return faithfulness.road_combined(measured.image, measured.map, measured.scorer, **options)


@measure("comprehensiveness", "high", "faithfulness", DEYOUNG)
def _comprehensiveness(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.comprehensiveness(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@measure("sufficiency", "low", "faithfulness", DEYOUNG)
def _sufficiency(measured: MeasuredMap, *, baseline: str = "zero") -> Any:
    return faithfulness.sufficiency(
        measured.image, measured.map, measured.scorer, baseline=baseline
    )


@measure("infidelity", "low", "faithfulness", YEH)
def _infidelity(measured: MeasuredMap, *, samples: int = 100, side: int | None = None) -> Any:
    # scaled, as maps of a layer are not in units of the score for a unit of the image
    side = side or max(1, min(measured.map.shape[1:]) // 7)
    options: dict[str, Any] = {"samples": samples, "side": side, "seed": measured.seed}
    return faithfulness.infidelity(
        measured.image, measured.map, measured.scorer, how="squares", scaled=True, **options
    )


def _radius(measured: MeasuredMap, radius: float) -> float:
    return radius * float(np.ptp(measured.image))


@measure("max_sensitivity", "low", "robustness", YEH)
def _max_sensitivity(measured: MeasuredMap, *, radius: float = 0.02, samples: int = 10) -> Any:
    options: dict[str, Any] = {"samples": samples, "seed": measured.seed}
    return robustness.max_sensitivity(
        measured.image, measured.explain, _radius(measured, radius), **options
    )


@measure("average_sensitivity", "low", "robustness", YEH)
def _average_sensitivity(measured: MeasuredMap, *, radius: float = 0.02, samples: int = 10) -> Any:
    options: dict[str, Any] = {"samples": samples, "seed": measured.seed}
    return robustness.average_sensitivity(
        measured.image, measured.explain, _radius(measured, radius), **options
    )


@measure("flip_consistency", "high", "robustness", "Wang et al. 2020, arXiv:2004.04581")
def _flip_consistency(measured: MeasuredMap) -> Any:
    return robustness.flip_consistency(measured.image, measured.explain)


@measure("class_sensitivity", "low", "sanity", "Nie et al. 2018, arXiv:1805.07039")
def _class_sensitivity(measured: MeasuredMap) -> Any:
    map, other = measured.other()
    return similarity.pearson(map[None], other[None])


@measure("pointing_game", "high", "localisation", "Zhang et al. 2016, arXiv:1608.00507")
def _pointing_game(measured: MeasuredMap, *, tolerance: float = 15) -> Any:
    if not measured.heatmap.any():
        return 0.0
    assert measured.mask is not None  # noqa: S101  (for mypy: asked of photos with boxes only)
    return localisation.pointing_game(
        measured.heatmap[None], measured.mask[None], tolerance=tolerance
    )


@measure("energy_inside", "high", "localisation", "Wang et al. 2020, arXiv:1910.01279")
def _energy_inside(measured: MeasuredMap) -> Any:
    if not measured.heatmap.any():
        return 0.0
    assert measured.mask is not None  # noqa: S101
    return localisation.energy_inside(measured.heatmap[None], measured.mask[None])


@measure("box_iou", "high", "localisation", "Selvaraju et al. 2017, arXiv:1610.02391")
def _box_iou(measured: MeasuredMap, *, threshold: float = 0.15) -> Any:
    if not measured.heatmap.any():
        return 0.0
    assert measured.boxes is not None  # noqa: S101
    return localisation.box_iou(measured.heatmap[None], [measured.boxes], threshold=threshold)


@measure("max_box_acc", "high", "localisation", "Choe et al. 2020, arXiv:2001.07437")
def _max_box_acc(measured: MeasuredMap, *, iou: float = 0.5) -> Any:
    """Whether the box fits at each threshold; the best threshold is that of all photos."""
    assert measured.boxes is not None  # noqa: S101
    return box_accuracies(measured.heatmap[None], [measured.boxes], ious=(iou,))[:, 0]
