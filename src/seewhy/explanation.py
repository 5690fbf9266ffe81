"""The result of explaining one photo: a frozen record, and what people do with it."""

from __future__ import annotations

import html
import io
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy import maps, render
from seewhy.geometry import Geometry
from seewhy.images import Photo
from seewhy.labels import Group, Label
from seewhy.scores import About


@dataclass(frozen=True)
class Prediction:
    """One of the model's top classes for a photo."""

    index: int
    wnid: str | None
    """WordNet id; None where the classes have none."""
    name: str
    probability: float
    """0..1."""


@dataclass(frozen=True)
class Explanation:
    """Why a network decided as it did about one photo.

    Raises MapError from every picture of a map that has NaN or infinite values.
    """

    map: np.ndarray = field(repr=False)
    """float32 (rows, cols), signed: the evidence on the layer's grid, before ReLU and scaling."""
    photo: Photo = field(repr=False)
    geometry: Geometry = field(repr=False)
    """How the photo's pixels lie in the network's input."""
    predictions: tuple[Prediction, ...]
    """The top classes, the most probable first."""
    target: About
    """The class, or group of classes, that the map speaks of."""
    score: float
    """What was differentiated: the target's logit, log odds or probability."""
    layer: str
    method: str
    options: dict[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()
    """What must be known to read the map, each as "name: text"."""
    versions: dict[str, str] = field(default_factory=dict, repr=False)
    diagnostics: dict[str, Any] = field(default_factory=dict, repr=False)
    ask_all: Any = field(default=None, repr=False, compare=False)
    labels: Any = field(default=None, repr=False, compare=False)

    @cached_property
    def heatmap(self) -> np.ndarray:
        """float32 (height, width) in 0..1 on the photo's own pixels; 0 where the network saw none.

        The map without its negative part, divided by its largest value, bilinearly enlarged.
        """
        return self.geometry.to_photo(maps.finish(self.map))

    def colorize(self, colormap: str = "jet") -> Image.Image:
        """The heatmap in colours, of the photo's size."""
        return Image.fromarray(self._marked(render.paint(self.heatmap, colormap)))

    def overlay(
        self, *, colormap: str = "jet", alpha: float = 0.4, blend: str = "add"
    ) -> Image.Image:
        """The coloured heatmap over the photo, of the photo's size.

        blend: "add" puts alpha times the colour on top of the photo; "mix" also takes alpha
            from the photo. Parts of the photo that the network did not see are grey and hatched.
        """
        colours = render.paint(self.heatmap, colormap)
        picture = render.laid_over(self.photo.pixels, colours, alpha, blend)
        return Image.fromarray(self._marked(picture))

    def save(
        self, path: str | Path, *, colormap: str = "jet", alpha: float = 0.4, blend: str = "add"
    ) -> Path:
        """Write the overlay; the suffix (.jpg, .png, .webp) tells the format. Returns the path."""
        return render.save(self.overlay(colormap=colormap, alpha=alpha, blend=blend), path)

    def show(self) -> None:
        """Show the photo and the overlay side by side, in a window or a notebook."""
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(1, 2, figsize=(10, 5), layout="constrained")
        for axis, picture in zip(axes, (self.photo.pixels, self.overlay()), strict=True):
            axis.imshow(picture)
            axis.axis("off")
        figure.suptitle(self.title)
        pyplot.show()

    @property
    def title(self) -> str:
        """What the picture shows, in one line."""
        return f"{self.target.name} ({self.method} at {self.layer})"

    def as_dict(self) -> dict[str, Any]:
        """The result as plain values for JSON, without pictures."""
        return {
            "photo": self.photo.name,
            "predictions": [vars(prediction) for prediction in self.predictions],
            "target": _plain(self.target) | {"score": self.score},
            "layer": self.layer,
            "method": self.method,
            "grid": [[_finite(value) for value in row] for row in self.map.tolist()],
            "warnings": list(self.warnings),
            "options": self.options,
            "versions": self.versions,
        }

    def _marked(self, picture: np.ndarray) -> np.ndarray:
        if self.geometry.sees_all:
            return picture
        return render.mark_unseen(picture, self.geometry.seen)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.overlay().save(buffer, format="png")
        return buffer.getvalue()

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(p.name)}</td><td>{p.probability:.1%}</td></tr>"
            for p in self.predictions
        )
        notes = "".join(f"<p>⚠ {html.escape(note)}</p>" for note in self.warnings)
        picture = b64encode(self._repr_png_()).decode("ascii")
        return (
            f"<figure><img src='data:image/png;base64,{picture}' style='max-width:100%'>"
            f"<figcaption>{html.escape(self.title)}</figcaption></figure>"
            f"<table>{rows}</table>{notes}"
        )


def _plain(target: About) -> dict[str, Any]:
    if isinstance(target, Label):
        return {"index": target.index, "wnid": target.wnid, "name": target.name}
    plain: dict[str, Any] = {"index": None, "wnid": None, "name": target.name}
    if isinstance(target, Group):
        return plain | {"indices": list(target.indices)}
    return plain | {"classes": [_plain(one) for one in target.classes]}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None  # JSON has no NaN
