"""The result of explaining one image: a frozen record, and what people do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from PIL import Image

from seewhy import maps
from seewhy.errors import OptionError
from seewhy.images.arrays import Array
from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.maps import regions
from seewhy.maps.regions import Box
from seewhy.render import legends, pictures
from seewhy.render.looks import Blend, Drawing, Look, LookName, choose_look
from seewhy.render.notebooks.html import LARGEST, png_bytes, show_side_by_side
from seewhy.results import captions, class_at_pixel
from seewhy.results.class_at_pixel import ClassAtPixel
from seewhy.results.heat_on_photo import HeatOnPhoto
from seewhy.results.plain_values import plain_explanation
from seewhy.results.prediction import Prediction
from seewhy.results.records.make_record import make_record, records_text
from seewhy.results.records.record import Origin, Record
from seewhy.results.saving import explanation_arrays, save_result
from seewhy.targets.labels import Labels
from seewhy.targets.target import TargetLabel

if TYPE_CHECKING:
    from seewhy.results.trust import Trust


@dataclass(frozen=True, eq=False)  # arrays have no one answer
class Explanation:
    """Why a network decided as it did about one photo, signal, volume or video.

    Raises MapError from every picture of a map that has NaN or infinite values. Pickling leaves
    out what needs the model, so that `at` fails afterwards; copy.copy keeps it.
    """

    map: np.ndarray = field(repr=False)
    """float32, signed: the evidence on the layer's grid, before ReLU and scaling.

    (rows, cols) of a photo, (steps,) of a signal, (depth, rows, cols) of a volume or video.
    """
    photo: Photo | Array = field(repr=False)
    geometry: Geometry = field(repr=False)
    """How the photo's pixels lie in the network's input."""
    predictions: tuple[Prediction, ...]
    """The top classes, the most probable first."""
    target: TargetLabel
    """What the map speaks of: a class, a group of classes, or a question in words."""
    score: float
    """What was differentiated: the target's logit, log odds or probability."""
    layer: str
    method: str
    options: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()
    """What must be known to read the map, each as "name: text"."""
    versions: dict[str, str] = field(default_factory=dict, repr=False)
    probability: float | None = None
    """0..1, of the target's class, or of the group's classes together; None for others."""

    scale: float | None = None
    """The value of the map that is shown as full colour; None for the map's own largest.

    Set to the 99th percentile of its positive part where the map has a value for each pixel of
    the network's input: few outshine all others there.
    """
    upsampling: str = "linear"
    """How the map is enlarged to the photo: "linear", or "guided" along the photo's edges."""
    diagnostics: dict[str, Any] = field(default_factory=dict, repr=False)
    """Figures about how the map came to be, for JSON."""
    ask_all: Callable[[], np.ndarray] | None = field(default=None, repr=False, compare=False)
    """Gives the maps of all classes for this very image, float32 (classes, *grid)."""
    labels: Labels | None = field(default=None, repr=False, compare=False)
    """The classes that those maps are of."""
    ask_trust: Callable[[Explanation], Trust] | None = field(
        default=None, repr=False, compare=False
    )
    """Checks this very explanation."""
    ask_origin: Callable[[str], Origin] | None = field(default=None, repr=False, compare=False)
    """Tells what a record needs of the explainer, by the target's name."""

    @property
    def heatmap(self) -> np.ndarray:
        """float32, of the photo's size, in 0..1; 0 where the network saw nothing.

        The map without its negative part, divided by its largest value, or by `scale` and cut off
        at 1; then linearly enlarged along each axis, and if wished brought to the photo's edges.
        Raises OptionError for guided upsampling of what is no photo.
        """
        return self._on_photo.heatmap

    @property
    def map_on_input(self) -> np.ndarray:
        """The map over the whole input: of its own grid, or where that covers a part, enlarged."""
        return self.geometry.to_input(self.map) if self.geometry.extents else self.map

    def at(self, *point: int, top: int = 5) -> tuple[ClassAtPixel, ...]:
        """Which classes the network sees at one pixel: those with the largest maps there.

        point: x, y in pixels of the photo from the top left corner, from 0 on; the step of a
            signal; x, y, z of a volume or video, with z the slice or frame.
        Returns up to `top` classes, the largest value of the signed map at the pixel's centre
        first, of equal ones the lower index. The maps of all classes are made at the first call,
        with the weights that the model has then.
        Raises OptionError for a point that is not on the photo or that the network did not see,
        and where the model is no longer at hand; MapError if a map has NaN or infinite values.
        """
        pixel = class_at_pixel.checked_pixel(point, self.geometry)
        count = class_at_pixel.checked_count(top)
        return class_at_pixel.strongest_classes(
            self.class_maps, self.geometry, pixel, count, self.labels
        )

    def trust(self) -> Trust:
        """Whether the map is faithful to the model: checks with figures, and a verdict.

        Takes 39 forward passes, for methods of one; `Explainer.trust` checks many at once. Raises
        OptionError where the model is no longer at hand.
        """
        if self.ask_trust is None:
            raise OptionError(
                "the checks need the model, which is not at hand: this explanation was loaded, or "
                "made by hand. Explain the image again, then ask trust() of that."
            )
        return self.ask_trust(self)

    def mask(self, how: str = "max", value: float | None = None) -> np.ndarray:
        """The hot part of the heatmap, bool of the photo's size: where the evidence is.

        how: "max" keeps what reaches a fraction of the largest value (0.2 if no value is given);
            "otsu" what lies above Otsu's threshold; "area" the hottest share of all pixels (0.2).
        Of a heatmap of zeros it is empty. Raises OptionError for an unknown way or value.
        """
        return regions.mask(self.heatmap, how, value)

    def boxes(self, threshold: float = 0.2, max_boxes: int | None = None) -> tuple[Box, ...]:
        """Boxes in photo pixels around the connected regions of the heatmap's hot part.

        threshold: fraction of the heatmap's largest value, 0..1. max_boxes: None for all. The
        region with the most heat comes first; its `score` is its share of the heat of all.
        Raises OptionError for what is no photo, and for a wrong threshold or number.
        """
        return regions.boxes(self.heatmap, threshold, max_boxes)

    def colorize(
        self,
        colormap: str | None = None,
        *,
        look: LookName | Look | None = None,
        legend: bool = False,
        full_size: bool = False,
    ) -> Image.Image:
        """The heatmap in colours: of the size, or drawn as an array, as `overlay` has it."""
        chosen = choose_look(look, colormap=colormap)
        colours = self._on_photo.drawn(full_size).colours(chosen)
        return self._with_legend(colours, replace(chosen, alpha=1.0, blend="mix"), legend)

    def overlay(  # noqa: PLR0913  (all by name)
        self,
        *,
        look: LookName | Look | None = None,
        colormap: str | None = None,
        alpha: float | None = None,
        blend: Blend | None = None,
        cells: bool = False,
        legend: bool = False,
        full_size: bool = False,
    ) -> Image.Image:
        """The coloured heatmap over the photo, of the photo's size.

        look: "clear", the default: the more opaque the hotter, without edges between the
            cells; "tutorial": OpenCV's jet, 0.4 of it added, enlarged linearly, which is also
            taken where the colour map "jet" or the blend "add" or "mix" is said without a look.
        colormap: "jet" or a name that Matplotlib knows. alpha: 0..1. blend: "heat", "mix" or
            "add". They stand in place of the look's own; see `render.overlay`.
        cells: draws the edges of the grid's cells faintly. legend: says below the picture what it
            shows, and gives the colours of its scale. full_size: draws photos of over 4096 pixels
            a side whole, which are drawn smaller else.
        Parts of the photo that the network did not see are grey and hatched. Of a signal, the
        picture is its curve over the colours (never added); of a volume or video, up to nine of
        its slices. Raises OptionError for an unknown look, colour map or blend, or wrong alpha.
        """
        chosen = choose_look(look, colormap=colormap, alpha=alpha, blend=blend, cells=cells)
        return self._with_legend(self.picture(chosen, full_size=full_size), chosen, legend)

    def picture(self, look: Look, *, full_size: bool = False) -> np.ndarray:
        """The overlay without legend, uint8 (height, width, 3)."""
        return self._on_photo.drawn(full_size).overlay(look)

    def thumbnail(self, most: int = LARGEST, look: LookName | Look | None = None) -> Image.Image:
        """The overlay, drawn with at most so many pixels a side."""
        return Image.fromarray(self._on_photo.at_most(most).overlay(choose_look(look)))

    def save(self, path: str | Path, *, record: bool = True, **drawing: Unpack[Drawing]) -> Path:
        """Write the explanation in the format of the path's suffix; returns the path.

        .png, .jpg, .webp, .svg and .pdf: the overlay, drawn as `overlay` is told. .npy: the signed
        map. .npz: map, heatmap, and target, score, layer and method. .json: `as_dict`. Raises
        OptionError for another suffix. record: whether pictures, .npz and .json hold the
        `record`, with the photo's name.
        """
        return save_result(
            path,
            lambda: self.overlay(**drawing),
            lambda: explanation_arrays(self),
            lambda: self.as_dict(record=record),
            text=lambda: records_text([self.record]) if record else None,
        )

    def show(self, **drawing: Unpack[Drawing]) -> None:
        """Show the photo and the overlay side by side, in a window or a notebook."""
        plain = pictures.plain_picture(self.photo)
        show_side_by_side((plain, np.asarray(self.overlay(**drawing))), self.title)

    def explore(self) -> Any:
        """A widget for notebooks: point at the photo and see the classes there, click one for its
        map. Raises DependencyError without anywidget, OptionError as `at` does."""
        from seewhy.results.in_notebooks import explorer

        return explorer(self)

    @property
    def target_words(self) -> str:
        """The target as it is shown: a class with its probability, "tiger cat 21 %"."""
        return captions.target_words(self.target.name, self.probability)

    @property
    def title(self) -> str:
        """What the picture shows, in one line."""
        return f"{self.target_words} ({self.method} at {self.layer})"

    @property
    def caption(self) -> tuple[str, str]:
        """What the picture shows, in two lines: the target; method, layer and model."""
        # an empty map must not pass for a cold one
        empty = "" if (self.map > 0).any() else ": no evidence"
        model = self.options.get("model")
        return f"{self.target_words}{empty}", captions.how_words(self.method, self.layer, model)

    @cached_property
    def record(self) -> Record:
        """All that is needed to make it again, with the weights as they are when it is made."""
        return make_record(self, self.ask_origin and self.ask_origin(self.target.name))

    def as_dict(self, *, record: bool = True) -> dict[str, Any]:
        """The result as plain values for JSON, without pictures.

        record: whether `record` is among them."""
        return plain_explanation(self) | ({"record": self.record.as_dict()} if record else {})

    @cached_property
    def _on_photo(self) -> HeatOnPhoto:
        return HeatOnPhoto(self.map, self.photo, self.geometry, self.scale, self.upsampling)

    @cached_property
    def class_maps(self) -> np.ndarray:
        """Float32 (classes, *grid): the signed maps of all classes, as `at` reads them."""
        if self.ask_all is None:
            raise OptionError(
                "the maps of other classes need the model, which is not at hand: this explanation "
                "was loaded, or made by hand. Explain the image again, then ask at(…) of that."
            )
        grids = np.asarray(self.ask_all())
        maps.check_finite(grids)
        return grids

    def __getstate__(self) -> dict[str, Any]:
        # neither the model nor what can be computed again; labels serve the model's maps only
        kept = {each.name: self.__dict__[each.name] for each in fields(self)}
        return kept | dict.fromkeys(("ask_all", "ask_trust", "ask_origin", "labels"))

    def __copy__(self) -> Explanation:
        return replace(self)

    def _with_legend(self, picture: np.ndarray, look: Look, legend: bool) -> Image.Image:
        if not legend:
            return Image.fromarray(picture)
        strip = legends.legend(picture.shape[1], self.caption, look, reach=self._on_photo.reach)
        return legends.below(Image.fromarray(picture), strip)

    def _repr_png_(self) -> bytes:
        return png_bytes(self.overlay())

    def _repr_html_(self) -> str:
        from seewhy.results.in_notebooks import explanation_html

        return explanation_html(self)
