"""What the pytest fixture `evidence` gives: shares of evidence that say where they come from."""

from __future__ import annotations

import shutil
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from seewhy import render
from seewhy.annotations import masks
from seewhy.annotations.masks import box_around
from seewhy.errors import ImageNotFoundError, MapError, OptionError
from seewhy.explainer.explainer import Explainer
from seewhy.images.photo import Photo
from seewhy.metrics.localisation.box_overlap import box_iou
from seewhy.metrics.localisation.boxes_and_masks import as_masks
from seewhy.metrics.localisation.pointing import energy_inside, pointing_game
from seewhy.render.files import slug
from seewhy.render.regions_on_photos import rim
from seewhy.results.explanation import Explanation

if TYPE_CHECKING:
    from seewhy.results.trust import Trust


class Explainers:
    """Explainers by model and settings, so that tests share what is compiled."""

    def __init__(self) -> None:
        # models are held, so that none gets the identity of one that is gone
        self._known: dict[Hashable, tuple[Any, Explainer]] = {}

    def of(self, model: Any, settings: dict[str, Any]) -> Explainer:
        if isinstance(model, Explainer):
            return model.having(**settings) if settings else model
        identity = model if isinstance(model, str) else id(model)
        key = (identity, repr(sorted(settings.items(), key=lambda pair: pair[0])))
        if key not in self._known:
            self._known[key] = (model, Explainer(model, **settings))
        return self._known[key][1]


class Guard:
    """The fixture's value: explains images, and keeps the overlays of one test."""

    def __init__(self, explainers: Explainers, folder: Path) -> None:
        self._explainers, self._folder = explainers, folder
        self.files: list[Path] = []

    def __call__(
        self, model: Any, image: Any, target: Any = "top", **settings: Any
    ) -> SeenEvidence:
        """Explain one image; the arguments are those of `Explainer` and its call.

        Raises MapError where nothing speaks for the target, or the map is not finite.
        """
        explainer = self._explainers.of(model, settings)
        sample = tuple(image) if isinstance(image, list) else image
        explanation = explainer([sample], target)[0]
        if not isinstance(explanation.photo, Photo):
            raise OptionError("evidence is measured on photos; this input is none.")
        if not explanation.heatmap.any():
            notes = " ".join(explanation.warnings) or "the map is zero everywhere."
            raise MapError(
                f"no share of the evidence can be told: at {explanation.layer} nothing speaks for "
                f"{explanation.target.name!r} in {explanation.photo.name!r}: {notes}"
            )
        name = f"{slug(Path(explanation.photo.name).stem)}_{slug(explanation.target.name)}"
        path = self._folder / f"seewhy-{len(self.files) + 1}-{name}.png"
        self.files.append(path)
        explanation.save(path)
        return SeenEvidence(explanation, path)

    def keep(self, folder: Path) -> None:
        """Copy the overlays into a folder."""
        for file in self.files:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder)

    def forget(self) -> None:
        """Remove the overlays: the test passed."""
        for file in self.files:
            file.unlink(missing_ok=True)
        self.files.clear()


class Share(float):
    """A number that tells where it comes from, as pytest shows it when an assertion fails."""

    origin: str

    def __new__(cls, value: float, origin: str) -> Share:
        share = super().__new__(cls, value)
        share.origin = origin
        return share

    def __repr__(self) -> str:
        return f"{float(self):.3f} ({self.origin})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Share, (float(self), self.origin)


@dataclass(frozen=True)
class SeenEvidence:
    """What a model looks at in one image.

    A mask is bool of the photo's size, a picture's path (true where it is not 0), or a list of
    boxes (left, top, right, bottom). Raises OptionError for masks that are empty or do not fit.
    """

    explanation: Explanation
    file: Path
    """The overlay; the outline of what was asked last is drawn on it."""

    def inside(self, mask: Any) -> Share:
        """The share of the evidence that lies inside of a mask, 0..1."""
        where = self._mask(mask)
        value = energy_inside(self.explanation.heatmap[None], where[None])[0]
        return self._share(value, "of the evidence", where)

    def points_at(self, mask: Any, tolerance: float = 15) -> bool:
        """Whether the hottest pixel hits a mask, or misses it by less than so many pixels."""
        where = self._mask(mask)
        hit = pointing_game(self.explanation.heatmap[None], where[None], tolerance=tolerance)[0]
        self._draw(where)
        return bool(hit)

    def iou(self, mask: Any, threshold: float = 0.15) -> Share:
        """How well the box around the largest hot region fits the box around a mask, 0..1.

        threshold: fraction of the heatmap's largest value.
        """
        where = self._mask(mask)
        value = box_iou(self.explanation.heatmap[None], [[box_around(where)]], threshold=threshold)[
            0
        ]
        return self._share(value, "overlap of boxes", where)

    def trust(self) -> Trust:
        """Whether the map is faithful to the model; see `Explanation.trust`."""
        return self.explanation.trust()

    def __repr__(self) -> str:
        return f"evidence ({self._told('')})"

    def _share(self, value: float, what: str, where: np.ndarray) -> Share:
        self._draw(where)
        return Share(float(value), self._told(f"{what} for "))

    def _told(self, what: str) -> str:
        explanation = self.explanation
        best = explanation.predictions[0] if explanation.predictions else None
        predicted = f", predicted: {best.name} {best.probability:.0%}" if best else ""
        return (
            f"{what}{explanation.target.name!r} in {explanation.photo.name}{predicted}; "
            f"{explanation.method} at {explanation.layer}; overlay: {self.file}"
        )

    def _mask(self, mask: Any) -> np.ndarray:
        shape = self.explanation.heatmap.shape
        if isinstance(mask, str | Path):
            if not Path(mask).is_file():
                raise ImageNotFoundError(f"there is no mask {str(mask)!r}: check the path.")
            where = masks.mask_of_file(Path(mask))
        elif isinstance(mask, np.ndarray) and (mask.dtype == bool or mask.shape == shape):
            if mask.dtype != bool:
                raise OptionError(
                    f"a mask is bool, true on the thing; got {mask.dtype}. Give mask > 0."
                )
            where = mask
        else:
            several = [mask] if np.ndim(mask) == 1 else list(mask)
            where = as_masks([several], (1, *shape))[0]
        if where.shape != shape:
            raise OptionError(f"a mask has the photo's size {shape}; got {where.shape}.")
        if not where.any():
            raise OptionError("the mask is empty: no evidence can lie inside of it.")
        return where

    def _draw(self, where: np.ndarray) -> None:
        picture = np.array(self.explanation.overlay())
        picture[rim(where)] = 255
        render.save(Image.fromarray(picture), self.file)
