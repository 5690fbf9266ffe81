"""The engine of `evaluate` and `benchmark`: photos with what was drawn on them, and their maps.

Methods and controls are measured alike: a map on a grid becomes a heatmap of the photo by the same
steps, whoever made it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seewhy import ground_truth, maps
from seewhy.annotations.records import Annotated, Annotations
from seewhy.errors import OptionError, SeewhyWarning
from seewhy.explainer.explainer import Explainer
from seewhy.images.folders import read_in_batches
from seewhy.images.geometry import Geometry
from seewhy.images.listing import list_photos
from seewhy.images.photo import Photo
from seewhy.metrics import controls
from seewhy.metrics.localisation.boxes_and_masks import Corners
from seewhy.results.explanation import Explanation
from seewhy.targets.builders import top

CONTROLS = controls.NAMES
"""Maps that know nothing of the network."""


@dataclass(frozen=True)
class DrawnPhoto:
    """A photo with what was drawn on it, in its own pixels."""

    path: str
    photo: Photo
    drawn: Annotated | None

    def boxes_and_mask(
        self, drawn: Annotated | None = None
    ) -> tuple[Sequence[Corners], np.ndarray] | None:
        """Boxes, and a mask of the photo's size; None where nothing was drawn.

        drawn: a part of what was drawn; all of it if None. Raises OptionError where it was drawn
        on another picture.
        """
        part = self.drawn if drawn is None else drawn
        if not part:
            return None
        return part.boxes(*self.photo.size), part.mask(*self.photo.size)


def list_paths(photos: Any) -> list[str]:
    """The files that a user means by a file, a folder, or a list of them."""
    return list_photos(photos if isinstance(photos, list | tuple) else [photos])


def find_drawn(
    paths: Sequence[str], boxes: Any
) -> tuple[Annotations | None, list[Annotated | None]]:
    """What was drawn on each photo. boxes: a file or folder, Annotations, or None for nothing.

    Raises OptionError for boxes that cannot be read, or of none of the photos.
    """
    if boxes is None:
        return None, [None] * len(paths)
    annotations = boxes if isinstance(boxes, Annotations) else ground_truth.read(boxes)
    drawn = ground_truth.looked_up(annotations, paths)
    if all(part is None for part in drawn):
        raise ground_truth.nothing_about(annotations, paths)
    return annotations, drawn


def read_drawn_photos(
    pairs: Sequence[tuple[str, Annotated | None]], size: int, tell: Callable[[str], None]
) -> Iterator[list[DrawnPhoto]]:
    """Photos read batch by batch, each with what was drawn on it.

    pairs: paths, with what was drawn. tell: gets a line for each photo that cannot be read.
    """
    drawn = iter([part for _, part in pairs])
    for batch in read_in_batches([path for path, _ in pairs], size):
        photos = []
        for path, result in batch.results:
            part = next(drawn)
            if isinstance(result, Photo):
                photos.append(DrawnPhoto(path, result, part))
            else:
                tell(f"{path}: {result}")
        yield photos


def explain_quietly(explainer: Explainer, images: Sequence[Any], targets: Any) -> list[Explanation]:
    """Explanations whose warnings are not told, as empty maps and the like are measured."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        return list(explainer(images, targets)) if len(images) else []


def least_likely(explainer: Explainer, images: Sequence[Any]) -> list[Explanation]:
    """Explanations of the class that the model puts last; none where there is only one."""
    count = len(explainer.labels)
    return explain_quietly(explainer, images, top(count - 1)) if count > 1 else []


def control_heatmap(map: np.ndarray, geometry: Geometry) -> np.ndarray:
    """A control's map on a grid as a heatmap of the photo, float32 in 0..1, as a method's is."""
    return geometry.to_photo(maps.finish(map))


def control_heatmaps(
    image: np.ndarray, explanation: Explanation, seed: int
) -> dict[str, np.ndarray]:
    """The controls beside one explanation, by name: on the grid of its map, enlarged alike.

    image: (height, width, channels), whose edges are found.
    """
    grids = controls.control_maps(image, explanation.map.shape, seed)
    return {
        name: control_heatmap(grid, explanation.geometry)
        for name, grid in zip(CONTROLS, grids, strict=True)
    }


def check_list(name: str, values: Any) -> None:
    """Raises OptionError for what is no list with an entry."""
    if isinstance(values, str) or not len(values):
        raise OptionError(f"{name} is a list with at least one entry; got {values!r}.")
