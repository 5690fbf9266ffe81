"""A map, and what it is drawn on: the heatmap of the photo's size, and its pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from seewhy import maps
from seewhy.errors import OptionError
from seewhy.images.arrays import Array
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.maps.guided_filter import guided
from seewhy.render import drawn_size, pictures
from seewhy.render.looks import Look


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class HeatOnPhoto:
    """One map over one photo, signal, volume or video; `Explanation` describes the fields."""

    map: np.ndarray
    photo: Photo | Array
    geometry: Geometry
    scale: float | None
    upsampling: str

    @cached_property
    def heatmap(self) -> np.ndarray:
        """As `Explanation.heatmap`."""
        heat = self.geometry.to_photo(self._finished)
        if self.upsampling == "linear":
            return heat
        if not isinstance(self.photo, Photo):
            raise OptionError("guided upsampling follows the edges of a photo: take 'linear'.")
        cells = zip(self.geometry.photo, self.map.shape, strict=True)
        radius = tuple(max(1, round(side / count)) for side, count in cells)
        followed = guided(heat, self.photo.pixels, radius)
        return np.where(self.geometry.seen, followed, 0).astype("float32")

    @property
    def reach(self) -> float:
        """0..1: how far the map reaches on its scale; 0 without evidence."""
        return float(self._finished.max())

    def drawn(self, full_size: bool) -> HeatOnPhoto:
        """The same over the photo of the size at which it is drawn."""
        return self if full_size or drawn_size.is_drawn_whole(self.photo) else self._smaller

    def at_most(self, most: int) -> HeatOnPhoto:
        """The same over the photo shrunk to so many pixels a side, where it has more."""
        if not isinstance(self.photo, Photo) or max(self.photo.size) <= most:
            return self
        photo, geometry = drawn_size.smaller(self.photo, self.geometry, most)
        return replace(self, photo=photo, geometry=geometry)

    def overlay(self, look: Look) -> np.ndarray:
        """Uint8 (height, width, 3)."""
        picture = pictures.overlay_picture(self.photo, self._heat(look), self.geometry, look)
        if look.cells and isinstance(self.photo, Photo):
            return pictures.with_cells(picture, self.geometry, self.map.shape)
        return picture

    def colours(self, look: Look) -> np.ndarray:
        """The heatmap alone, uint8 (height, width, 3)."""
        return pictures.heatmap_picture(self._heat(look), self.geometry, look.colormap)

    def _heat(self, look: Look) -> np.ndarray:
        """The heatmap as a look enlarges it."""
        if look.enlarge == "linear" or self.upsampling != "linear":
            return self.heatmap
        return self.geometry.to_photo(self._finished, look.enlarge)

    @cached_property
    def _smaller(self) -> HeatOnPhoto:
        photo, geometry = drawn_size.smaller(self.photo, self.geometry)
        return replace(self, photo=photo, geometry=geometry)

    @property
    def _finished(self) -> np.ndarray:
        return maps.finish(self.map, self.scale)
