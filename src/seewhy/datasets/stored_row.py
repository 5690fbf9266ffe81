"""One row of a store: what was found of one photo and question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seewhy import images
from seewhy.datasets.sources.photo_of import photo_of
from seewhy.errors import ImageError, MapError
from seewhy.images.geometry import Extent, Geometry
from seewhy.images.photo import Photo
from seewhy.maps.scaling import full_colour
from seewhy.results.explanation import Explanation
from seewhy.results.prediction import Prediction
from seewhy.results.records.origin_of_run import origin_of_run
from seewhy.results.records.record import Origin
from seewhy.targets.labels import Label
from seewhy.targets.target import TargetText


@dataclass(frozen=True, eq=False)
class StoredRow:
    """What was found of one photo and question; docs/store.md describes the fields.

    All but the first six are None where the photo could not be read.
    """

    row: int
    id: str
    source: str
    label: str | None
    label_index: int | None
    question: str
    error: str | None
    width: int | None
    height: int | None
    photo_sha256: str | None
    """Of all bytes of the photo's file; None in stores of earlier versions, too."""
    target: str | None
    target_index: int | None
    score: float | None
    top: tuple[Prediction, ...] | None
    scale: float | None
    warnings: tuple[str, ...] | None
    hottest_row: int | None
    hottest_col: int | None
    positive_share: float | None
    border_share: float | None
    center_row: float | None
    center_col: float | None
    entropy: float | None
    map: np.ndarray | None = field(repr=False)
    """float32 (rows, cols), signed: the evidence on the layer's grid."""
    manifest: Mapping[str, Any] = field(repr=False, compare=False)
    """What the store was made with."""

    @property
    def predicted(self) -> str | None:
        """The top class; None where the model has none."""
        return self.top[0].name if self.top else None

    @property
    def right(self) -> bool | None:
        """Whether the top class is the true one; None where either is not known."""
        if not self.top or self.label_index is None:
            return None
        return self.top[0].index == self.label_index

    @property
    def geometry(self) -> Geometry:
        """Where the map lies on the photo. Raises MapError for a row without a map."""
        if self.height is None or self.width is None:
            raise MapError(f"there is no map of {self.source!r}, which could not be read.")
        about, size = self.manifest, (self.height, self.width)
        input = about["input"]
        if input is None:  # the model takes photos as they are
            return Geometry.identity(size)
        fit = getattr(Geometry, about["options"]["fit"])
        geometry: Geometry = fit(size, tuple(input))
        extents = tuple(Extent(*each) for each in about["extents"])
        return Geometry(geometry.photo, geometry.input, geometry.scale, geometry.offset, extents)

    @property
    def origin(self) -> Origin:
        """What the store knows of the row beyond what it tells itself, for records."""
        return origin_of_run(self.manifest, self.question)

    def explanation(self, photo: Any = None) -> Explanation:
        """The explanation, to be drawn over the photo again; the model is not needed.

        photo: what `images.load` takes; None reads the photo from where it was. Its map is exact to
        1/1000 of its largest value. What needs the model (`at`, `trust`) raises OptionError.
        Raises ImageError for a photo that cannot be read or has another size, MapError for a row
        without a map.
        """
        if self.map is None:
            raise MapError(f"there is no map of {self.source!r}, which could not be read.")
        shown = photo_of(self.source) if photo is None else images.load(photo)
        if shown.size != (self.height, self.width):
            raise ImageError(
                f"the map is of a photo of {self.width} × {self.height} pixels, and "
                f"{shown.name!r} has {shown.size[1]} × {shown.size[0]}: give the photo itself."
            )
        return self._explanation(shown, self.map)

    def _explanation(self, photo: Photo, map: np.ndarray) -> Explanation:
        about, geometry = self.manifest, self.geometry
        options = about["options"]
        told = {name: options[name] for name in ("scores", "size", "fit")}
        return Explanation(
            map=map,
            photo=photo,
            geometry=geometry,
            predictions=self.top or (),
            target=self._target(),
            score=float(self.score or 0),
            layer=about["layer"],
            method=about["method"],
            options={"model": about["model"]["name"], **told},
            warnings=tuple(f"{code}: see docs/store.md." for code in self.warnings or ()),
            versions=about["versions"],
            probability=self._probability(),
            scale=full_colour(map, geometry.input),
            upsampling=options["upsampling"],
            ask_origin=lambda _: self.origin,
        )

    def _target(self) -> Label | TargetText:
        if self.target_index is None:
            return TargetText(self.target or self.question)
        wnid, name = self.manifest["classes"][self.target_index]
        return Label(self.target_index, wnid, name)

    def _probability(self) -> float | None:
        shares = [one.probability for one in self.top or () if one.index == self.target_index]
        return shares[0] if shares else None
