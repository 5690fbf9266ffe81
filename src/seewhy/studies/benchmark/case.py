"""From a photo and a map, of a method or a control, to what measures ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from seewhy.errors import MapError
from seewhy.explainer.explainer import Explainer
from seewhy.explainer.scorer import Scorer
from seewhy.images.geometry import Geometry, enlarge
from seewhy.images.photo import Photo
from seewhy.metrics import controls
from seewhy.metrics.localisation.boxes_and_masks import Corners
from seewhy.results.explanation import Explanation
from seewhy.studies import measuring
from seewhy.studies.benchmark.measures import MeasuredMap


@dataclass(frozen=True)
class PhotoContext:
    """A photo, and the model's scores of its changed copies."""

    photo: Photo
    geometry: Geometry
    scorer: Scorer
    place: int
    """Which of the scorer's inputs it is."""
    drawn: tuple[Sequence[Corners] | None, np.ndarray | None]
    """Boxes, and a mask of the photo's size; None where there are none."""
    seeds: tuple[int, int]
    """Of the measures, and of the random map of this photo."""
    target: Any

    @property
    def image(self) -> np.ndarray:
        image: np.ndarray = self.scorer.inputs[self.place]
        return image

    def score(self, images: Any) -> np.ndarray:
        return self.scorer(images, np.full(len(images), self.place))

    def case(self, map: np.ndarray, heatmap: np.ndarray, explain: Any, other: Any) -> MeasuredMap:
        return MeasuredMap(
            image=self.image[None],
            map=enlarge(map, self.image.shape[:2]).astype("float64")[None],
            heatmap=heatmap,
            scorer=self.score,
            explain=explain,
            other=other,
            boxes=self.drawn[0],
            mask=self.drawn[1],
            seed=self.seeds[0],
            grid=map.shape,
        )


def measured_method_map(
    context: PhotoContext, explainer: Explainer, explanation: Explanation
) -> MeasuredMap | str:
    """The case of a method's map, or what is wrong with the map."""
    index = getattr(explanation.target, "index", None)
    target = context.target if index is None else int(index)  # of copies, "top" may be another
    try:
        heatmap = explanation.heatmap
    except MapError as error:
        return str(error)
    explain = partial(_explain_copies, explainer, target)

    def other() -> tuple[np.ndarray, np.ndarray]:
        least = measuring.least_likely(explainer, [context.photo])[0]
        return explanation.map_on_input, least.map_on_input

    return context.case(explanation.map_on_input, heatmap, explain, other)


def measured_control_map(context: PhotoContext, grid: tuple[int, ...], way: int) -> MeasuredMap:
    """The case of a map that knows nothing of the network; way: which of `controls.NAMES`."""

    def explain(images: Any) -> np.ndarray:
        return np.stack(
            [controls.control_maps(image, grid, context.seeds[1])[way] for image in images]
        )

    map = explain(context.image[None])[0]
    heatmap = measuring.control_heatmap(map, context.geometry)
    return context.case(map, heatmap, explain, lambda: (map, map))


def _explain_copies(explainer: Explainer, target: Any, images: Any) -> np.ndarray:
    """The maps of network inputs (n, height, width, channels), which are preprocessed already."""
    copies = np.asarray(images)
    ready = np.moveaxis(copies, -1, 1) if explainer.pipeline.wrapped.channels_first else copies
    return np.stack(
        [
            explanation.map_on_input
            for explanation in measuring.explain_quietly(explainer, list(ready), target)
        ]
    )
