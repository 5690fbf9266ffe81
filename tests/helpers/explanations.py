"""Explanations made by hand, without any model."""

from __future__ import annotations

import numpy as np

from seewhy.images.geometry import Geometry
from seewhy.images.photo import Photo
from seewhy.results.explanation import Explanation
from seewhy.results.prediction import Prediction
from seewhy.targets.labels import Label


def explanation(map, photo=None, geometry=None, **more):
    """Of a map and a photo (or Array), which by default has the map's own size."""
    map = np.asarray(map, "float32")
    if photo is None:
        photo = Photo(np.full((*map.shape, 3), 100, "uint8"), "image")
    return Explanation(
        map=map,
        photo=photo,
        geometry=geometry or Geometry.squash(photo.size, photo.size),
        predictions=(Prediction(1, None, "b", 0.75),),
        target=Label(1, None, "b"),
        score=1.5,
        layer="conv",
        method="grad_cam",
        options={},
        **more,
    )
